import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cacheName, outdated, servedFor, versionOf } from './shell.ts';

const SCOPE = 'https://cloud.example/resident/';
const SHELL = { app: 'resident', version: '0a', files: ['assets/index-1.js', 'icon-192.png'] };

const asked = (path: string, of: { method?: string; isPage?: boolean } = {}) =>
  servedFor(SHELL, SCOPE, {
    method: 'GET',
    isPage: false,
    url: new URL(path, 'https://cloud.example').href,
    ...of,
  });

test('the worker serves its own page and parts', () => {
  assert.deepEqual(asked('/resident/', { isPage: true }), { serve: 'page' });
  assert.deepEqual(asked('/resident/#token=secret', { isPage: true }), { serve: 'page' });
  assert.deepEqual(asked('/resident/anything?x=1.5', { isPage: true }), { serve: 'page' });
  assert.deepEqual(asked('/resident/assets/index-1.js'), { serve: 'part', file: 'assets/index-1.js' });
});

test('it keeps out of the interface, of other apps, of changes, and of what it does not hold', () => {
  const pages = { isPage: true };
  for (const path of ['/api/resident/me', '/api/resident/parcels?part=here', '/courier/', '/', '/residents/'])
    for (const way of [{}, pages]) assert.deepEqual(asked(path, way), { serve: 'nothing' }, path);
  for (const path of ['/resident/sw.js', '/resident/assets/index-2.js', '/resident/assets/index-1.js?x'])
    assert.deepEqual(asked(path, pages), { serve: 'nothing' }, path);
  assert.deepEqual(asked('/resident/', { method: 'POST', isPage: true }), { serve: 'nothing' });
  assert.deepEqual(asked('/resident/', {}), { serve: 'nothing' }, 'asked by a script');
  const foreign = { method: 'GET', isPage: true, url: 'https://evil.example/resident/' };
  assert.deepEqual(servedFor(SHELL, SCOPE, foreign), { serve: 'nothing' });
});

test('a new build drops the caches of its own app only', () => {
  const names = [
    'shell/resident/00',
    'shell/resident/0a',
    'shell/courier/00',
    'shell/resident-2/00',
    'other',
  ];
  assert.deepEqual(outdated(SHELL, names), ['shell/resident/00']);
  assert.equal(cacheName(SHELL), 'shell/resident/0a');
});

test('a version follows names and bytes, and no order', async () => {
  const file = (name: string, text: string) => ({ name, bytes: new TextEncoder().encode(text) });
  const [a, b] = [file('a', '1'), file('b', '2')];
  const version = await versionOf([a, b]);
  assert.match(version, /^[0-9a-f]{20}$/);
  assert.equal(await versionOf([b, a]), version);
  for (const other of [[a], [file('a', '2'), b], [file('a2', '1'), b], [file('a', '1b'), file('', '2')]])
    assert.notEqual(await versionOf(other), version);
});

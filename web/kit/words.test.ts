import assert from 'node:assert/strict';
import { test } from 'node:test';
import { translator } from './words.ts';

const t = translator({
  plain: 'Ready',
  door: 'Door {n} is {state}',
  left: { one: '{count} try left', other: '{count} tries left' },
});

test('fills in names', () => {
  assert.equal(t('plain'), 'Ready');
  assert.equal(t('door', { n: 7, state: 'open' }), 'Door 7 is open');
});

test('chooses the plural by count', () => {
  assert.equal(t('left', { count: 1 }), '1 try left');
  assert.equal(t('left', { count: 2 }), '2 tries left');
});

test('never puts a value where another value brought a name', () => {
  assert.equal(t('door', { n: '{state}', state: 'shut' }), 'Door {state} is shut');
});

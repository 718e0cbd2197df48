import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiProblem } from '../api.ts';
import { onceKeys } from './once.ts';

function counted() {
  let drawn = 0;
  return onceKeys(() => `key-${++drawn}`);
}

const ADD = { path: '/people', body: '{"name":"Ada"}' };
const said = (status: number, code: string) => new ApiProblem({ status, code, detail: '' });

test('a post that was never answered keeps its key; one that was answered gives it up', async () => {
  const keys = counted();
  const sent: string[] = [];
  const post = (outcome: Error | null, act = ADD) =>
    keys
      .send(act, async (key) => {
        sent.push(key);
        if (outcome) throw outcome;
      })
      .catch((error: unknown) => assert.equal(error, outcome));
  await post(said(0, 'network'));
  await post(said(503, 'unavailable'));
  await post(said(409, 'idempotency-busy'));
  await post(null);
  await post(null);
  await post(said(409, 'conflict'));
  await post(null);
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-1', 'key-1', 'key-2', 'key-3', 'key-4']);
});

test('two clicks at once are one act; another body is another', async () => {
  const keys = counted();
  const sent: string[] = [];
  const post = (body: string) =>
    keys.send({ path: '/people', body }, async (key) => {
      sent.push(key);
      await Promise.resolve();
    });
  await Promise.all([post('a'), post('a'), post('b')]);
  assert.deepEqual(sent, ['key-1', 'key-1', 'key-2']);
});

test('what is unsettled is forgotten with the session, and is never much', async () => {
  const keys = counted();
  const sent: string[] = [];
  const lost = (body: string) =>
    keys
      .send({ path: '/p', body }, async (key) => {
        sent.push(key);
        throw said(0, 'network');
      })
      .catch(() => undefined);
  await lost('first');
  keys.forget();
  await lost('first');
  for (let n = 0; n < 8; n++) await lost(`other ${n}`);
  await lost('first');
  assert.deepEqual([sent[0], sent[1], sent.at(-1)], ['key-1', 'key-2', 'key-11']);
});

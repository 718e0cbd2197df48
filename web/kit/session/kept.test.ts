import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptIn, type Rules } from './kept.ts';
import type { Vault } from './vault.ts';

const HOUR_MS = 3_600_000;
const NOON = 1_790_000_000_000;

function memory(text?: string) {
  const held = { text, writes: 0 };
  const vault: Vault = {
    read: async () => held.text,
    async write(next) {
      held.text = next;
      held.writes += 1;
    },
    async clear() {
      held.text = undefined;
    },
  };
  return { held, vault };
}

const rules: Rules = {
  lifeMs: 12 * HOUR_MS,
  what: { me: ({ name }: { name: string }) => ({ name }), list: (rows: unknown) => rows },
};
const opened = (vault: Vault, { build = 'a', now = NOON } = {}) =>
  keptIn({ vault, rules, build, nowMs: () => now });
const dataIn = async (kept: ReturnType<typeof opened>) =>
  Object.fromEntries([...(await kept.recall())].map(([question, { data }]) => [question, data]));

async function noted() {
  const { held, vault } = memory();
  const kept = opened(vault);
  await kept.recall();
  kept.note('me', { atMs: NOON, data: { name: 'Ada', email: 'ada@example.org' } });
  kept.note('list', { atMs: NOON, data: [1] });
  kept.note('history', { atMs: NOON, data: ['never'] });
  await opened(vault).recall();
  return { held, vault, kept };
}

test('what the rules name is kept, and of that only what they choose', async () => {
  const { held, vault } = await noted();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Ada' }, list: [1] });
  assert.doesNotMatch(held.text ?? '', /example\.org|never/);
  assert.equal((await opened(vault).recall()).get('me')?.atMs, NOON, 'with the moment at which it was true');
});

test('it ends of itself: with the life of a session, with another build, and when the clock was turned back', async () => {
  const { vault } = await noted();
  assert.deepEqual(await dataIn(opened(vault, { now: NOON + 12 * HOUR_MS - 1 })), {
    me: { name: 'Ada' },
    list: [1],
  });
  assert.deepEqual(await dataIn(opened(vault, { now: NOON + 12 * HOUR_MS })), {});
  assert.deepEqual(await dataIn(opened(vault, { now: NOON - HOUR_MS })), {});
  assert.deepEqual(await dataIn(opened(vault, { build: 'b' })), {});
});

test('signing out forgets, and an answer that comes after it is not noted', async () => {
  const { held, vault, kept } = await noted();
  await kept.forget();
  kept.note('me', { atMs: NOON, data: { name: 'Ada' } });
  await kept.recall();
  assert.equal(held.text, undefined);
  assert.deepEqual(await dataIn(kept), {});
  await kept.begin();
  kept.note('me', { atMs: NOON, data: { name: 'Bea' } });
  await kept.recall();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Bea' } });
});

test('who signs in finds nothing of the one before', async () => {
  const { vault, kept } = await noted();
  await kept.begin();
  assert.deepEqual(await dataIn(opened(vault)), {});
});

test('without a store, with a broken one, and with what cannot be read, nothing is known and nothing breaks', async () => {
  const refused: Vault = {
    read: () => Promise.reject(new Error('no store')),
    write: () => Promise.reject(new Error('no store')),
    clear: () => Promise.reject(new Error('no store')),
  };
  const kept = opened(refused);
  kept.note('me', { atMs: NOON, data: { name: 'Ada' } });
  await kept.forget();
  assert.deepEqual(await dataIn(kept), {});
  for (const text of ['', '{', 'null', '7', '{"v":2}', '{"v":1,"build":"a"}'])
    assert.deepEqual(await dataIn(opened(memory(text).vault)), {}, text);
});

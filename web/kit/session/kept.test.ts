import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptIn, type Rules } from './kept.ts';
import type { Vault } from './vault.ts';

const HOUR_MS = 3_600_000;
const NOON = 1_790_000_000_000;

function memory(text?: string, session = 'ada') {
  const held = { kept: text === undefined ? undefined : { text, session } };
  const vault: Vault = {
    read: async () => held.kept,
    async begin(text, session) {
      if (held.kept?.session === session) return false;
      held.kept = { text, session };
      return true;
    },
    async write(text, session) {
      if (held.kept?.session !== session) return false;
      held.kept = { text, session };
      return true;
    },
    async clear() {
      held.kept = undefined;
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

/** What is written in turn is written. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

async function noted() {
  const { held, vault } = memory();
  const kept = opened(vault);
  await kept.recall();
  kept.open('ada');
  kept.note('me', { atMs: NOON, data: { name: 'Ada', email: 'ada@example.org' } });
  kept.note('list', { atMs: NOON, data: [1] });
  kept.note('history', { atMs: NOON, data: ['never'] });
  await settled();
  return { held, vault, kept };
}

test('what the rules name is kept, and of that only what they choose', async () => {
  const { held, vault } = await noted();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Ada' }, list: [1] });
  assert.doesNotMatch(held.kept?.text ?? '', /example\.org|never/);
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
  await settled();
  assert.equal(held.kept === undefined, true);
  assert.deepEqual(await dataIn(kept), {});
  kept.open('bea');
  kept.note('me', { atMs: NOON, data: { name: 'Bea' } });
  await settled();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Bea' } });
  assert.equal(held.kept?.session, 'bea');
});

test('nothing is written before the server has said whose session it is, and then all that it answered', async () => {
  const { held, vault } = memory();
  const kept = opened(vault);
  kept.note('list', { atMs: NOON, data: [1] });
  await settled();
  assert.equal(held.kept, undefined);
  assert.equal(kept.open('ada'), true);
  await settled();
  assert.deepEqual(await dataIn(opened(vault)), { list: [1] });
});

test('what another session left is dropped as soon as the server names this one, and the page is told', async () => {
  const { held, vault } = await noted();
  const kept = opened(vault);
  assert.equal(Object.keys(await dataIn(kept)).length, 2, 'no server has said anything yet');
  assert.equal(kept.open('bea'), false);
  await settled();
  assert.deepEqual(await dataIn(kept), {});
  assert.deepEqual(await dataIn(opened(vault)), {});
  assert.equal(held.kept?.session, 'bea');
  const again = opened(vault);
  await again.recall();
  assert.equal(again.open('bea'), true);
});

test('a page that goes on as the one before writes nothing into what is of another by now', async () => {
  const { held, vault, kept } = await noted();
  const beside = opened(vault);
  await beside.forget();
  beside.open('bea');
  beside.note('me', { atMs: NOON, data: { name: 'Bea' } });
  await settled();
  kept.note('list', { atMs: NOON, data: [2] });
  await settled();
  assert.equal(held.kept?.session, 'bea');
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Bea' } });
  assert.deepEqual(await dataIn(kept), {}, 'and holds nothing to show');
});

test('a page beside it that hears of the end leaves the vault to whoever has it', async () => {
  const { held, vault, kept } = await noted();
  kept.close();
  kept.note('me', { atMs: NOON, data: { name: 'Ada' } });
  await settled();
  assert.deepEqual(await dataIn(kept), {});
  assert.equal(held.kept?.session, 'ada');
  kept.open('ada');
  await settled();
  assert.equal(Object.keys(await dataIn(kept)).length, 2, 'in the same session it knows again');
  assert.equal(Object.keys(await dataIn(opened(vault))).length, 2);
});

test('two pages that begin one session at once lose nothing of what either was answered', async () => {
  const { vault } = memory('of the one before', 'eve');
  // The second page still saw the one before, as it was opened and as it began: it begins in vain.
  let seen = 0;
  const slow: Vault = {
    ...vault,
    read: async () => (++seen <= 2 ? { text: '', session: 'eve' } : vault.read()),
  };
  const [first, second] = [opened(vault), opened(slow)];
  first.note('me', { atMs: NOON, data: { name: 'Ada' } });
  first.note('list', { atMs: NOON, data: [1] });
  first.open('ada');
  await settled();
  second.open('ada');
  await settled();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Ada' }, list: [1] });
  second.note('me', { atMs: NOON, data: { name: 'Ada A.' } });
  await settled();
  assert.deepEqual(await dataIn(opened(vault)), { me: { name: 'Ada A.' }, list: [1] });
});

test('without a store, with a broken one, and with what cannot be read, nothing is known and nothing breaks', async () => {
  const refused: Vault = {
    read: () => Promise.reject(new Error('no store')),
    begin: () => Promise.reject(new Error('no store')),
    write: () => Promise.reject(new Error('no store')),
    clear: () => Promise.reject(new Error('no store')),
  };
  const kept = opened(refused);
  kept.open('ada');
  kept.note('me', { atMs: NOON, data: { name: 'Ada' } });
  await kept.forget();
  assert.deepEqual(await dataIn(kept), {});
  for (const text of ['', '{', 'null', '7', '{"v":2}', '{"v":1,"build":"a"}'])
    assert.deepEqual(await dataIn(opened(memory(text).vault)), {}, text);
});

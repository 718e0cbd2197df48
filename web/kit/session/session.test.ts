/**
 * What a session leaves behind, without a browser: nothing of the person before outlives a sign-in or a sign-out, in
 * this page or in one beside it. `test/browser/phone-sessions.test.ts` and `admin-session.test.ts` look at the screens.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keptIn } from './kept.ts';
import type { Phone } from './phone.ts';
import { sessionOf } from './session.ts';
import type { Vault } from './vault.ts';
import { NAMED } from './whose.ts';

const listeners = new Map<string, (event: object) => void>();
const stored = new Map<string, string>();
const page = {
  addEventListener: (kind: string, run: (event: object) => void) => listeners.set(kind, run),
  // No beat comes by itself.
  setInterval: () => 0,
  setTimeout: () => 0,
  localStorage: {
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  },
};
Object.assign(globalThis, { window: page });
const hear = (newValue: string) => listeners.get('storage')?.({ key: 'holdfast/resident/word', newValue });

type Answering = (path: string, headers: Headers) => Response | Promise<Response>;
let answering: Answering = () => new Response(null, { status: 204 });

function opened() {
  const vault: Vault = {
    read: async () => undefined,
    begin: async () => true,
    write: async () => true,
    clear: async () => undefined,
  };
  const what = { me: (me: unknown) => me, list: (rows: unknown) => rows };
  let isLeaving = false;
  const phone: Phone = {
    kept: keptIn({ vault, rules: { lifeMs: 1e9, what }, build: 'a', nowMs: () => 1000 }),
    leaving: {
      isSet: () => isLeaving,
      set: () => {
        isLeaving = true;
      },
      unset: () => {
        isLeaving = false;
      },
    },
    watch: () => undefined,
  };
  const session = sessionOf<{ name: string }>('resident', phone);
  const { client } = session;
  const known = async () => ({
    me: client.getQueryData(['me']),
    list: client.getQueryData(['list']),
    kept: [...(await phone.kept.recall()).keys()],
  });
  return { session, phone, client, known };
}

/** A page of Ada's, which has asked and been answered. */
async function adas(t: { mock: typeof import('node:test').mock }) {
  t.mock.method(globalThis, 'fetch', async (path: string, init: RequestInit) =>
    answering(path, new Headers(init.headers)),
  );
  const all = opened();
  answering = () => Response.json({ name: 'Ada' }, { headers: { [NAMED]: 'ada' } });
  await all.session.api.get('/api/resident/me');
  all.phone.kept.open('ada');
  for (const [question, data] of [
    ['me', { name: 'Ada' }],
    ['list', [1]],
  ] as const) {
    all.client.setQueryData([question], data);
    all.phone.kept.note(question, { atMs: 1000, data });
  }
  assert.deepEqual(await all.known(), { me: { name: 'Ada' }, list: [1], kept: ['me', 'list'] });
  return all;
}

const NOTHING = { me: undefined, list: undefined, kept: [] };

test('whoever signs in here finds nothing of the one before, and asks in no session until one was named', async (t) => {
  const { session, known } = await adas(t);
  const sent: (string | null)[] = [];
  answering = (_path, headers) => {
    sent.push(headers.get(NAMED));
    return new Response(null, { status: 204 });
  };
  await session.signIn({ token: 'x' });
  assert.deepEqual(await known(), NOTHING);
  await session.api.get('/api/resident/me');
  assert.deepEqual(sent, [null, null]);
});

test('a page that hears of a sign-in beside it drops everything and asks anew; of a sign-out, it shows nobody', async (t) => {
  const beside = await adas(t);
  hear('signed-in');
  assert.deepEqual(await beside.known(), NOTHING);
  const left = await adas(t);
  hear('signed-out');
  assert.deepEqual(await left.known(), { ...NOTHING, me: null });
});

test('a page that has not heard is refused, and drops everything as well', async (t) => {
  const { session, client, known } = await adas(t);
  const refusal = { code: 'not-signed-in', reason: 'session-another', detail: '', retry: false };
  let named: string | null = null;
  answering = (_path, headers) => {
    named = headers.get(NAMED);
    return Response.json(refusal, { status: 401 });
  };
  const asked = client.fetchQuery({
    queryKey: ['doors'],
    queryFn: () => session.api.get('/api/resident/doors'),
  });
  await assert.rejects(asked);
  assert.equal(named, 'ada');
  assert.deepEqual(await known(), NOTHING);
});

test('what was asked before somebody else signed in is answered to nobody', async (t) => {
  const { session } = await adas(t);
  let answer = (_: Response): void => undefined;
  answering = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const asked = session.api.get('/api/resident/parcels');
  hear('signed-in');
  answer(Response.json([1], { headers: { [NAMED]: 'ada' } }));
  await assert.rejects(asked, { code: 'abandoned' });
});

test('who signs out is gone from the screen at once, whatever the line does; then the server is told', async (t) => {
  const { session, phone, known } = await adas(t);
  let isTold = false;
  let tell = (): void => undefined;
  answering = (path) => {
    isTold = path.endsWith('/sign-out');
    return new Promise((resolve) => {
      tell = () => resolve(new Response(null, { status: 204 }));
    });
  };
  void session.signOut();
  assert.deepEqual(await known(), { ...NOTHING, me: null });
  assert.equal(phone.leaving.isSet(), true);
  assert.equal(isTold, true);
  tell();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(phone.leaving.isSet(), false);
});

test('a sign-out that is still owed is not told while somebody signs in: its answer would take their cookie', async (t) => {
  const { session, phone } = await adas(t);
  const told: string[] = [];
  let letIn = (): void => undefined;
  answering = (path) => {
    told.push(path);
    return new Promise((resolve) => {
      letIn = () => resolve(new Response(null, { status: 204 }));
    });
  };
  phone.leaving.set();
  const entering = session.signIn({ token: 'x' });
  await new Promise((resolve) => setTimeout(resolve, 5));
  listeners.get('online')?.({});
  assert.deepEqual(told, ['/api/resident/sign-in']);
  letIn();
  await entering;
  assert.equal(phone.leaving.isSet(), false, 'the server has ended the session of before');
  listeners.get('online')?.({});
  assert.equal(told.length, 1);
});

/** Signing in, against a real database: what is let in, once; what is refused, and how alike refusals are. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { sql } from 'kysely';
import { totpCode, totpStep } from '../../crypto/password.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import { notices } from '../notices/notices.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addAdmin, signInAdmin } from './admins.ts';
import { askForLink, enterByLink } from './links.ts';
import { authenticate, endAllOf, LIVES, leftOf, signOut, sweep } from './sessions.ts';
import { signin } from './signin.ts';
import { spendStep } from './store.ts';

const password = 'a long and quiet river';
const email = 'Maria.Keller@example.org';
const totpSecret = new Uint8Array(20).fill(7);
const MINUTE_MS = 60_000;
/** A timer may fire this much before its time. */
const EARLY_MS = 5;

let stand: Stand;
let admin: PersonId;

before(async () => {
  stand = await openStand([notices, signin], {
    urls: { resident: 'http://localhost:8080/resident', courier: 'http://localhost:8080/courier' },
  } as never);
  admin = await stand.inTenant((tx) =>
    addAdmin(stand.cloud, tx, {
      role: 'super-admin',
      name: 'Maria Keller',
      email,
      password,
      totpSecret,
      by: null,
    }),
  );
});
after(() => stand.close());

const code = () => totpCode(totpSecret, totpStep(stand.cloud.clock.nowMs()));
const asNobodyKnown = { replaces: undefined, device: undefined };
const enter = async (changes: Partial<Parameters<typeof signInAdmin>[1]> = {}) =>
  (await signInAdmin(stand.cloud, { email, password, totp: code(), ...asNobodyKnown, ...changes })).token;

async function refusal(attempt: Promise<unknown>): Promise<string> {
  const error = await attempt.then(
    () => assert.fail('it was let in'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError);
  assert.equal(error.code, 'sign-in-denied');
  assert.equal(error.reason, undefined, 'a refusal tells no reason');
  return error.message;
}

async function lastDecision() {
  const record = (await stand.records('sign-in.decided')).at(-1);
  return record?.decision?.allow === false ? record.decision.reason : 'allowed';
}

describe('administrators', () => {
  test('password and code let in, and the session is theirs', async () => {
    const token = await enter();
    const actor = await authenticate(stand.cloud, 'admin', token);
    assert.deepEqual(actor && { ...actor, signedInAtMs: 0 }, {
      is: 'admin',
      tenant: stand.tenant,
      person: admin,
      role: 'super-admin',
      signedInAtMs: 0,
    });
    assert.equal(await authenticate(stand.cloud, 'resident', token), undefined, 'a token is for one app');
    const other = `${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`;
    assert.equal(await authenticate(stand.cloud, 'admin', other), undefined);
    assert.equal(await lastDecision(), 'allowed');
  });

  test('a code is used once, also by two at the same moment', async () => {
    assert.ok((await refusal(enter())).length > 0);
    assert.equal(await lastDecision(), 'second-factor-used');
    stand.step(MINUTE_MS);
    const both = await Promise.allSettled([enter(), enter()]);
    assert.deepEqual(both.map((one) => one.status).sort(), ['fulfilled', 'rejected']);
    assert.equal(
      (await stand.records('sign-in.decided')).filter((record) => record.decision?.allow === false).length,
      2,
    );
  });

  test('an earlier code than the last used one is refused', async () => {
    stand.step(MINUTE_MS);
    await enter();
    await refusal(enter({ totp: totpCode(totpSecret, totpStep(stand.cloud.clock.nowMs()) - 1) }));
    assert.equal(await lastDecision(), 'second-factor-used');
  });

  test('every refusal has the same words and falls on the same beat', async () => {
    stand.step(MINUTE_MS);
    const timed = async (attempt: () => Promise<unknown>) => {
      const startedMs = stand.cloud.clock.monotonicMs();
      const words = await refusal(attempt());
      const tookMs = stand.cloud.clock.monotonicMs() - startedMs;
      return { words, tookMs, afterBeatMs: (tookMs + EARLY_MS) % 250 };
    };
    const wrongPassword = await timed(() => enter({ password: 'another river' }));
    assert.equal(await lastDecision(), 'sign-in-wrong');
    const wrongCode = await timed(() => enter({ totp: '000000' }));
    assert.equal(await lastDecision(), 'second-factor-wrong');
    const before = (await stand.records('sign-in.decided')).length;
    const unknown = await timed(() => enter({ email: 'nobody@example.org' }));
    assert.equal((await stand.records('sign-in.decided')).length, before, 'no tenant, no record');
    assert.deepEqual(new Set([wrongPassword.words, wrongCode.words, unknown.words]).size, 1);
    for (const { tookMs, afterBeatMs } of [wrongPassword, wrongCode, unknown]) {
      assert.ok(tookMs >= 250 - EARLY_MS && afterBeatMs < 125, `answered after ${tookMs} ms`);
    }
    await enter();
  });

  test('ten wrong tries lock the account for the hour, right ones included', async () => {
    stand.step(61 * MINUTE_MS);
    await Promise.all(Array.from({ length: 10 }, () => refusal(enter({ password: 'wrong' }))));
    await refusal(enter());
    assert.equal(await lastDecision(), 'sign-in-locked-out');
    stand.step(61 * MINUTE_MS);
    assert.ok(await enter());
  });

  test('a success gives the tries back', async () => {
    for (let round = 0; round < 2; round++) {
      stand.step(MINUTE_MS);
      for (let n = 0; n < 6; n++) await refusal(enter({ password: 'wrong' }));
      await enter();
    }
  });
});

describe('sessions', () => {
  const begin = async (replaces?: string) => {
    stand.step(MINUTE_MS);
    return await enter({ replaces });
  };
  const alive = async (token: string) => (await authenticate(stand.cloud, 'admin', token)) !== undefined;
  const lastEnd = async () => (await stand.records('signed-out')).at(-1)?.facts.why;

  test('end by sign-out, by idling, by age, and when replaced; each is a record', async () => {
    const first = await begin();
    const second = await begin(first);
    assert.equal(await alive(first), false);
    assert.equal(await lastEnd(), 'replaced');
    await signOut(stand.cloud, stand.tenant, second);
    assert.equal(await alive(second), false);
    assert.equal(await lastEnd(), 'person');
    const third = await begin();
    stand.step(29 * MINUTE_MS);
    assert.equal(await alive(third), true);
    stand.step(29 * MINUTE_MS);
    assert.equal(await alive(third), true, 'use keeps it alive');
    stand.step(30 * MINUTE_MS);
    assert.equal(await alive(third), false);
    assert.equal(await lastEnd(), 'idle');
    const fourth = await begin();
    for (let passedMs = 0; passedMs < LIVES.admin.ageMs - 20 * MINUTE_MS; passedMs += 20 * MINUTE_MS) {
      assert.equal(await alive(fourth), true);
      stand.step(20 * MINUTE_MS);
    }
    stand.step(20 * MINUTE_MS);
    assert.equal(await alive(fourth), false);
    assert.equal(await lastEnd(), 'age');
  });

  test('what a page asks by itself keeps no session alive', async () => {
    const token = await begin();
    const left = () => authenticate(stand.cloud, 'admin', token, { attended: false });
    for (let n = 0; n < 29; n++) {
      stand.step(MINUTE_MS);
      assert.ok(await left(), 'it is answered as long as the session lives');
    }
    stand.step(MINUTE_MS);
    assert.equal(await left(), undefined);
    assert.equal(await lastEnd(), 'idle');
  });

  test('what is left of one is told: a use makes the idle time whole again, and never the age', async () => {
    const token = await begin();
    const left = async (attended: boolean) => {
      await authenticate(stand.cloud, 'admin', token, { attended });
      return await leftOf(stand.cloud, stand.tenant, token);
    };
    const { idleMs, ageMs } = LIVES.admin;
    stand.step(20 * MINUTE_MS);
    const near = (told: { idleLeftMs: number; ageLeftMs: number } | undefined, idle: number, age: number) => {
      assert.ok(told && Math.abs(told.idleLeftMs - idle) < MINUTE_MS, JSON.stringify(told));
      assert.ok(Math.abs(told.ageLeftMs - age) < MINUTE_MS, JSON.stringify(told));
    };
    near(await left(false), idleMs - 20 * MINUTE_MS, ageMs - 20 * MINUTE_MS);
    near(await left(true), idleMs, ageMs - 20 * MINUTE_MS);
    await signOut(stand.cloud, stand.tenant, token);
    assert.equal(await left(false), undefined);
  });

  test('the sweep ends what nobody came back for', async () => {
    const token = await begin();
    stand.step(LIVES.admin.ageMs);
    const ended = (await stand.records('signed-out')).length;
    await sweep(stand.cloud);
    assert.ok((await stand.records('signed-out')).length > ended);
    assert.equal(await alive(token), false);
    const { rows } = await stand.inTenant((tx) => sql`select 1 from sessions`.execute(tx));
    assert.equal(rows.length, 0);
  });
});

/** Removes the person in a transaction that commits once the attempt waits for it, or is through. */
async function removedMeanwhile(person: PersonId, attempt: () => Promise<string>): Promise<void> {
  const entering = await stand.inTenant(async (tx) => {
    await people.removePerson(stand.cloud, tx, person, admin);
    await endAllOf(stand.cloud, tx, person);
    let isThrough = false;
    const begun = attempt();
    void begun.catch(() => undefined).then(() => (isThrough = true));
    const waits = sql`select 1 from pg_locks where not granted`;
    let isWaiting = false;
    while (!isThrough && !isWaiting) isWaiting = (await waits.execute(tx)).rows.length > 0;
    return { begun };
  });
  await refusal(entering.begun);
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from sessions where person_id = ${person}`.execute(tx),
  );
  assert.deepEqual(rows, []);
}

describe('links', () => {
  let resident: PersonId;
  const linkOf = async (of = resident): Promise<string> => {
    const { rows } = await stand.inTenant((tx) =>
      sql<{
        link: Uint8Array;
      }>`select link from notices where link is not null order by ord desc limit 1`.execute(tx),
    );
    const text = await stand.inTenant((tx) =>
      stand.cloud.keys.openFor(tx, of, 'notices/link', rows[0]?.link ?? new Uint8Array(0)),
    );
    return (JSON.parse(text ?? '{}') as { url: string }).url.split('#token=')[1] ?? '';
  };
  const count = async () =>
    (await stand.inTenant((tx) => sql`select 1 from sign_in_links`.execute(tx))).rows.length;

  before(async () => {
    resident = await stand.inTenant((tx) =>
      people.addResident(stand.cloud, tx, {
        site: stand.site,
        name: 'Ada Okafor',
        flat: '4B',
        email: 'ada@example.org',
        phone: null,
        accessible: false,
        by: null,
      }),
    );
  });

  test('a link works once, in its app, for fifteen minutes', async () => {
    await askForLink(stand.cloud, 'resident', ' ADA@example.org');
    const token = await linkOf();
    await refusal(enterByLink(stand.cloud, { app: 'courier', token, replaces: undefined }));
    const session = await enterByLink(stand.cloud, { app: 'resident', token, replaces: undefined });
    assert.equal((await authenticate(stand.cloud, 'resident', session))?.person, resident);
    await refusal(enterByLink(stand.cloud, { app: 'resident', token, replaces: undefined }));
    assert.equal(await lastDecision(), 'link-used');
    await askForLink(stand.cloud, 'resident', 'ada@example.org');
    const late = await linkOf();
    stand.step(15 * MINUTE_MS);
    await refusal(enterByLink(stand.cloud, { app: 'resident', token: late, replaces: undefined }));
    assert.equal(await lastDecision(), 'link-wrong');
  });

  test('a link that lets nobody in is recorded once as such, however often it is sent', async () => {
    const decisions = async () => (await stand.records('sign-in.decided')).length;
    await askForLink(stand.cloud, 'resident', 'ada@example.org');
    const token = await linkOf();
    const again = () => enterByLink(stand.cloud, { app: 'resident', token, replaces: undefined });
    await again();
    const before = await decisions();
    for (let n = 0; n < 4; n++) await refusal(again());
    stand.step(15 * MINUTE_MS);
    await refusal(again());
    assert.equal(await decisions(), before + 1);
    assert.equal(await lastDecision(), 'link-used');
  });

  test('an unknown address makes nothing, and a known one only so much', async () => {
    stand.step(61 * MINUTE_MS);
    const before = await count();
    await askForLink(stand.cloud, 'resident', 'nobody@example.org');
    await askForLink(stand.cloud, 'courier', 'ada@example.org');
    assert.equal(await count(), before);
    for (let n = 0; n < 8; n++) await askForLink(stand.cloud, 'resident', 'ada@example.org');
    assert.equal(await count(), before + 5);
    stand.step(61 * MINUTE_MS);
    await Promise.all(
      Array.from({ length: 8 }, () => askForLink(stand.cloud, 'resident', 'ada@example.org')),
    );
    assert.equal(await count(), before + 10, 'at the same moment, too');
  });

  test('who is removed while they sign in has no session afterwards', async () => {
    stand.step(61 * MINUTE_MS);
    const leaving = await stand.inTenant((tx) =>
      people.addResident(stand.cloud, tx, {
        ...{ site: stand.site, name: 'Ben Leaver', flat: '9', email: 'ben@example.org' },
        ...{ phone: null, accessible: false, by: null },
      }),
    );
    await askForLink(stand.cloud, 'resident', 'ben@example.org');
    const token = await linkOf(leaving);
    await removedMeanwhile(leaving, () =>
      enterByLink(stand.cloud, { app: 'resident', token, replaces: undefined }),
    );
    const chief = { role: 'admin', name: 'Kim Leaver', email: 'kim@example.org', by: null } as const;
    const person = await stand.inTenant((tx) =>
      addAdmin(stand.cloud, tx, { ...chief, password, totpSecret }),
    );
    await removedMeanwhile(person, () => enter({ email: chief.email }));
  });

  test('who is removed is signed out, and gets no link', async () => {
    stand.step(61 * MINUTE_MS);
    await askForLink(stand.cloud, 'resident', 'ada@example.org');
    const session = await enterByLink(stand.cloud, {
      app: 'resident',
      token: await linkOf(),
      replaces: undefined,
    });
    await askForLink(stand.cloud, 'resident', 'ada@example.org');
    const unused = await linkOf();
    await stand.inTenant(async (tx) => {
      await people.removePerson(stand.cloud, tx, resident, admin);
      await endAllOf(stand.cloud, tx, resident);
    });
    assert.equal(await authenticate(stand.cloud, 'resident', session), undefined);
    await refusal(enterByLink(stand.cloud, { app: 'resident', token: unused, replaces: undefined }));
    await askForLink(stand.cloud, 'resident', 'ada@example.org');
    assert.equal(await count(), 0);
  });
});

test('a step of the second factor is spent by one of two, and no earlier one after it', async () => {
  const step = totpStep(stand.cloud.clock.nowMs()) + 1000;
  const spend = (at: number) => stand.inTenant((tx) => spendStep(tx, admin, at));
  assert.deepEqual((await Promise.all([spend(step), spend(step)])).sort(), [false, true]);
  assert.equal(await spend(step), false);
  assert.equal(await spend(step - 1), false);
});

test('nothing personal stands in any table, nor a token or a secret', async () => {
  const everything = await stand.dump();
  assert.ok(everything.includes('public.sessions'));
  for (const secret of [
    'Keller',
    'keller@',
    'Okafor',
    'Leaver',
    'ada@',
    'ben@',
    'kim@',
    '4B"',
    'river',
    '#token',
  ])
    assert.ok(!everything.includes(secret), secret);
});

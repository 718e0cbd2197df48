/** Who guesses is slowed down, and the owner is not locked out by it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { base64url } from '../../crypto/bytes.ts';
import { totpCode, totpStep } from '../../crypto/password.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import { systemRandom } from '../../platform/random.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addAdmin, type Presented, signInAdmin } from './admins.ts';
import { countTry } from './devices.ts';
import { endAllOf, sweep } from './sessions.ts';
import { signin } from './signin.ts';

const password = 'a long and quiet river';
const totpSecret = new Uint8Array(20).fill(9);
const [maria, noor] = ['maria@example.org', 'noor@example.org'];
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

let stand: Stand;
let person: PersonId;

before(async () => {
  stand = await openStand([signin]);
  const add = (email: string) =>
    stand.inTenant((tx) =>
      addAdmin(stand.cloud, tx, { role: 'admin', name: 'A', email, password, totpSecret, by: null }),
    );
  person = await add(maria);
  await add(noor);
});
after(() => stand?.close());

/** Each with a code that was not used yet. */
function enter(changes: Partial<Presented> = {}) {
  stand.step(MINUTE_MS);
  const totp = totpCode(totpSecret, totpStep(stand.cloud.clock.nowMs()));
  const nobody = { replaces: undefined, device: undefined };
  return signInAdmin(stand.cloud, { email: maria, password, totp, ...nobody, ...changes });
}

async function refused(attempt: Promise<unknown>): Promise<string> {
  const before = (await stand.records('sign-in.decided')).length;
  const error = await attempt.then(
    () => assert.fail('it was let in'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError && error.code === 'sign-in-denied');
  const records = await stand.records('sign-in.decided');
  const record = records.slice(before).at(-1);
  // Beyond the first of an hour they are counted.
  if (!record) return 'turned-away';
  return record.decision?.allow === false ? record.decision.reason : 'allowed';
}

/** Until strangers are refused, whatever they present. */
async function guessToTheLimit(): Promise<void> {
  for (let n = 0; n < 10; n++) await refused(enter({ password: 'wrong' }));
  assert.equal(await refused(enter()), 'sign-in-locked-out');
}

async function devicesOf(of: PersonId): Promise<number> {
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from sign_in_devices where person_id = ${of}`.execute(tx),
  );
  return rows.length;
}

test('a stranger at the limit locks out strangers; the owner comes in with their device, and without it when the hour is over', async () => {
  const { device } = await enter();
  await guessToTheLimit();
  const again = await enter({ device });
  assert.notEqual(again.device, device, 'it is drawn anew');
  assert.equal(await refused(enter()), 'turned-away', 'the owner begins no new hour for strangers');
  assert.equal(await refused(enter({ device })), 'turned-away', 'a copy of the old one is nothing');
  stand.step(HOUR_MS);
  assert.ok((await enter()).token);
});

test('a device that was made up, and one of another account, are no known devices', async () => {
  const { device: other } = await enter({ email: noor });
  await guessToTheLimit();
  const made = base64url(systemRandom.bytes(32));
  for (const device of [made, other, '', 'x'.repeat(500)])
    assert.equal(await refused(enter({ device })), 'turned-away', device);
  stand.step(HOUR_MS);
});

test('who has stolen a device needs password and code as before, has ten tries an hour, and twenty in all', async () => {
  const { device } = await enter();
  assert.equal(await refused(enter({ device, password: 'wrong' })), 'sign-in-wrong');
  assert.equal(await refused(enter({ device, totp: '000000' })), 'second-factor-wrong');
  for (let n = 0; n < 8; n++) await refused(enter({ device, password: 'wrong' }));
  assert.equal(await refused(enter({ device })), 'sign-in-locked-out');
  stand.step(HOUR_MS);
  for (let n = 0; n < 10; n++) await refused(enter({ device, password: 'wrong' }));
  const before = await devicesOf(person);
  assert.equal(await refused(enter({ device, password: 'wrong' })), 'sign-in-wrong');
  assert.equal(await devicesOf(person), before - 1, 'from then on it is a stranger’s');
  stand.step(HOUR_MS);
});

test('a device is known for half a year; an account has five, and none when its owner is gone', async () => {
  const { device } = await enter();
  stand.step(181 * DAY_MS);
  await guessToTheLimit();
  assert.equal(await refused(enter({ device })), 'turned-away');
  stand.step(HOUR_MS);
  for (let n = 0; n < 6; n++) await enter();
  assert.equal(await devicesOf(person), 5);
  await stand.inTenant((tx) => endAllOf(stand.cloud, tx, person));
  assert.equal(await devicesOf(person), 0);
});

test('after a hundred failures in a row strangers have one try a day, until somebody signs in', async () => {
  const fail = (was: Parameters<typeof countTry>[0], atMs: number) => countTry(was, atMs);
  let state = { tries: 0, sinceMs: 0, failures: 0 };
  let compared = 0;
  let atMs = DAY_MS;
  for (; compared < 100; atMs += MINUTE_MS) {
    const { may, ...next } = fail(state, atMs);
    state = next;
    if (may) compared++;
  }
  assert.ok(atMs - DAY_MS > 9 * HOUR_MS, 'ten an hour until then');
  for (const untilMs = atMs + 10 * DAY_MS; atMs < untilMs; atMs += 10 * MINUTE_MS) {
    const { may, ...next } = fail(state, atMs);
    state = next;
    if (may) compared++;
  }
  assert.ok(compared <= 111, `${compared} were compared`);
  const failures = (n: number) =>
    stand.inTenant((tx) =>
      sql`update admin_credentials set failures = ${n}, tries = 0 where person_id = ${person}`.execute(tx),
    );
  await failures(100);
  const { device } = await enter();
  await failures(100);
  await refused(enter({ password: 'wrong' }));
  assert.equal(await refused(enter()), 'sign-in-locked-out');
  assert.ok(await enter({ device }));
  stand.step(HOUR_MS);
  assert.ok(await enter(), 'their failures in a row are over');
});

const told = async () => (await stand.records('sign-in.turned-away')).map(({ facts }) => facts.count);

/** Tries beyond the limit, whatever they present. */
async function beyond(times: number): Promise<void> {
  for (let n = 0; n < times; n++) assert.equal(await refused(enter()), 'turned-away');
}

test('who tries on beyond the limit leaves one record of it in that hour, and their number with what is recorded next', async () => {
  stand.step(HOUR_MS);
  const { device } = await enter();
  const before = await stand.records('sign-in.decided');
  const toldBefore = (await told()).length;
  const sinceMs = stand.cloud.clock.nowMs();
  await guessToTheLimit();
  await beyond(15);
  assert.equal((await stand.records('sign-in.decided')).length, before.length + 11);
  assert.equal((await told()).length, toldBefore);
  await enter({ device });
  const records = await stand.records('sign-in.turned-away');
  const { facts } = records.at(-1) ?? assert.fail('their number is a record');
  assert.deepEqual([facts.role, facts.count, records.length], ['admin', 15, toldBefore + 1]);
  assert.ok(Number(facts.sinceMs) > sinceMs && Number(facts.sinceMs) <= stand.cloud.clock.nowMs());
  // The next hour is as the first: ten compared, one that says that the account is locked out, and a number.
  await beyond(2);
  stand.step(HOUR_MS);
  await guessToTheLimit();
  assert.deepEqual((await told()).slice(toldBefore), [15, 2]);
  stand.step(HOUR_MS);
});

test('the number of those turned away is told an hour later though nobody comes, and when the account ends', async () => {
  const toldBefore = (await told()).length;
  const news = async () => (await told()).slice(toldBefore);
  await guessToTheLimit();
  await beyond(3);
  await sweep(stand.cloud);
  assert.deepEqual(await news(), [], 'their hour is not over');
  stand.step(HOUR_MS);
  await sweep(stand.cloud);
  await sweep(stand.cloud);
  assert.deepEqual(await news(), [3]);
  await guessToTheLimit();
  await beyond(4);
  await stand.inTenant((tx) => endAllOf(stand.cloud, tx, person));
  assert.deepEqual(await news(), [3, 4]);
  stand.step(HOUR_MS);
});

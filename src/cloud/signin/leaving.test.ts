/** Administrators who leave, and those who lost what they sign in with: what ends at once, and what nobody may do. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { totpCode, totpStep } from '../../crypto/password.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addAdmin, findAdmin, type Presented, removeAdmin, resetAdmin, signInAdmin } from './admins.ts';
import { authenticate } from './sessions.ts';
import { signin } from './signin.ts';

type Secrets = { password: string; totpSecret: Uint8Array };
const first: Secrets = { password: 'a long and quiet river', totpSecret: new Uint8Array(20).fill(9) };
const second: Secrets = { password: 'another river, as long', totpSecret: new Uint8Array(20).fill(4) };
const MINUTE_MS = 60_000;

let stand: Stand;

before(async () => {
  stand = await openStand([signin]);
  await add('noor@example.org');
});
after(() => stand?.close());

const add = (email: string): Promise<PersonId> =>
  stand.inTenant((tx) => addAdmin(stand.cloud, tx, { role: 'admin', name: 'A', email, ...first, by: null }));

/** By a code that was not used yet, unless it is said otherwise. */
function enter(
  email: string,
  { password, totpSecret }: Secrets = first,
  of: { cloud?: Cloud; device?: string; stepMs?: number } = {},
) {
  stand.step(of.stepMs ?? MINUTE_MS);
  const totp = totpCode(totpSecret, totpStep(stand.cloud.clock.nowMs()));
  const presented: Presented = { email, password, totp, replaces: undefined, device: of.device };
  return signInAdmin(of.cloud ?? stand.cloud, presented);
}

const denied = (error: unknown) => error instanceof HoldfastError && error.code === 'sign-in-denied';
const isIn = async (token: string) => (await authenticate(stand.cloud, 'admin', token)) !== undefined;
const remove = (person: PersonId) =>
  stand.inTenant((tx) =>
    removeAdmin(stand.cloud, tx, { person, by: null, purpose: 'dismissed by Mr Unmistakable' }),
  );
const reset = (person: PersonId, of: Secrets = second) =>
  stand.inTenant((tx) => resetAdmin(stand.cloud, tx, { person, by: null, ...of }));

async function ends(person: PersonId): Promise<{ devices: number; why: unknown[] }> {
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from sign_in_devices where person_id = ${person}`.execute(tx),
  );
  const records = await stand.records('signed-out');
  return { devices: rows.length, why: records.map(({ facts }) => facts.why) };
}

test('a removed administrator is out at their next question, from every browser, and does not come in again', async () => {
  const email = 'maria@example.org';
  const person = await add(email);
  const [desk, phone] = [await enter(email), await enter(email)];
  assert.ok((await isIn(desk.token)) && (await isIn(phone.token)));
  await remove(person);
  assert.deepEqual([await isIn(desk.token), await isIn(phone.token)], [false, false]);
  assert.deepEqual(await ends(person), { devices: 0, why: ['administrator', 'administrator'] });
  await assert.rejects(enter(email, first, { device: desk.device }), denied);
  assert.equal(await findAdmin(stand.cloud, email), undefined, 'the address is free again');
  const [record] = await stand.records('person.removed');
  assert.deepEqual(record?.facts, { role: 'admin' });
  assert.deepEqual(Object.keys(record?.commitments ?? {}).sort(), ['purpose', 'subject']);
  assert.ok(!(await stand.dump()).includes('Unmistakable'), 'why they left stands sealed');
  await assert.rejects(remove(person), /no such administrator/);
  await assert.rejects(reset(person), /no such administrator/);
  const again = await add(email);
  assert.notEqual(again, person);
  await remove(again);
});

test('the last administrator stays, also when two are removed at the same moment, and can be given another sign-in', async () => {
  const [noor, kim] = [await findAdmin(stand.cloud, 'noor@example.org'), await add('kim@example.org')];
  assert.ok(noor);
  const both = await Promise.allSettled([remove(noor.person), remove(kim)]);
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const refusal = both.find((one) => one.status === 'rejected')?.reason;
  assert.ok(refusal instanceof HoldfastError && refusal.code === 'conflict');
  assert.match(refusal.message, /the last administrator.*cloud admin\. .*cloud admin-reset/);
  const [left, email] =
    both[0].status === 'rejected' ? [noor.person, 'noor@example.org'] : [kim, 'kim@example.org'];
  await reset(left);
  assert.ok(await isIn((await enter(email, second)).token));
  await reset(left, first);
});

test('after a reset nothing of before lets anybody in, and what is new does at once', async () => {
  const email = 'ada@example.org';
  const person = await add(email);
  const desk = await enter(email);
  for (let n = 0; n < 12; n++)
    await assert.rejects(enter(email, { ...first, password: 'guessed' }, { stepMs: 0 }), denied);
  await reset(person);
  assert.equal(await isIn(desk.token), false);
  assert.equal((await ends(person)).devices, 0);
  // In the same minute as the sign-in before, and with its hour’s tries used up.
  const fresh = await enter(email, second, { stepMs: 0 });
  assert.ok(await isIn(fresh.token));
  for (const half of [
    first,
    { ...first, password: second.password },
    { ...second, password: first.password },
  ])
    await assert.rejects(enter(email, half, { device: desk.device }), denied);
  const [record] = (await stand.records('sign-in.reset')).slice(-1);
  assert.deepEqual(record?.facts, { role: 'admin' });
  assert.deepEqual(Object.keys(record?.commitments ?? {}), ['subject']);
});

test('a sign-in whose password was compared before the reset does not come in after it', async () => {
  const email = 'ben@example.org';
  const person = await add(email);
  let asked = 0;
  const database: Cloud['database'] = {
    ...stand.cloud.database,
    // The second transaction is the one that lets in.
    tenant: async (tenant, run) => {
      asked += 1;
      if (asked === 2) await reset(person);
      return await stand.cloud.database.tenant(tenant, run);
    },
  };
  await assert.rejects(enter(email, first, { cloud: { ...stand.cloud, database } }), denied);
  assert.equal(asked, 2);
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from sessions where person_id = ${person}`.execute(tx),
  );
  assert.deepEqual(rows, []);
});

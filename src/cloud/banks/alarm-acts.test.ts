/** Alarms about a bank itself: who may end one, and what is left of it when it was ended. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId } from '../../domain/ids.ts';
import { attention } from '../admin/admin.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import * as people from '../people/people.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { ALONE } from '../test-leases.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as banks from './banks.ts';

let stand: Stand;
let by: PersonId;

before(async () => {
  stand = await openStand(NOUNS);
  const admin = { role: 'admin', name: 'Maria Keller', email: 'maria@example.org', by: null } as const;
  by = await stand.inTenant((tx) => people.addAdmin(stand.cloud, tx, admin));
});
after(() => stand?.close());

const newBank = () => enrolledBank(stand.cloud, stand.tenant, stand.site);
const message = async (bank: TestBank) => Buffer.from(JSON.stringify(await bank.batch()));

async function hear(bank: TestBank, ...payloads: readonly Uint8Array[]): Promise<void> {
  const intake = new Intake({ cloud: stand.cloud, nouns: NOUNS, leases: ALONE, send: async () => undefined });
  for (const payload of payloads) intake.received(bank.bank, payload);
  await intake.stop();
}

/** What the clone of a bank says under a number that the bank has used; each time in other bytes. */
async function forkedBank(): Promise<{ bank: TestBank; fork(): Promise<Buffer> }> {
  const bank = await newBank();
  const start = bank.end;
  bank.write({ kind: 'agent.stopped' });
  await hear(bank, await message(bank));
  const { end } = bank;
  const fork = async () => {
    bank.goBack(start);
    bank.write({ kind: 'alarm.raised', facts: { condition: 'power' } });
    const said = await message(bank);
    bank.goBack(end);
    return said;
  };
  return { bank, fork };
}

type Shown = { condition: string; inCare: boolean; compartment: number | null; raisedAtMs: number };

async function standing(bank: TestBank): Promise<Shown[]> {
  const all = await stand.inTenant((tx) => banks.alarms(tx));
  return all
    .map(({ alarm }) => alarm)
    .filter((alarm) => alarm.bank === bank.bank)
    .map(({ condition, compartment, raisedAtMs, care }) => ({
      ...{ condition, compartment, raisedAtMs },
      inCare: care !== null,
    }))
    .reverse();
}
const conditions = async (bank: TestBank) =>
  (await standing(bank)).map(({ condition, inCare }) => `${condition}${inCare ? ' in care' : ''}`).sort();

async function named(bank: TestBank, condition: string) {
  const alarm = (await standing(bank)).find((one) => one.condition === condition);
  assert.ok(alarm, condition);
  const { compartment, raisedAtMs } = alarm;
  return { bank: bank.bank, condition, compartment, raisedAtMs, by };
}

const care = async (bank: TestBank, condition: string) => {
  const of = await named(bank, condition);
  await stand.inTenant((tx) => banks.careForAlarm(stand.cloud, tx, of));
};
const end = async (bank: TestBank, condition: string) => {
  const of = { ...(await named(bank, condition)), reason: 'own-copy', note: 'the spare disk' } as const;
  await stand.inTenant((tx) => banks.endAlarm(stand.cloud, tx, of));
};
const refused = async (what: Promise<void>, says: RegExp) => {
  const error = await what.then(
    () => assert.fail('it was done'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof HoldfastError);
  assert.equal(error.code, 'conflict');
  assert.match(error.message, says);
};

async function historyOf(bank: TestBank) {
  const { rows } = await stand.inTenant((tx) => banks.alarmHistory(stand.cloud, tx, { limit: 200 }));
  return rows.filter((row) => row.bank === bank.bank);
}

test('a fork is taken into care and ended by a person, with a reason; it stays on the record, and the same message raises it anew', async () => {
  const { bank, fork } = await forkedBank();
  const said = await fork();
  await hear(bank, said);
  await refused(end(bank, 'fork'), /into care first/);
  await care(bank, 'fork');
  await refused(care(bank, 'fork'), /cares for it already/);
  const shown = await stand.inTenant((tx) => attention(stand.cloud, tx));
  assert.ok(shown.some(({ kind, alarm }) => kind === 'fork' && alarm?.care?.by === 'Maria Keller'));
  await hear(bank, said);
  assert.deepEqual(await conditions(bank), ['fork in care'], 'the same once more is nothing new');
  await end(bank, 'fork');
  assert.deepEqual(await conditions(bank), []);
  const [row, ...more] = await historyOf(bank);
  assert.deepEqual(more, []);
  assert.ok(row?.endedAtMs);
  assert.deepEqual(
    row.acts.map(({ act, by, reason, note }) => ({ act, by, reason, note })),
    [
      { act: 'care', by, reason: null, note: null },
      { act: 'end', by, reason: 'own-copy', note: 'the spare disk' },
    ],
  );
  const cared = (await stand.records('alarm.cared')).at(-1);
  assert.deepEqual(cared?.facts, { condition: 'fork' });
  const settled = (await stand.records('alarm.settled')).at(-1);
  assert.deepEqual(settled?.facts, { condition: 'fork', found: 'own-copy' });
  assert.deepEqual(Object.keys(settled.commitments).sort(), ['note', 'person', 'subject']);
  await hear(bank, said);
  assert.deepEqual(await conditions(bank), ['fork'], 'the bank is still shut out, and that is seen');
  assert.equal((await historyOf(bank)).length, 2);
});

test('what somebody looks into, no bank and no batch ends', async () => {
  const bank = await newBank();
  bank.write({ kind: 'agent.stopped' });
  const first = await message(bank);
  bank.write({ kind: 'agent.stopped' });
  await hear(bank, await message(bank));
  assert.deepEqual(await conditions(bank), ['gap']);
  await care(bank, 'gap');
  await hear(bank, first);
  for (const condition of ['gap', 'fork']) bank.write({ kind: 'alarm.ended', facts: { condition } });
  await hear(bank, await message(bank));
  assert.ok((await conditions(bank)).includes('gap in care'));
  await end(bank, 'gap');
  assert.equal((await stand.records('alarm.settled')).at(-1)?.facts.condition, 'gap');
  assert.ok(!(await conditions(bank)).includes('gap in care'));
});

test('what comes anew while somebody looks into the last one is an alarm of its own', async () => {
  const { bank, fork } = await forkedBank();
  await hear(bank, await fork());
  await care(bank, 'fork');
  stand.step(1000);
  await hear(bank, await fork());
  assert.deepEqual(await conditions(bank), ['fork', 'fork in care']);
  await end(bank, 'fork');
  assert.deepEqual(await conditions(bank), ['fork']);
});

test('a message that nobody understands is ended by a person too', async () => {
  const bank = await newBank();
  await hear(bank, Buffer.from('{"v":1,"type":"open-everything"}'));
  await care(bank, 'message-refused');
  await end(bank, 'message-refused');
  assert.deepEqual(await conditions(bank), []);
});

test('no person ends what a bank’s own records or an order end, in care or not', async () => {
  const bank = await newBank();
  bank.write({ kind: 'alarm.raised', compartment: 3, facts: { condition: 'ajar' } });
  await hear(bank, await message(bank));
  await care(bank, 'ajar');
  await refused(end(bank, 'ajar'), /own records end/);
  assert.deepEqual(await conditions(bank), ['ajar in care']);
  bank.write({ kind: 'alarm.ended', compartment: 3, facts: { condition: 'ajar' } });
  await hear(bank, await message(bank));
  assert.deepEqual(await conditions(bank), []);
});

test('what persons said of alarms can be added to and not changed, and their words stand nowhere in clear', async () => {
  for (const text of ['delete from alarm_acts', `update alarm_acts set reason = 'trial'`])
    await assert.rejects(
      stand.inTenant((tx) => sql.raw(text).execute(tx)),
      /permission denied/,
    );
  const everything = await stand.dump();
  assert.match(everything, /own-copy/);
  assert.ok(!everything.includes('spare disk'));
  assert.ok(!everything.includes('Keller'));
});

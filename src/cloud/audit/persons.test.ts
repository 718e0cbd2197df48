/** What persons did about banks: none of it is a finding while it is honest, and each change of it is one. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import pg from 'pg';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { drain } from '../log/log.ts';
import type { TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { auditTenant } from './tenant.ts';
import { newEstate, oneDay } from './test-audit.ts';
import {
  type Acting,
  acting,
  answer,
  answerOfBefore,
  care,
  complain,
  DOOR,
  doubt,
  personsOf,
  refuse,
  report,
  settle,
} from './test-persons.ts';

let stand: Stand;
let client: pg.Client;

before(async () => {
  stand = await openStand(NOUNS);
  client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query('set session_replication_role = replica');
});
after(async () => {
  await client?.end();
  await stand?.close();
});

async function newGround(): Promise<Acting & { a: TestBank; b: TestBank }> {
  const estate = await newEstate(stand.cloud, 2);
  const [a, b] = estate.banks;
  assert.ok(a && b);
  for (const bank of [a, b]) await oneDay(stand.cloud, estate, bank, 0);
  return { ...(await acting(stand, estate)), a, b };
}

async function told({ cloud, estate }: Acting): Promise<string[]> {
  await drain(cloud, estate.tenant);
  const { findings } = await auditTenant(cloud, estate.tenant, { heads: [], progress: () => undefined });
  return findings.told.map(({ where, what }) => `${where}: ${what}`);
}

const TABLES = ['alarms', 'alarm_acts', 'discrepancies'];

/** Each statement as the owner of the database could do it, and undone. */
async function find(of: Acting, statements: readonly string[]): Promise<void> {
  assert.deepEqual(await told(of), []);
  for (const table of TABLES)
    await client.query(
      `drop table if exists kept_${table}; create table kept_${table} as select * from ${table}`,
    );
  const missed: string[] = [];
  for (const statement of statements) {
    const { rowCount } = await client.query(statement.replaceAll('$T', of.estate.tenant));
    if (!rowCount || (await told(of)).length === 0) missed.push(`${rowCount} ${statement}`);
    for (const table of TABLES)
      await client.query(
        `delete from ${table}; insert into ${table} overriding system value select * from kept_${table}`,
      );
  }
  assert.deepEqual(missed, []);
  assert.deepEqual(await told(of), []);
}

const standing = ({ cloud, estate }: Acting, bank: TestBank, condition: string) =>
  cloud.database.tenant(estate.tenant, async (tx: Tx) =>
    (await banks.alarms(tx))
      .map(({ alarm }) => alarm)
      .filter((alarm) => alarm.bank === bank.bank && alarm.condition === condition)
      .map((alarm) => alarm.care !== null),
  );

test('what comes anew of what a bank ends, while somebody cares for it, stands once and in nobody’s care', async () => {
  const of = await newGround();
  const { a } = of;
  await care(of, a, 'discrepancy');
  assert.deepEqual(await standing(of, a, 'discrepancy'), [true]);
  assert.deepEqual(await told(of), []);
  await oneDay(stand.cloud, of.estate, a, 1);
  assert.deepEqual(await standing(of, a, 'discrepancy'), [false], 'somebody hears of it');
  assert.deepEqual(await told(of), []);
  await care(of, a, 'discrepancy');
  await care(of, a, 'ajar').catch(() => undefined);
  await doubt(of, a, 'alarm.raised');
  await care(of, a, 'discrepancy');
  assert.deepEqual(await told(of), []);
  await doubt(of, a, 'alarm.ended');
  assert.deepEqual(await standing(of, a, 'discrepancy'), []);
  await complain(of, a);
  await find(of, [
    `update alarms set cared_at_ms = null where tenant_id = '$T' and cared_at_ms is not null`,
    `update alarms set cared_by = null where tenant_id = '$T' and cared_by is not null`,
    `delete from alarms where tenant_id = '$T' and condition = 'discrepancy' and ended_at_ms is not null`,
    `insert into alarms (tenant_id, condition, bank_id, compartment, raised_at_ms)
      select tenant_id, condition, bank_id, compartment, raised_at_ms + 1 from alarms
      where tenant_id = '$T' and condition = 'discrepancy' and ended_at_ms is null and bank_id = '${a.bank}'`,
  ]);
});

test('alarms that stood side by side before are one again, and the audit holds', async () => {
  const of = await newGround();
  const { a } = of;
  await care(of, a, 'discrepancy');
  await complain(of, a);
  await client.query(`with first as (update alarms set cared_at_ms = act.at_ms, cared_by = act.person_id
      from alarm_acts act where act.alarm = alarms.ord and alarms.bank_id = '${a.bank}' returning alarms.*)
    insert into alarms (tenant_id, condition, bank_id, compartment, first_seq, last_seq, raised_at_ms)
    select tenant_id, condition, bank_id, compartment, first_seq + 9, last_seq + 9, raised_at_ms + 9 from first`);
  assert.deepEqual(await standing(of, a, 'discrepancy'), [false, true]);
  assert.notDeepEqual(await told(of), []);
  const count = async () => (await client.query('select 1 from alarms')).rowCount;
  const were = await count();
  await client.query(banks.ONCE_STANDING);
  assert.deepEqual(await standing(of, a, 'discrepancy'), [false]);
  assert.equal(await count(), (were ?? 0) - 1, 'and no other');
  assert.deepEqual(await told(of), []);
});

test('what was found wrong with a bank begins, is cared for and ends as the records have it', async () => {
  const of = await newGround();
  const { a, b } = of;
  for (const bank of [a, b]) {
    await refuse(of, bank, 'batch-fork', [3, 4]);
    await care(of, bank, 'fork');
    await refuse(of, bank, 'batch-fork', [3, 5]);
    await settle(of, bank, 'fork');
    await refuse(of, bank, 'batch-rollback');
    await refuse(of, bank, 'message-malformed');
    await care(of, bank, 'message-refused');
  }
  // What ends by itself with a batch that fits, and what no record begins.
  await refuse(of, a, 'batch-gap', [90, 91]);
  await stand.cloud.database.tenant(of.estate.tenant, (tx) =>
    banks.raiseAlarm(of.cloud, tx, { condition: 'batch-refused', bank: a.bank, names: null, again: true }),
  );
  await complain(of, a);
  assert.deepEqual(await standing(of, a, 'gap'), []);
  await refuse(of, b, 'batch-gap', [90, 92]);
  await care(of, b, 'gap');
  await complain(of, b);
  await settle(of, b, 'gap');
  const one = (condition: string, more: string) =>
    `ctid in (select ctid from alarms where tenant_id = '$T' and condition = '${condition}' and ${more} limit 1)`;
  const open = 'ended_at_ms is null';
  await find(of, [
    `update alarms set ended_at_ms = raised_at_ms where ${one('fork', open)}`,
    `update alarms set ended_at_ms = raised_at_ms where ${one('message-refused', open)}`,
    `delete from alarms where ${one('fork', open)}`,
    `delete from alarms where ${one('rollback', open)}`,
    `delete from alarms where ${one('gap', 'cared_at_ms is null')}`,
    `delete from alarms where ${one('fork', 'ended_at_ms is not null')}`,
    `update alarms set ended_at_ms = null where ${one('fork', 'ended_at_ms is not null')}`,
    `update alarms set ended_at_ms = null where ${one('gap', 'cared_at_ms is not null')}`,
    `update alarms set first_seq = 2 where ${one('fork', open)}`,
    `update alarms set bank_id = '${a.bank}' where bank_id = '${b.bank}' and condition = 'rollback'`,
    `update alarms set cared_at_ms = null, cared_by = null where ${one('message-refused', open)}`,
    `update alarms set cared_at_ms = null, cared_by = null where tenant_id = '$T' and cared_by is not null`,
    `update alarms set cared_at_ms = cared_at_ms + 1 where ${one('fork', 'cared_at_ms is not null')}`,
    `insert into alarms (tenant_id, condition, bank_id, raised_at_ms)
      select tenant_id, condition, bank_id, raised_at_ms from alarms where ${one('rollback', open)}`,
    `delete from alarm_acts where tenant_id = '$T'`,
    `delete from alarm_acts where ctid in (select ctid from alarm_acts where tenant_id = '$T' and act = 'care' limit 1)`,
    `update alarm_acts set reason = 'attack' where tenant_id = '$T' and act = 'end'`,
    `update alarm_acts set note = '\\x00' where tenant_id = '$T' and act = 'end'`,
    `update alarm_acts set person_id = '${of.estate.resident}' where tenant_id = '$T'`,
    `update alarm_acts set at_ms = at_ms + 20000 where tenant_id = '$T' and act = 'end'`,
  ]);
});

test('a person’s word stays with its bank, its parcel and its alarm, and is used once', async () => {
  const of = await newGround();
  const { a, b } = of;
  const [first, other] = [await report(of, a), await report(of, b)];
  await answer(of, a, first);
  const later = await report(of, a);
  assert.deepEqual(await standing(of, a, 'discrepancy'), []);
  assert.deepEqual(await standing(of, b, 'discrepancy'), [false]);
  const moved = (from: string, to: string) => `with old as (select resolved_how, resolved_at_ms
      from discrepancies where bank_id = '${a.bank}' and seq = ${first})
    update discrepancies set resolved_how = case when ${to} then old.resolved_how end,
      resolved_at_ms = case when ${to} then old.resolved_at_ms end from old where (${to}) or (${from})`;
  const ended = `(select ended_at_ms from alarms where bank_id = '${a.bank}' and condition = 'discrepancy' and ended_at_ms is not null limit 1)`;
  const isA = `bank_id = '${a.bank}' and seq = ${first}`;
  await find(of, [
    moved(isA, `bank_id = '${b.bank}' and seq = ${other}`),
    moved(isA, `bank_id = '${a.bank}' and seq = ${later}`),
    `update discrepancies set resolved_how = null, resolved_at_ms = null where ${isA}`,
    `update discrepancies set resolved_how = 'found' where ${isA}`,
    `update alarms set ended_at_ms = null where bank_id = '${a.bank}' and condition = 'discrepancy'`,
    `update alarms set ended_at_ms = ${ended} where bank_id = '${b.bank}' and condition = 'discrepancy'`,
    `update alarms set ended_at_ms = case when bank_id = '${b.bank}' then ${ended} end
      where tenant_id = '$T' and condition = 'discrepancy'`,
  ]);
});

test('answers of before, the bank’s own ends and complaints between them are no finding', async () => {
  const of = await newGround();
  const { a, b } = of;
  const reports = [await report(of, a), await report(of, b)];
  await answerOfBefore(of, a, reports[0] ?? 0);
  await answerOfBefore(of, b, reports[1] ?? 0);
  assert.deepEqual(await told(of), []);
  for (const bank of [a, b]) {
    await complain(of, bank);
    await answer(of, bank, await report(of, bank));
    await doubt(of, bank, 'alarm.raised');
    await complain(of, bank);
    await doubt(of, bank, 'alarm.ended');
    await doubt(of, bank, 'alarm.raised');
    await answer(of, bank, await report(of, bank));
    await complain(of, bank);
    await complain(of, bank);
  }
  await personsOf(of);
  await find(of, [
    `update discrepancies set resolved_how = null, resolved_at_ms = null where bank_id = '${a.bank}' and seq = ${reports[0]}`,
    `update alarms set ended_at_ms = raised_at_ms + 1
      where bank_id = '${b.bank}' and compartment = ${DOOR} and ended_at_ms is null`,
  ]);
});

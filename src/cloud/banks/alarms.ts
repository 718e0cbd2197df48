/** Alarms of banks: what a bank raised in its journal, and what the intake found wrong with a journal. */
import { sql } from 'kysely';
import type { BankId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Projection } from '../noun.ts';

export type Alarm = {
  condition: string;
  bank: BankId;
  bankName: string;
  compartment: number | null;
  firstSeq: number | null;
  lastSeq: number | null;
  raisedAtMs: number;
};

export type Raise = {
  condition: string;
  bank: BankId;
  compartment?: number | undefined;
  firstSeq?: number;
  lastSeq?: number;
  atMs: number;
};

/** Raises an alarm, unless the same one stands already. True when it was raised. */
export async function raise(cloud: Cloud, tx: Tx, of: Raise): Promise<boolean> {
  const compartment = of.compartment ?? null;
  const found = await sql`select 1 from alarms where condition = ${of.condition} and bank_id = ${of.bank}
    and compartment is not distinct from ${compartment} and ended_at_ms is null`.execute(tx);
  if (found.rows.length > 0) return false;
  await sql`insert into alarms (condition, bank_id, compartment, first_seq, last_seq, raised_at_ms)
    values (${of.condition}, ${of.bank}, ${compartment}, ${of.firstSeq ?? null}, ${of.lastSeq ?? null}, ${of.atMs})`.execute(
    tx,
  );
  await cloud.changed(tx, ['attention', 'banks']);
  return true;
}

export async function end(
  cloud: Cloud,
  tx: Tx,
  of: { condition: string; bank: BankId; compartment?: number | undefined; atMs: number },
): Promise<void> {
  const ended =
    await sql`update alarms set ended_at_ms = ${of.atMs} where condition = ${of.condition} and bank_id = ${of.bank}
    and compartment is not distinct from ${of.compartment ?? null} and ended_at_ms is null`.execute(tx);
  if (ended.numAffectedRows) await cloud.changed(tx, ['attention', 'banks']);
}

async function openAlarms(tx: Tx): Promise<Alarm[]> {
  const { rows } = await sql<Alarm>`
    select condition, bank_id as bank, banks.name as "bankName", compartment, first_seq as "firstSeq", last_seq as "lastSeq", raised_at_ms as "raisedAtMs"
    from alarms join banks using (bank_id) where ended_at_ms is null order by raised_at_ms desc limit 200`.execute(
    tx,
  );
  return rows;
}

export type Attention = {
  kind: string;
  severity: 'alarm' | 'warning' | 'note';
  says: string;
  atMs: number;
  link: string | null;
};

const SAYS: Readonly<Record<string, string>> = {
  forced: 'a door was opened by force',
  ajar: 'a door was left open',
  jammed: 'a latch is stuck',
  tamper: 'the cabinet was tampered with',
  board: 'a lock board does not answer',
  clock: "the cabinet's clock made a step",
  journal: "the cabinet's journal is full",
  guessing: 'somebody guesses codes',
  power: 'the cabinet lost power',
  gap: 'records are missing',
  fork: 'the journal says two things under one number',
  rollback: 'the journal went back behind what it had said',
  'batch-refused': 'its records were not accepted',
  'message-refused': 'it sent a message that nobody understands',
  discrepancy: 'what the records say about a parcel does not fit together',
};

/** What needs a person, in plain words, for the admin's list. */
export async function alarms(tx: Tx): Promise<Attention[]> {
  return (await openAlarms(tx)).map((alarm) => {
    const door = alarm.compartment === null ? '' : `, door ${alarm.compartment}`;
    const numbers =
      alarm.firstSeq === null ? '' : ` (numbers ${alarm.firstSeq} to ${alarm.lastSeq ?? alarm.firstSeq})`;
    const severity = alarm.condition === 'ajar' || alarm.condition === 'power' ? 'warning' : 'alarm';
    return {
      kind: alarm.condition,
      severity,
      says: `${alarm.bankName}${door}: ${SAYS[alarm.condition] ?? alarm.condition}${numbers}`,
      atMs: alarm.raisedAtMs,
      link: `/admin/banks/${alarm.bank}`,
    };
  });
}

/** What the intake finds wrong with a bank's own words. The bank cannot say that it is over. */
const AGAINST_BANK: readonly string[] = ['gap', 'fork', 'rollback', 'batch-refused', 'message-refused'];

const onAlarm: Projection = async (cloud, tx, { bank, record }) => {
  const of = {
    condition: String(record.facts.condition),
    bank,
    compartment: record.compartment,
    atMs: record.time.atMs,
  };
  if (record.kind === 'alarm.raised') await raise(cloud, tx, of);
  else if (!AGAINST_BANK.includes(of.condition)) await end(cloud, tx, of);
};

export const alarmProjections = { 'alarm.raised': onAlarm, 'alarm.ended': onAlarm } as const;

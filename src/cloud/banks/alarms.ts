/** Alarms of banks: what a bank raised in its journal, and what the intake found wrong with a journal. */
import { sql } from 'kysely';
import type { BankId, PersonId } from '../../domain/ids.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { AlarmMove, Projection } from '../noun.ts';

export type Alarm = {
  ord: number;
  condition: string;
  bank: BankId;
  bankName: string;
  compartment: number | null;
  firstSeq: number | null;
  lastSeq: number | null;
  raisedAtMs: number;
  endedAtMs: number | null;
  caredAtMs: number | null;
  caredBy: PersonId | null;
};

type OpenSql = { ord: number; condition: string; compartment: number | null; caredAtMs: number | null };

/**
 * What the intake finds wrong with a bank's own words. The bank cannot say that it is over. Until somebody cares for
 * it, a batch that fits ends a gap or a refusal; from then on nothing but a person's word does (alarm-acts.ts).
 */
const AGAINST_BANK: readonly string[] = ['gap', 'fork', 'rollback', 'batch-refused', 'message-refused'];

export const endsBy = (condition: string): 'person' | 'bank' =>
  AGAINST_BANK.includes(condition) ? 'person' : 'bank';

/** An alarm that the fold began, and ended where the records end it. */
type Begun = AlarmMove & { endedAtMs: number | null };

const nameOf = (of: { condition: string; compartment: number | null }) =>
  `${of.condition}/${of.compartment ?? ''}`;

/**
 * What moves make of the alarms that stand: one begins unless the same one stands already, and ends where it
 * stands. What comes anew while somebody looks into what was before is seen: of what a person ends it is an alarm of
 * its own; what a bank ends stands once, as its records have it, and nobody cares for it any more (`anew`). Pure;
 * `standing` holds the rows by name.
 */
function foldAlarms(
  open: readonly OpenSql[],
  moves: readonly AlarmMove[],
): { begun: Begun[]; anew: number[]; ended: { ord: number; atMs: number }[] } {
  const standing = new Map<string, OpenSql[]>();
  for (const row of open) standing.set(nameOf(row), [...(standing.get(nameOf(row)) ?? []), row]);
  const fresh = new Map<string, Begun>();
  const begun: Begun[] = [];
  const anew: number[] = [];
  const ended: { ord: number; atMs: number }[] = [];
  for (const move of moves) {
    const name = nameOf(move);
    if (move.move === 'begins') {
      const rows = standing.get(name) ?? [];
      const isOnce = endsBy(move.condition) === 'bank' && rows.length > 0;
      if (isOnce && !move.again) anew.push(...rows.filter(isCared).map(({ ord }) => ord));
      const isKnown = isOnce || rows.some((row) => move.again || !isCared(row));
      if (isKnown || fresh.has(name)) continue;
      const begins: Begun = { ...move, endedAtMs: null };
      fresh.set(name, begins);
      begun.push(begins);
      continue;
    }
    const isInCare = (row: OpenSql) => isCared(row) && endsBy(move.condition) === 'person';
    const [left, over] = partition(standing.get(name) ?? [], isInCare);
    for (const { ord } of over) ended.push({ ord, atMs: move.atMs });
    const own = fresh.get(name);
    if (own) own.endedAtMs = move.atMs;
    standing.set(name, left);
    fresh.delete(name);
  }
  return { begun, anew, ended };
}

const isCared = ({ caredAtMs }: OpenSql) => caredAtMs !== null;

function partition<Row>(rows: readonly Row[], holds: (row: Row) => boolean): [Row[], Row[]] {
  return [rows.filter(holds), rows.filter((row) => !holds(row))];
}

/** Raises an alarm that the cloud itself finds, unless the same one stands already. True when it was raised. */
export function raise(
  cloud: Cloud,
  tx: Tx,
  { bank, ...found }: { bank: BankId } & Pick<AlarmMove, 'condition' | 'names' | 'again'>,
): Promise<boolean> {
  const begins = { move: 'begins', seq: 0, compartment: null, atMs: cloud.clock.nowMs() } as const;
  return move(cloud, tx, { bank, moves: [{ ...begins, ...found }] });
}

/** Begins and ends alarms of a bank, in the order given. True when one began. */
export async function move(
  cloud: Cloud,
  tx: Tx,
  { bank, moves }: { bank: BankId; moves: readonly AlarmMove[] },
): Promise<boolean> {
  if (moves.length === 0) return false;
  const conditions = [...new Set(moves.map(({ condition }) => condition))];
  const open = await sql<OpenSql>`select ord, condition, compartment, cared_at_ms as "caredAtMs" from alarms
    where bank_id = ${bank} and condition = any(${conditions}::text[]) and ended_at_ms is null`.execute(tx);
  const { begun, anew, ended } = foldAlarms(open.rows, moves);
  if (begun.length + anew.length + ended.length === 0) return false;
  if (begun.length > 0) await insertBegun(tx, bank, begun);
  if (anew.length > 0)
    await sql`update alarms set cared_at_ms = null, cared_by = null
      where ord = any(${integerColumn(anew)}::bigint[])`.execute(tx);
  if (ended.length > 0)
    await sql`update alarms set ended_at_ms = ends.at_ms
      from unnest(${integerColumn(ended.map(({ ord }) => ord))}::bigint[], ${integerColumn(ended.map(({ atMs }) => atMs))}::bigint[]) as ends (ord, at_ms)
      where alarms.ord = ends.ord`.execute(tx);
  await cloud.changed(tx, ['attention', 'banks']);
  return begun.length > 0;
}

async function insertBegun(tx: Tx, bank: BankId, begun: readonly Begun[]): Promise<void> {
  const numbers = (of: (alarm: Begun) => number | null) => integerColumn(begun.map(of));
  await sql`insert into alarms (condition, bank_id, compartment, first_seq, last_seq, raised_at_ms, ended_at_ms)
    select condition, ${bank}, compartment, first_seq, last_seq, raised_at_ms, ended_at_ms
    from unnest(${textColumn(begun.map(({ condition }) => condition))}::text[], ${numbers(({ compartment }) => compartment)}::bigint[],
      ${numbers(({ names }) => names?.first ?? null)}::bigint[], ${numbers(({ names }) => names?.last ?? null)}::bigint[],
      ${numbers(({ atMs }) => atMs)}::bigint[], ${numbers(({ endedAtMs }) => endedAtMs)}::bigint[]) with ordinality
      as begun (condition, compartment, first_seq, last_seq, raised_at_ms, ended_at_ms, ord)
    order by begun.ord`.execute(tx);
}

export const ALARM_COLUMNS = sql`alarms.ord, condition, bank_id as bank, banks.name as "bankName", compartment,
  first_seq as "firstSeq", last_seq as "lastSeq", raised_at_ms as "raisedAtMs", ended_at_ms as "endedAtMs",
  cared_at_ms as "caredAtMs", cared_by as "caredBy"`;

/** Of a bank that is out of service, those that a person ends: no record of it ends the others any more. */
async function openAlarms(tx: Tx): Promise<Alarm[]> {
  const { rows } = await sql<Alarm>`select ${ALARM_COLUMNS} from alarms join banks using (bank_id)
    where ended_at_ms is null and (retired_at_ms is null or condition = any(${textColumn(AGAINST_BANK)}::text[]))
    order by raised_at_ms desc limit 200`.execute(tx);
  return rows;
}

/** Alarms of a bank that were raised in a span of time: when, and until when, or null where they stand. */
export async function alarmsRaised(
  tx: Tx,
  { bank, fromMs, toMs }: { bank: BankId; fromMs: number; toMs: number },
): Promise<{ raisedAtMs: number; endedAtMs: number | null }[]> {
  const { rows } = await sql<{ raisedAtMs: number; endedAtMs: number | null }>`
    select raised_at_ms as "raisedAtMs", ended_at_ms as "endedAtMs" from alarms
    where bank_id = ${bank} and raised_at_ms >= ${fromMs} and raised_at_ms < ${toMs} order by ord`.execute(
    tx,
  );
  return rows;
}

/** The conditions that stand at these banks: by door, and under null what is the bank's as a whole. */
export async function conditionsAt(
  tx: Tx,
  banks: readonly string[],
): Promise<{ bank: string; compartment: number | null; conditions: string[] }[]> {
  const { rows } = await sql<{ bank: string; compartment: number | null; conditions: string[] }>`
    select bank_id as bank, compartment, array_agg(distinct condition order by condition) as conditions
    from alarms where ended_at_ms is null and bank_id = any(${textColumn(banks)}::text[])
    group by bank_id, compartment`.execute(tx);
  return rows;
}

export type Attention = {
  kind: string;
  severity: 'alarm' | 'warning' | 'note';
  says: string;
  atMs: number;
  link: string | null;
  alarm: {
    bank: BankId;
    condition: string;
    compartment: number | null;
    raisedAtMs: number;
    endsBy: 'person' | 'bank';
    care: { by: PersonId; atMs: number } | null;
  };
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
  log: 'what it was shown of the log contradicts what it remembers',
  discrepancy: 'what the records say about a parcel does not fit together',
};

/** One plain sentence. */
export function sentenceOf(alarm: Alarm): string {
  const door = alarm.compartment === null ? '' : `, door ${alarm.compartment}`;
  const numbers =
    alarm.firstSeq === null ? '' : ` (numbers ${alarm.firstSeq} to ${alarm.lastSeq ?? alarm.firstSeq})`;
  return `${alarm.bankName}${door}: ${SAYS[alarm.condition] ?? alarm.condition}${numbers}`;
}

/** What needs a person, in plain words, for the admin's list. */
export async function alarms(tx: Tx): Promise<Attention[]> {
  return (await openAlarms(tx)).map((alarm) => {
    const { bank, condition, compartment, raisedAtMs, caredAtMs, caredBy } = alarm;
    const care = caredAtMs === null || caredBy === null ? null : { by: caredBy, atMs: caredAtMs };
    return {
      kind: condition,
      severity: condition === 'ajar' || condition === 'power' ? 'warning' : 'alarm',
      says: sentenceOf(alarm),
      atMs: raisedAtMs,
      link: linkOf(alarm),
      alarm: { bank, condition, compartment, raisedAtMs, endsBy: endsBy(condition), care },
    };
  });
}

/** To the page where something can be done about it: the door, or what does not fit. */
function linkOf({ bank, compartment, condition }: Alarm): string {
  if (condition === 'discrepancy') return `/admin/reconciliation?bank=${bank}`;
  return compartment === null ? `/admin/banks/${bank}` : `/admin/banks/${bank}/${compartment}`;
}

export const alarmProjection: Projection = {
  kinds: ['alarm.raised', 'alarm.ended'],
  follow: async (_cloud, _tx, { told }) =>
    told
      .filter(
        ({ record }) => record.kind === 'alarm.raised' || endsBy(String(record.facts.condition)) === 'bank',
      )
      .map(({ record }) => ({
        move: record.kind === 'alarm.raised' ? 'begins' : 'ends',
        seq: record.seq,
        condition: String(record.facts.condition),
        compartment: record.compartment ?? null,
        names: null,
        atMs: record.time.atMs,
      })),
};

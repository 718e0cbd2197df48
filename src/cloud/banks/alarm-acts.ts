/**
 * What persons do about alarms. What was found wrong with a bank itself (a fork, a roll-back, what was refused) no
 * bank and no batch may end once somebody looks into it: a person takes it into care, inquires, and ends it with a
 * reason. Who, when and why are only ever added to. The alarm's row stays, and the same thing begins a new alarm.
 */
import { sql } from 'kysely';
import type { z } from 'zod';
import type { alarmCare, alarmEnd, alarmRow } from '../../contract/http/alarms.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { BankId, PersonId } from '../../domain/ids.ts';
import { integerColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import { ALARM_COLUMNS, type Alarm, endsBy, sentenceOf } from './alarms.ts';

type Named = z.infer<typeof alarmCare> & { bank: BankId; by: PersonId };
type Act = z.infer<typeof alarmRow>['acts'][number];

/** Takes an alarm into care. Whoever cares for it is shown beside it; it stands until it is over. */
export async function care(cloud: Cloud, tx: Tx, of: Named): Promise<void> {
  const standing = await lockStanding(tx, of);
  const free = standing.find(({ caredAtMs }) => caredAtMs === null);
  if (!free)
    throw new HoldfastError(
      'conflict',
      standing.length > 0 ? 'Somebody cares for it already.' : 'No such alarm stands at this bank.',
    );
  const atMs = cloud.clock.nowMs();
  await sql`update alarms set cared_at_ms = ${atMs}, cared_by = ${of.by} where ord = ${free.ord}`.execute(tx);
  await sql`insert into alarm_acts (alarm, act, person_id, at_ms)
    values (${free.ord}, 'care', ${of.by}, ${atMs})`.execute(tx);
  const { facts, fields, place } = told(of);
  await cloud.journal.record(tx, { kind: 'alarm.cared', ...place, facts, fields }, { person: of.by });
  await cloud.changed(tx, ['attention']);
}

/** Ends one that somebody cares for, of those that end by nothing else. */
export async function end(
  cloud: Cloud,
  tx: Tx,
  of: Named & Pick<z.infer<typeof alarmEnd>, 'reason' | 'note'>,
): Promise<void> {
  if (endsBy(of.condition) !== 'person')
    throw new HoldfastError('conflict', 'The bank’s own records end that alarm, or an order does.');
  const standing = await lockStanding(tx, of);
  const cared = standing.find(({ caredAtMs }) => caredAtMs !== null);
  if (!cared)
    throw new HoldfastError(
      'conflict',
      standing.length > 0 ? 'Take it into care first.' : 'No such alarm stands at this bank.',
    );
  const atMs = cloud.clock.nowMs();
  const note = await cloud.keys.sealForTenant(tx, placeOfNote(cared.ord), of.note);
  await sql`update alarms set ended_at_ms = ${atMs} where ord = ${cared.ord}`.execute(tx);
  await sql`insert into alarm_acts (alarm, act, person_id, at_ms, reason, note)
    values (${cared.ord}, 'end', ${of.by}, ${atMs}, ${of.reason}, ${note})`.execute(tx);
  const { facts, fields, place } = told(of);
  await cloud.journal.record(
    tx,
    {
      kind: 'alarm.settled',
      ...place,
      facts: { ...facts, found: of.reason },
      fields: { ...fields, note: of.note },
    },
    { person: of.by },
  );
  await cloud.changed(tx, ['attention', 'banks']);
}

/** What the record of an act says: which condition, at which door if at one, of which bank, and by whom. */
const told = ({ bank, by, condition, compartment }: Named) => ({
  facts: { condition },
  fields: { person: by, subject: bank },
  place: compartment === null ? {} : { compartment },
});

export const placeOfNote = (ord: number) => `alarm-end\0${ord}`;

type Standing = { ord: number; caredAtMs: number | null };

async function lockStanding(tx: Tx, of: Named): Promise<Standing[]> {
  const { rows } = await sql<Standing>`select ord, cared_at_ms as "caredAtMs" from alarms
    where bank_id = ${of.bank} and condition = ${of.condition} and raised_at_ms = ${of.raisedAtMs}
      and compartment is not distinct from ${of.compartment}::int and ended_at_ms is null
    order by ord for update`.execute(tx);
  return rows;
}

type ActSql = Omit<Act, 'by' | 'note'> & { alarm: number; person: PersonId; note: Uint8Array | null };
type NamedAct = Omit<Act, 'by'> & { by: PersonId };
export type AlarmHistory = Omit<z.infer<typeof alarmRow>, 'acts'> & { acts: NamedAct[] };

/** Every alarm, newest first, with what persons did about it. */
export async function history(cloud: Cloud, tx: Tx, asked: PageAsked): Promise<Page<AlarmHistory>> {
  const { rows, nextCursor } = await pageOf<Alarm>(cloud, tx, {
    name: 'alarms',
    asked,
    read: (after, limit) => alarmsBefore(tx, after === undefined ? null : Number(after[0]), limit),
    position: ({ ord }) => [ord],
  });
  const acts = Map.groupBy(await actsOf(tx, rows), ({ alarm }) => alarm);
  const shown = rows.map(async (alarm): Promise<AlarmHistory> => {
    const { bank, bankName, condition, compartment, raisedAtMs, endedAtMs } = alarm;
    const said = await Promise.all((acts.get(alarm.ord) ?? []).map((act) => opened(cloud, tx, act)));
    const named = { bank, bankName, condition, compartment, raisedAtMs, endedAtMs };
    return { ...named, says: sentenceOf(alarm), acts: said };
  });
  return { rows: await Promise.all(shown), nextCursor };
}

async function alarmsBefore(tx: Tx, before: number | null, limit: number): Promise<Alarm[]> {
  const { rows } = await sql<Alarm>`select ${ALARM_COLUMNS} from alarms join banks using (bank_id)
    where ${before}::bigint is null or alarms.ord < ${before} order by alarms.ord desc limit ${limit}`.execute(
    tx,
  );
  return rows;
}

async function actsOf(tx: Tx, alarms: readonly Alarm[]): Promise<ActSql[]> {
  const { rows } = await sql<ActSql>`select alarm, act, person_id as person, at_ms as "atMs", reason, note
    from alarm_acts where alarm = any(${integerColumn(alarms.map(({ ord }) => ord))}::bigint[]) order by ord`.execute(
    tx,
  );
  return rows;
}

async function opened(cloud: Cloud, tx: Tx, of: ActSql): Promise<NamedAct> {
  const { act, person: by, atMs, reason } = of;
  const note = of.note && (await openNote(cloud, tx, { alarm: of.alarm, note: of.note }));
  return { act, by, atMs, reason, note: note ?? null };
}

/** In whose words an alarm was ended; undefined where it does not open. */
export const openNote = (cloud: Cloud, tx: Tx, of: { alarm: number; note: Uint8Array }) =>
  cloud.keys.openForTenant(tx, placeOfNote(of.alarm), new Uint8Array(of.note));

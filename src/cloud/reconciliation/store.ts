/** SQL of discrepancies, counts and the last sight of each door. */
import { sql } from 'kysely';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

export type Reported = {
  bank: string;
  seq: number;
  compartment: number | null;
  what: string;
  parcel: string | null;
  atMs: number;
};
export type Count = Omit<Reported, 'what' | 'compartment'> & { compartment: number; found: string };

export async function insertDiscrepancies(tx: Tx, rows: readonly Reported[]): Promise<void> {
  for (const { bank, seq, compartment, what, parcel, atMs } of rows)
    await sql`insert into discrepancies (bank_id, seq, compartment, what, parcel_id, at_ms)
      values (${bank}, ${seq}, ${compartment}, ${what}, ${parcel}, ${atMs})`.execute(tx);
}

export async function insertCounts(tx: Tx, rows: readonly Count[]): Promise<void> {
  for (const { bank, seq, compartment, found, parcel, atMs } of rows)
    await sql`insert into counts (bank_id, seq, compartment, found, parcel_id, at_ms)
      values (${bank}, ${seq}, ${compartment}, ${found}, ${parcel}, ${atMs})`.execute(tx);
}

export type Sight = {
  occupied: 'yes' | 'no' | 'unsensed';
  occupiedSeq: number | null;
  occupiedAtMs: number | null;
  forcedSeq: number | null;
  forcedAtMs: number | null;
};
export const NO_SIGHT: Sight = {
  occupied: 'unsensed',
  occupiedSeq: null,
  occupiedAtMs: null,
  forcedSeq: null,
  forcedAtMs: null,
};

export async function lockSights(
  tx: Tx,
  bank: string,
  doors: readonly number[],
): Promise<Map<number, Sight>> {
  if (doors.length === 0) return new Map();
  const { rows } = await sql<Sight & { n: number }>`
    select compartment as n, occupied, occupied_seq as "occupiedSeq", occupied_at_ms as "occupiedAtMs",
      forced_seq as "forcedSeq", forced_at_ms as "forcedAtMs" from door_sights
    where bank_id = ${bank} and compartment = any(${integerColumn([...new Set(doors)])}::bigint[])
    order by compartment for update`.execute(tx);
  return new Map(rows.map(({ n, ...sight }) => [n, sight]));
}

export async function writeSights(tx: Tx, bank: string, sights: ReadonlyMap<number, Sight>): Promise<void> {
  if (sights.size === 0) return;
  const rows = [...sights].sort(([a], [b]) => a - b);
  const numbers = (of: (sight: Sight) => number | null) => integerColumn(rows.map(([, sight]) => of(sight)));
  await sql`insert into door_sights (bank_id, compartment, occupied, occupied_seq, occupied_at_ms, forced_seq, forced_at_ms)
    select ${bank}, n, occupied, occupied_seq, occupied_at_ms, forced_seq, forced_at_ms
    from unnest(${integerColumn(rows.map(([n]) => n))}::bigint[], ${textColumn(rows.map(([, { occupied }]) => occupied))}::text[],
      ${numbers((one) => one.occupiedSeq)}::bigint[], ${numbers((one) => one.occupiedAtMs)}::bigint[],
      ${numbers((one) => one.forcedSeq)}::bigint[], ${numbers((one) => one.forcedAtMs)}::bigint[])
      as seen (n, occupied, occupied_seq, occupied_at_ms, forced_seq, forced_at_ms)
    on conflict (bank_id, compartment) do update set occupied = excluded.occupied, occupied_seq = excluded.occupied_seq,
      occupied_at_ms = excluded.occupied_at_ms, forced_seq = excluded.forced_seq, forced_at_ms = excluded.forced_at_ms`.execute(
    tx,
  );
}

/** About what lies behind a door; the next count of that door answers it. The others are about a parcel itself. */
export const BY_COUNT: readonly string[] = [
  'not-received',
  'door-did-not-open',
  'not-my-parcel',
  'left-unconfirmed',
  'sensed-against-word',
  'found-empty',
  'found-occupied',
];
const byCount = sql`d.what = any(${[...BY_COUNT]}::text[])`;
/** The next count of that door, and what its recipient did: either answers what is about a door. */
const answers = sql`left join lateral (select seq, found, at_ms from counts c
    where ${byCount} and c.bank_id = d.bank_id and c.compartment = d.compartment and c.seq > d.seq
    order by c.seq limit 1) as counted on true
  left join parcels p on ${byCount} and p.parcel_id = d.parcel_id and p.state = 'collected'`;

/** Nobody counts a bank that is out of service; what a person answers is answered there too. */
const isCountable = sql`not (${byCount} and exists (select from banks b
  where b.bank_id = d.bank_id and b.retired_at_ms is not null))`;

/** Reported, and answered by nothing yet. Oldest last. */
export async function openReported(
  tx: Tx,
  of: { bank: string | undefined; limit: number },
): Promise<Reported[]> {
  const { rows } = await sql<Reported>`
    select d.bank_id as bank, d.seq, d.compartment, d.what, d.parcel_id as parcel, d.at_ms as "atMs"
    from discrepancies d ${answers}
    where (${of.bank ?? null}::text is null or d.bank_id = ${of.bank ?? null})
      and d.resolved_at_ms is null and counted.seq is null and p.parcel_id is null and ${isCountable}
    order by d.at_ms desc, d.seq desc limit ${of.limit}`.execute(tx);
  return rows;
}

export type Explained = Reported & {
  by: 'count' | 'collected' | 'person';
  how: string | null;
  explainedAtMs: number;
};

/** The last that were answered: by a person first of all, then by whichever came first of the others. */
export async function lastExplained(
  tx: Tx,
  of: { bank: string | undefined; limit: number },
): Promise<Explained[]> {
  const { rows } = await sql<Explained>`
    select d.bank_id as bank, d.seq, d.compartment, d.what, d.parcel_id as parcel, d.at_ms as "atMs",
      case when d.resolved_at_ms is not null then 'person' when counted.seq is not null then 'count' else 'collected' end as by,
      coalesce(d.resolved_how, counted.found) as how,
      coalesce(d.resolved_at_ms, counted.at_ms, p.ended_at_ms) as "explainedAtMs"
    from discrepancies d ${answers}
    where (${of.bank ?? null}::text is null or d.bank_id = ${of.bank ?? null})
      and coalesce(d.resolved_at_ms, counted.at_ms, p.ended_at_ms) is not null
    order by "explainedAtMs" desc, d.seq desc limit ${of.limit}`.execute(tx);
  return rows;
}

export type Against = {
  bank: string;
  compartment: number | null;
  kind:
    | 'sensed-empty'
    | 'sensed-occupied'
    | 'forced'
    | 'parcel-without-door'
    | 'door-without-parcel'
    | 'misfit';
  parcel: string | null;
  seq: number | null;
  atMs: number;
};

const isServing = sql`not exists (select from banks b
  where b.bank_id = s.bank_id and b.retired_at_ms is not null)`;

/**
 * The record against the sensor. What a count or a report came after is left to that: somebody has looked, or
 * has said so in words.
 */
export async function againstSensors(tx: Tx, bank: string | undefined): Promise<Against[]> {
  const { rows } = await sql<Against>`
    select s.bank_id as bank, s.compartment, c.parcel_id as parcel, s.occupied_seq as seq, s.occupied_at_ms as "atMs",
      case when s.occupied = 'no' then 'sensed-empty' else 'sensed-occupied' end as kind
    from door_sights s join compartments c on c.bank_id = s.bank_id and c.n = s.compartment
    where (${bank ?? null}::text is null or s.bank_id = ${bank ?? null}) and ${isServing}
      and ((s.occupied = 'no' and c.use in ('occupied', 'held')) or (s.occupied = 'yes' and c.use = 'empty'))
      and not exists (select 1 from counts k
        where k.bank_id = s.bank_id and k.compartment = s.compartment and k.seq > s.occupied_seq)
      and not exists (select 1 from discrepancies d
        where d.bank_id = s.bank_id and d.compartment = s.compartment and d.seq > s.occupied_seq)
    union all
    select s.bank_id, s.compartment, c.parcel_id, s.forced_seq, s.forced_at_ms, 'forced'
    from door_sights s left join compartments c on c.bank_id = s.bank_id and c.n = s.compartment
    where (${bank ?? null}::text is null or s.bank_id = ${bank ?? null}) and s.forced_seq is not null and ${isServing}
      and not exists (select 1 from counts k
        where k.bank_id = s.bank_id and k.compartment = s.compartment and k.seq > s.forced_seq)
    order by "atMs" desc limit 500`.execute(tx);
  return rows;
}

/** One of our pictures against the other, and records of a parcel that did not fit when they came. */
export async function againstEachOther(tx: Tx, bank: string | undefined): Promise<Against[]> {
  const { rows } = await sql<Against>`
    select p.bank_id as bank, p.compartment, p.parcel_id as parcel, null::bigint as seq, p.accepted_at_ms as "atMs",
      'parcel-without-door' as kind
    from parcels p left join compartments c on c.bank_id = p.bank_id and c.n = p.compartment
    where p.state in ('waiting', 'held') and (${bank ?? null}::text is null or p.bank_id = ${bank ?? null})
      and (c.n is null or c.use not in ('occupied', 'held') or c.parcel_id is distinct from p.parcel_id)
    union all
    select c.bank_id, c.n, c.parcel_id, null::bigint, coalesce(c.since_ms, 0), 'door-without-parcel'
    from compartments c left join parcels p on p.parcel_id = c.parcel_id and p.bank_id = c.bank_id
    where c.use in ('occupied', 'held') and (${bank ?? null}::text is null or c.bank_id = ${bank ?? null})
      and (p.parcel_id is null or p.state not in ('waiting', 'held'))
    union all
    select a.bank_id, a.compartment, null, a.first_seq, a.raised_at_ms, 'misfit'
    from alarms a where a.condition = 'discrepancy' and a.ended_at_ms is null and a.first_seq is not null
      and (${bank ?? null}::text is null or a.bank_id = ${bank ?? null})
    order by "atMs" desc limit 500`.execute(tx);
  return rows;
}

export type Counted = {
  n: number;
  use: 'empty' | 'reserved' | 'occupied' | 'held';
  withdrawn: boolean;
  occupied: Sight['occupied'];
  seq: number | null;
  found: string | null;
  atMs: number | null;
};

/** Every door of a bank, with its last count. */
export async function countsOf(tx: Tx, bank: string): Promise<Counted[]> {
  const { rows } = await sql<Counted>`
    select c.n, c.use, c.withdrawn, coalesce(s.occupied, 'unsensed') as occupied, k.seq, k.found, k.at_ms as "atMs"
    from compartments c left join door_sights s on s.bank_id = c.bank_id and s.compartment = c.n
    left join lateral (select seq, found, at_ms from counts
      where bank_id = c.bank_id and compartment = c.n order by seq desc limit 1) as k on true
    where c.bank_id = ${bank} order by c.n`.execute(tx);
  return rows;
}

/** One that is open still, locked until the transaction ends. */
export async function lockOpen(tx: Tx, of: { bank: string; seq: number }): Promise<Reported | undefined> {
  const { rows } = await sql<Reported>`
    select d.bank_id as bank, d.seq, d.compartment, d.what, d.parcel_id as parcel, d.at_ms as "atMs"
    from discrepancies d ${answers}
    where d.bank_id = ${of.bank} and d.seq = ${of.seq}
      and d.resolved_at_ms is null and counted.seq is null and p.parcel_id is null for update of d`.execute(
    tx,
  );
  return rows[0];
}

export async function setResolved(
  tx: Tx,
  of: { bank: string; seq: number; how: string; atMs: number },
): Promise<void> {
  await sql`update discrepancies set resolved_how = ${of.how}, resolved_at_ms = ${of.atMs}
    where bank_id = ${of.bank} and seq = ${of.seq}`.execute(tx);
}

export async function hasAlarm(tx: Tx, bank: string, compartment: number | null): Promise<boolean> {
  const { rows } = await sql`select 1 from alarms where bank_id = ${bank} and condition = 'discrepancy'
    and ended_at_ms is null and compartment is not distinct from ${compartment}::int`.execute(tx);
  return rows.length > 0;
}

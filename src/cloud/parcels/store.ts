/** SQL of parcels and of the records that tell of them. */
import { sql } from 'kysely';
import type { BankId, CarrierId, ParcelId, PersonId } from '../../domain/ids.ts';
import { bytesColumn, integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Standing } from './custody.ts';

export type Parcel = Standing & {
  parcel: ParcelId;
  bank: BankId;
  carrier: CarrierId | null;
  courier: PersonId | null;
  recipient: PersonId | null;
  tracking: Uint8Array | null;
  ord: number;
};

type ParcelSql = {
  parcel_id: ParcelId;
  bank_id: BankId;
  compartment: number;
  size: Parcel['size'];
  state: Parcel['state'];
  custody: Parcel['custody'];
  carrier_id: CarrierId | null;
  courier_id: PersonId | null;
  recipient_id: PersonId | null;
  tracking: Uint8Array | null;
  accepted_at_ms: number;
  deposited_at_ms: number | null;
  until_ms: number | null;
  ended_at_ms: number | null;
  ord: number;
};

const parcelOf = (row: ParcelSql): Parcel => ({
  parcel: row.parcel_id,
  bank: row.bank_id,
  compartment: row.compartment,
  size: row.size,
  state: row.state,
  custody: row.custody,
  carrier: row.carrier_id,
  courier: row.courier_id,
  recipient: row.recipient_id,
  tracking: row.tracking,
  acceptedAtMs: row.accepted_at_ms,
  depositedAtMs: row.deposited_at_ms,
  untilMs: row.until_ms,
  endedAtMs: row.ended_at_ms,
  ord: row.ord,
});

/** In the order given, which is the order in which they are listed. */
export async function insertParcels(tx: Tx, rows: readonly Omit<Parcel, 'ord'>[]): Promise<void> {
  if (rows.length === 0) return;
  type Row = Omit<Parcel, 'ord'>;
  const text = (of: (row: Row) => string | null) => textColumn(rows.map(of));
  const numbers = (of: (row: Row) => number | null) => integerColumn(rows.map(of));
  await sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id,
      tracking, accepted_at_ms, deposited_at_ms, until_ms, ended_at_ms)
    select parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id,
      tracking, accepted_at_ms, deposited_at_ms, until_ms, ended_at_ms
    from unnest(${text(({ parcel }) => parcel)}::text[], ${text(({ bank }) => bank)}::text[], ${numbers(({ compartment }) => compartment)}::bigint[],
      ${text(({ size }) => size)}::text[], ${text(({ state }) => state)}::text[], ${text(({ custody }) => custody)}::text[],
      ${text(({ carrier }) => carrier)}::text[], ${text(({ courier }) => courier)}::text[], ${text(({ recipient }) => recipient)}::text[],
      ${bytesColumn(rows.map(({ tracking }) => tracking))}::bytea[], ${numbers(({ acceptedAtMs }) => acceptedAtMs)}::bigint[],
      ${numbers(({ depositedAtMs }) => depositedAtMs)}::bigint[], ${numbers(({ untilMs }) => untilMs)}::bigint[],
      ${numbers(({ endedAtMs }) => endedAtMs)}::bigint[]) with ordinality
      as fresh (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id,
        tracking, accepted_at_ms, deposited_at_ms, until_ms, ended_at_ms, ord)
    order by fresh.ord`.execute(tx);
}

export async function updateStandings(
  tx: Tx,
  rows: readonly (Standing & { parcel: ParcelId })[],
): Promise<void> {
  if (rows.length === 0) return;
  type Row = (typeof rows)[number];
  const text = (of: (row: Row) => string | null) => textColumn(rows.map(of));
  const numbers = (of: (row: Row) => number | null) => integerColumn(rows.map(of));
  await sql`update parcels set state = next.state, custody = next.custody, deposited_at_ms = next.deposited_at_ms,
      until_ms = next.until_ms, ended_at_ms = next.ended_at_ms
    from unnest(${text(({ parcel }) => parcel)}::text[], ${text(({ state }) => state)}::text[], ${text(({ custody }) => custody)}::text[],
      ${numbers(({ depositedAtMs }) => depositedAtMs)}::bigint[], ${numbers(({ untilMs }) => untilMs)}::bigint[],
      ${numbers(({ endedAtMs }) => endedAtMs)}::bigint[])
      as next (parcel_id, state, custody, deposited_at_ms, until_ms, ended_at_ms)
    where parcels.parcel_id = next.parcel_id`.execute(tx);
}

export async function findParcel(tx: Tx, parcel: string): Promise<Parcel | undefined> {
  const { rows } = await sql<ParcelSql>`select * from parcels where parcel_id = ${parcel}`.execute(tx);
  return rows[0] && parcelOf(rows[0]);
}

/** These parcels, and those that take up one of these doors; in the order in which they came. */
export async function parcelsOf(
  tx: Tx,
  of: { parcels: readonly string[]; bank: string; doors: readonly number[] },
): Promise<Parcel[]> {
  const { rows } =
    await sql<ParcelSql>`select * from parcels where parcel_id = any(${textColumn([...new Set(of.parcels)])}::text[])
    union select * from parcels where bank_id = ${of.bank} and compartment = any(${integerColumn([...new Set(of.doors)])}::bigint[])
      and state in ('accepted', 'waiting', 'held') order by ord`.execute(tx);
  return rows.map(parcelOf);
}

/**
 * Inside by the last record, in a bank that is out of service for good: no record will end them. Their rows stay what
 * the records make of them, so that they can be folded anew.
 */
export const IS_LOST = sql`(state in ('accepted', 'waiting', 'held')
  and bank_id in (select bank_id from banks where retired_at_ms is not null))`;

export type ListedState = Parcel['state'] | 'lost';
export type ParcelQuery = {
  states?: readonly ListedState[] | undefined;
  bank?: string | undefined;
  recipient?: string;
  courier?: string;
  /** Left in a bank at this moment or later. */
  sinceMs?: number | undefined;
};

/** Newest first. */
export async function listParcels(
  tx: Tx,
  of: ParcelQuery,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<Parcel[]> {
  const { rows } = await sql<ParcelSql>`select * from parcels
    where ${inStates(of.states)}
      and (${of.bank ?? null}::text is null or bank_id = ${of.bank ?? null})
      and (${of.recipient ?? null}::text is null or recipient_id = ${of.recipient ?? null})
      and (${of.courier ?? null}::text is null or courier_id = ${of.courier ?? null})
      and (${of.sinceMs ?? null}::bigint is null or coalesce(deposited_at_ms, accepted_at_ms) >= ${of.sinceMs ?? null})
      and (${before ?? null}::bigint is null or ord < ${before ?? null})
    order by ord desc limit ${limit}`.execute(tx);
  return rows.map(parcelOf);
}

function inStates(states: readonly ListedState[] | undefined) {
  if (states === undefined) return sql`true`;
  const isNotLost = sql`(state = any(${[...states]}::text[]) and not ${IS_LOST})`;
  return states.includes('lost') ? sql`(${isNotLost} or ${IS_LOST})` : isNotLost;
}

/** Which of these banks are out of service, with the record of the tenant's own journal that says so. */
export async function retiredOf(tx: Tx, banks: readonly BankId[]): Promise<Map<BankId, { seq: number }>> {
  const { rows } = await sql<{
    bank: BankId;
    seq: number;
  }>`select bank_id as bank, retired_seq as seq from banks
    where retired_at_ms is not null and bank_id = any(${textColumn([...new Set(banks)])}::text[])`.execute(
    tx,
  );
  return new Map(rows.map(({ bank, seq }) => [bank, { seq }]));
}

/** Inside, and their time is over: the longest over first. */
export async function overdueParcels(
  tx: Tx,
  of: { bank: string | undefined; nowMs: number },
  { after, limit }: { after: { untilMs: number; ord: number } | undefined; limit: number },
): Promise<Parcel[]> {
  const { rows } = await sql<ParcelSql>`select * from parcels
    where state in ('waiting', 'held') and until_ms < ${of.nowMs} and not ${IS_LOST}
      and (${of.bank ?? null}::text is null or bank_id = ${of.bank ?? null})
      and (${after?.ord ?? null}::bigint is null or (until_ms, ord) > (${after?.untilMs ?? 0}, ${after?.ord ?? 0}))
    order by until_ms, ord limit ${limit}`.execute(tx);
  return rows.map(parcelOf);
}

export async function everyParcel(tx: Tx): Promise<Parcel[]> {
  const { rows } = await sql<ParcelSql>`select * from parcels order by ord`.execute(tx);
  return rows.map(parcelOf);
}

/** The records of one batch that tell of one parcel. */
export type Events = { parcel: ParcelId; seqs: readonly number[] };

export async function insertEvents(tx: Tx, source: BankId, rows: readonly Events[]): Promise<void> {
  if (rows.length === 0) return;
  await sql`insert into parcel_events (parcel_id, source, seq, also)
    select parcel_id, ${source}, seq, also::bigint[]
    from unnest(${textColumn(rows.map(({ parcel }) => parcel))}::text[], ${integerColumn(rows.map(({ seqs }) => seqs[0] ?? null))}::bigint[],
      ${textColumn(rows.map(({ seqs }) => `{${seqs.slice(1)}}`))}::text[]) as fresh (parcel_id, seq, also)`.execute(
    tx,
  );
}

/** Numbers of records of its own bank: whatever else stands here of another journal is nobody's word about it. */
export async function eventsOf(tx: Tx, { parcel, bank }: Pick<Parcel, 'parcel' | 'bank'>): Promise<number[]> {
  const { rows } = await sql<{ seq: number }>`select unnest(seq || also) as seq
    from parcel_events where parcel_id = ${parcel} and source = ${bank} order by seq`.execute(tx);
  return rows.map(({ seq }) => seq);
}

export type Doubted = { parcel: ParcelId; bank: BankId; compartment: number; atMs: number };

/**
 * Parcels that wait although a word about them did not fit what was sensed: said to be inside, and nothing seen. Where
 * the bank raised its alarm for it, that says so, and ends with the doubt; agents of before raised none.
 */
export async function doubtedParcels(tx: Tx): Promise<Doubted[]> {
  const { rows } = await sql<Doubted>`
    select p.parcel_id as parcel, p.bank_id as bank, p.compartment, max(r.at_ms) as "atMs"
    from parcels p join parcel_events e on e.parcel_id = p.parcel_id and e.source = p.bank_id
      join records r on r.source = e.source and r.seq = any(e.seq || e.also)
    where p.state = 'waiting' and r.kind = 'discrepancy.reported'
      and not exists (select from banks b where b.bank_id = p.bank_id and b.retired_at_ms is not null)
      and not exists (select from alarms a where a.bank_id = p.bank_id and a.compartment = p.compartment
        and a.condition = 'discrepancy' and (a.ended_at_ms is null or a.raised_at_ms >= r.at_ms))
    group by p.parcel_id, p.bank_id, p.compartment order by max(r.at_ms) desc limit 200`.execute(tx);
  return rows;
}

export type Inside = { parcel: ParcelId; bank: BankId; compartment: number };

/** Parcels that are in a bank, or on the way into it, and are this person's to take or to put in. None of a bank out of service. */
export async function insideOf(tx: Tx, person: PersonId): Promise<Inside[]> {
  const { rows } = await sql<Inside>`select parcel_id as parcel, bank_id as bank, compartment from parcels
    where ((state in ('accepted', 'waiting', 'held') and recipient_id = ${person})
      or (state = 'accepted' and courier_id = ${person})) and not ${IS_LOST} order by ord limit 100`.execute(
    tx,
  );
  return rows;
}

/** Who had a part in it, as far as they are known here, and behind which door; undefined when there is no such parcel. */
export async function partiesOf(
  tx: Tx,
  parcel: ParcelId,
): Promise<{ recipient: PersonId | null; courier: PersonId | null; compartment: number } | undefined> {
  const { rows } = await sql<{
    recipient: PersonId | null;
    courier: PersonId | null;
    compartment: number;
  }>`select recipient_id as recipient, courier_id as courier, compartment from parcels where parcel_id = ${parcel}`.execute(
    tx,
  );
  return rows[0];
}

/** Of parcels that have ended, who had them and under which number is gone; that they were here stays. */
export async function forgetPerson(tx: Tx, person: PersonId): Promise<void> {
  await sql`update parcels set recipient_id = null, tracking = null where recipient_id = ${person}`.execute(
    tx,
  );
  await sql`update parcels set courier_id = null where courier_id = ${person}`.execute(tx);
}

/**
 * Bank and door of every open alarm that names a record of a parcel of this person's. What only a bank's own records
 * end, at one that is out of service, stands there for ever and is asked of nobody.
 */
export async function alarmsAbout(tx: Tx, person: PersonId): Promise<{ bank: BankId; condition: string }[]> {
  const { rows } = await sql<{ bank: BankId; condition: string }>`
    select distinct a.bank_id as bank, a.condition from alarms a
      join parcel_events e on e.source = a.bank_id
      join parcels p on p.parcel_id = e.parcel_id and p.bank_id = e.source
      join banks b on b.bank_id = a.bank_id
    where a.ended_at_ms is null and a.first_seq is not null
      and (b.retired_at_ms is null or a.condition <> 'discrepancy')
      and exists (select 1 from unnest(e.seq || e.also) as said (seq) where said.seq between a.first_seq and a.last_seq)
      and (p.recipient_id = ${person} or p.courier_id = ${person}) limit 20`.execute(tx);
  return rows;
}

/** Those of the parcels that are of this person. */
export async function ofPerson(tx: Tx, parcels: readonly string[], person: PersonId): Promise<ParcelId[]> {
  const { rows } = await sql<{ parcel: ParcelId }>`select parcel_id as parcel from parcels
    where parcel_id = any(${textColumn([...parcels])}::text[]) and (recipient_id = ${person} or courier_id = ${person})`.execute(
    tx,
  );
  return rows.map(({ parcel }) => parcel);
}

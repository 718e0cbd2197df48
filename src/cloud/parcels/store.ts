/** SQL of parcels and of the records that tell of them. */
import { sql } from 'kysely';
import type { BankId, CarrierId, ParcelId, PersonId } from '../../domain/ids.ts';
import { type Tx, tables } from '../../platform/database.ts';
import type { Standing } from './custody.ts';

type ParcelTables = { parcel_events: { parcel_id: string; source: string; seq: number } };

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

export async function insertParcel(tx: Tx, of: Omit<Parcel, 'ord'>): Promise<void> {
  await sql`insert into parcels (parcel_id, bank_id, compartment, size, state, custody, carrier_id, courier_id, recipient_id, tracking, accepted_at_ms)
    values (${of.parcel}, ${of.bank}, ${of.compartment}, ${of.size}, ${of.state}, ${of.custody}, ${of.carrier}, ${of.courier}, ${of.recipient},
      ${of.tracking}, ${of.acceptedAtMs})`.execute(tx);
}

export async function updateStanding(tx: Tx, parcel: string, to: Standing): Promise<void> {
  await sql`update parcels set state = ${to.state}, custody = ${to.custody}, deposited_at_ms = ${to.depositedAtMs}, until_ms = ${to.untilMs},
    ended_at_ms = ${to.endedAtMs} where parcel_id = ${parcel}`.execute(tx);
}

export async function findParcel(tx: Tx, parcel: string): Promise<Parcel | undefined> {
  const { rows } = await sql<ParcelSql>`select * from parcels where parcel_id = ${parcel}`.execute(tx);
  return rows[0] && parcelOf(rows[0]);
}

/** The parcel that takes up a compartment now. */
export async function parcelInside(tx: Tx, bank: string, compartment: number): Promise<ParcelId | undefined> {
  const { rows } = await sql<{ parcel: ParcelId }>`select parcel_id as parcel from parcels
    where bank_id = ${bank} and compartment = ${compartment} and state in ('accepted', 'waiting', 'held') order by ord desc limit 1`.execute(
    tx,
  );
  return rows[0]?.parcel;
}

export type ParcelQuery = {
  states?: readonly Parcel['state'][] | undefined;
  bank?: string | undefined;
  recipient?: string;
  courier?: string;
};

/** Newest first. */
export async function listParcels(
  tx: Tx,
  of: ParcelQuery,
  { before, limit }: { before?: number | undefined; limit: number },
): Promise<Parcel[]> {
  const { rows } = await sql<ParcelSql>`select * from parcels
    where (${of.states ?? null}::text[] is null or state = any(${of.states ?? null}::text[]))
      and (${of.bank ?? null}::text is null or bank_id = ${of.bank ?? null})
      and (${of.recipient ?? null}::text is null or recipient_id = ${of.recipient ?? null})
      and (${of.courier ?? null}::text is null or courier_id = ${of.courier ?? null})
      and (${before ?? null}::bigint is null or ord < ${before ?? null})
    order by ord desc limit ${limit}`.execute(tx);
  return rows.map(parcelOf);
}

export async function everyParcel(tx: Tx): Promise<Parcel[]> {
  const { rows } = await sql<ParcelSql>`select * from parcels order by ord`.execute(tx);
  return rows.map(parcelOf);
}

export async function insertEvent(tx: Tx, row: ParcelTables['parcel_events']): Promise<void> {
  await tables<ParcelTables>(tx).insertInto('parcel_events').values(row).execute();
}

export async function eventsOf(tx: Tx, parcel: string): Promise<{ source: BankId; seq: number }[]> {
  const { rows } = await sql<{
    source: BankId;
    seq: number;
  }>`select source, seq from parcel_events where parcel_id = ${parcel} order by seq`.execute(tx);
  return rows;
}

export type Doubted = { parcel: ParcelId; bank: BankId; compartment: number; atMs: number };

/** Parcels that wait although a word about them did not fit what was sensed: said to be inside, and nothing seen. */
export async function doubtedParcels(tx: Tx): Promise<Doubted[]> {
  const { rows } = await sql<Doubted>`
    select p.parcel_id as parcel, p.bank_id as bank, p.compartment, max(r.at_ms) as "atMs"
    from parcels p join parcel_events e using (parcel_id) join records r on r.source = e.source and r.seq = e.seq
    where p.state = 'waiting' and r.kind = 'discrepancy.reported'
    group by p.parcel_id, p.bank_id, p.compartment order by max(r.at_ms) desc limit 200`.execute(tx);
  return rows;
}

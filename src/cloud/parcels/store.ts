/** SQL of parcels and of the records that tell of them. */
import { tables, type Tx } from '../../platform/database.ts';
import type { Size } from '../../domain/bank.ts';

export type ParcelState = 'accepted' | 'waiting' | 'collected' | 'removed' | 'held' | 'not-deposited';
export type Custody = 'courier' | 'bank' | 'recipient' | 'staff';

export type ParcelRow = {
  parcel_id: string;
  site_id: string;
  bank_id: string;
  compartment: number;
  size: Size;
  carrier_id: string;
  courier_id: string;
  recipient_id: string;
  tracking: Uint8Array;
  tracking_index: Uint8Array;
  state: ParcelState;
  custody: Custody;
  accepted_at_ms: number;
  deposited_at_ms: number | null;
  until_ms: number | null;
  ended_at_ms: number | null;
};
export type StoredParcel = ParcelRow & { ord: number };
type Tables = { parcels: StoredParcel; parcel_records: { parcel_id: string; source: string; seq: number } };

const on = (tx: Tx) => tables<Tables>(tx);
/** Behind a door now; the database allows one of them a door. */
const PRESENT: ParcelState[] = ['accepted', 'waiting', 'held'];

export async function insertParcel(tx: Tx, row: ParcelRow): Promise<void> {
  await on(tx).insertInto('parcels').values(row as StoredParcel).execute();
}

export async function updateParcel(tx: Tx, parcel: string, change: Partial<ParcelRow>): Promise<void> {
  await on(tx).updateTable('parcels').set(change).where('parcel_id', '=', parcel).execute();
}

export async function findParcel(tx: Tx, parcel: string): Promise<StoredParcel | undefined> {
  return on(tx).selectFrom('parcels').selectAll().where('parcel_id', '=', parcel).executeTakeFirst();
}

export async function parcelBehind(tx: Tx, bank: string, compartment: number): Promise<StoredParcel | undefined> {
  return on(tx).selectFrom('parcels').selectAll().where('bank_id', '=', bank).where('compartment', '=', compartment).where('state', 'in', PRESENT).executeTakeFirst();
}

export async function linkRecord(tx: Tx, link: { parcel_id: string; source: string; seq: number }): Promise<void> {
  await on(tx).insertInto('parcel_records').values(link).onConflict((conflict) => conflict.doNothing()).execute();
}

export async function linksOf(tx: Tx, parcel: string): Promise<{ source: string; seq: number }[]> {
  return on(tx).selectFrom('parcel_records').select(['source', 'seq']).where('parcel_id', '=', parcel).orderBy('source').orderBy('seq').execute();
}

export type ParcelFilter = { state?: ParcelState | undefined; bank?: string | undefined; recipient?: string | undefined; courier?: string | undefined };

/** Newest first, older than `before`. */
export async function listParcels(tx: Tx, page: ParcelFilter & { before: number | undefined; limit: number }): Promise<StoredParcel[]> {
  let query = on(tx).selectFrom('parcels').selectAll().orderBy('ord', 'desc').limit(page.limit);
  if (page.state !== undefined) query = query.where('state', '=', page.state);
  if (page.bank !== undefined) query = query.where('bank_id', '=', page.bank);
  if (page.recipient !== undefined) query = query.where('recipient_id', '=', page.recipient);
  if (page.courier !== undefined) query = query.where('courier_id', '=', page.courier);
  if (page.before !== undefined) query = query.where('ord', '<', page.before);
  return query.execute();
}

export async function everyParcel(tx: Tx): Promise<StoredParcel[]> {
  return on(tx).selectFrom('parcels').selectAll().orderBy('ord').execute();
}

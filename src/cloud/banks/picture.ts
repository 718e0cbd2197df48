/**
 * The picture of a bank's doors, folded from its records: what each compartment is used for, and what its
 * door was last sensed to be. It is metadata only, and can be rebuilt from the records at any time.
 */
import { sql } from 'kysely';
import type { BankLayout, Size } from '../../domain/bank.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { Projection } from '../noun.ts';

export type Use = 'empty' | 'reserved' | 'occupied' | 'held';
export type Picture = {
  use: Use;
  withdrawn: boolean;
  door: 'open' | 'closed' | 'unknown';
  parcel: string | null;
  sinceMs: number | null;
};

export const EMPTY: Picture = {
  use: 'empty',
  withdrawn: false,
  door: 'unknown',
  parcel: null,
  sinceMs: null,
};

type Fold = (was: Picture, record: LedgerRecord, parcel: string | null) => Picture;

const becomes =
  (use: Use): Fold =>
  (was, record, parcel) => ({
    ...was,
    use,
    parcel: use === 'empty' ? null : (parcel ?? was.parcel),
    sinceMs: record.time.atMs,
  });
const door =
  (state: Picture['door']): Fold =>
  (was) => ({ ...was, door: state });

/** Every kind that moves the picture. Pure, so that an auditor folds with the same table. */
const FOLDS: Readonly<Partial<Record<RecordKind, Fold>>> = {
  'parcel.accepted': becomes('reserved'),
  'parcel.deposited': becomes('occupied'),
  'parcel.not-deposited': becomes('empty'),
  'parcel.held': becomes('held'),
  'parcel.collected': becomes('empty'),
  'parcel.removed': becomes('empty'),
  'compartment.freed': becomes('empty'),
  'compartment.withdrawn': (was) => ({ ...was, withdrawn: true }),
  'compartment.restored': (was) => ({ ...was, withdrawn: false }),
  'door.opened': door('open'),
  'door.forced': door('open'),
  'door.closed': door('closed'),
};

export function foldPicture(was: Picture, record: LedgerRecord, parcel: string | null): Picture {
  return FOLDS[record.kind]?.(was, record, parcel) ?? was;
}

type CompartmentSql = {
  n: number;
  use: Use;
  withdrawn: boolean;
  door: Picture['door'];
  parcel_id: string | null;
  since_ms: number | null;
};
const pictureOf = (row: CompartmentSql): Picture => ({
  use: row.use,
  withdrawn: row.withdrawn,
  door: row.door,
  parcel: row.parcel_id,
  sinceMs: row.since_ms,
});

export async function pictures(tx: Tx, bank: string): Promise<Map<number, Picture>> {
  const { rows } =
    await sql<CompartmentSql>`select * from compartments where bank_id = ${bank} order by n`.execute(tx);
  return new Map(rows.map((row) => [row.n, pictureOf(row)]));
}

export type PlacedPicture = { bank: string; n: number; picture: Picture; untilMs: number | null };

/** The doors of several banks, each with the time until which its parcel may be collected. */
export async function picturesOf(tx: Tx, banks: readonly string[]): Promise<PlacedPicture[]> {
  const { rows } = await sql<CompartmentSql & { bank_id: string; until_ms: number | null }>`
    select compartments.*, parcels.until_ms from compartments
    left join parcels on parcels.parcel_id = compartments.parcel_id and parcels.bank_id = compartments.bank_id
    where compartments.bank_id = any(${textColumn(banks)}::text[])`.execute(tx);
  return rows.map((row) => ({
    bank: row.bank_id,
    n: row.n,
    picture: pictureOf(row),
    untilMs: row.until_ms,
  }));
}

const follow: Projection['follow'] = async (cloud, tx, { bank, told }) => {
  const doors = told.flatMap(({ record }) => record.compartment ?? []);
  const { rows } = await sql<CompartmentSql>`select * from compartments
    where bank_id = ${bank} and n = any(${integerColumn([...new Set(doors)])}::bigint[]) order by n for update`.execute(
    tx,
  );
  // A door that the layout does not know has no picture; the record stands all the same.
  if (rows.length === 0) return [];
  const pictures = new Map(rows.map((row) => [row.n, pictureOf(row)]));
  for (const { record, fields } of told) {
    const was = record.compartment === undefined ? undefined : pictures.get(record.compartment);
    if (record.compartment !== undefined && was)
      pictures.set(record.compartment, foldPicture(was, record, fields.parcel ?? null));
  }
  await writePictures(tx, bank, [...pictures]);
  await cloud.changed(tx, ['banks']);
  return [];
};

async function writePictures(
  tx: Tx,
  bank: string,
  pictures: readonly (readonly [number, Picture])[],
): Promise<void> {
  const text = (of: (picture: Picture) => string | null) =>
    textColumn(pictures.map(([, picture]) => of(picture)));
  await sql`update compartments set use = next.use, withdrawn = next.withdrawn::boolean, door = next.door,
      parcel_id = next.parcel_id, since_ms = next.since_ms
    from unnest(${integerColumn(pictures.map(([n]) => n))}::bigint[], ${text(({ use }) => use)}::text[], ${text(({ withdrawn }) => String(withdrawn))}::text[],
      ${text((picture) => picture.door)}::text[], ${text(({ parcel }) => parcel)}::text[], ${integerColumn(pictures.map(([, { sinceMs }]) => sinceMs))}::bigint[])
      as next (n, use, withdrawn, door, parcel_id, since_ms)
    where compartments.bank_id = ${bank} and compartments.n = next.n`.execute(tx);
}

export const pictureProjection: Projection = { kinds: Object.keys(FOLDS) as RecordKind[], follow };

/** What a person is shown: out of service before everything else. */
export function shownState(picture: Picture): Use | 'out-of-service' {
  return picture.withdrawn && picture.use === 'empty' ? 'out-of-service' : picture.use;
}

export function countFree(
  layout: BankLayout,
  of: ReadonlyMap<number, Picture>,
): { free: Record<Size, number>; occupied: number } {
  const free: Record<Size, number> = { S: 0, M: 0, L: 0, XL: 0 };
  let occupied = 0;
  for (const place of layout.compartments) {
    const state = shownState(of.get(place.n) ?? EMPTY);
    if (state === 'empty') free[place.size] += 1;
    if (state === 'occupied' || state === 'held') occupied += 1;
  }
  return { free, occupied };
}

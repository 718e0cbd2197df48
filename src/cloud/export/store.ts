/** SQL of exports: records by what was asked for, in the order of the log, and the batches that they stand in. */
import { sql } from 'kysely';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

const MEETING = sql`hashtextextended('exports and erasures ' || current_setting('holdfast.tenant'), 0)`;

/**
 * Until the transaction ends nobody of the organisation is erased, and erasures under way are waited for. It is the first
 * lock that either takes, so that neither holds what the other waits for.
 */
export async function holdForRecording(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${MEETING})`.execute(tx);
}

/** Until the transaction ends no bundle is recorded. Erasures do not wait for each other. */
export async function holdForErasure(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${MEETING})`.execute(tx);
}

export type RecordPlace = { source: string; seq: number };
type JournalRange = { source: string; first: number; last: number };

/** All of it holds of a record that is wanted; null asks for nothing. */
export type Wanted = {
  ranges: readonly JournalRange[] | null;
  places: readonly RecordPlace[] | null;
  compartment: number | null;
};

/** A log as one of its checkpoints signed it. */
type LogAsSigned = { generation: number; size: number };

export type EntryRow = {
  index: number;
  source: string;
  seq: number;
  kind: string;
  at_ms: number;
  bytes: Uint8Array;
  batch_last: number | null;
};

/** On the table of records as `r`. */
function isWanted({ ranges, places, compartment }: Wanted) {
  const inRanges =
    ranges === null
      ? sql<boolean>`true`
      : sql<boolean>`exists (select 1 from unnest(${textColumn(ranges.map(({ source }) => source))}::text[],
          ${integerColumn(ranges.map(({ first }) => first))}::bigint[], ${integerColumn(ranges.map(({ last }) => last))}::bigint[])
          as w (source, first, last) where w.source = r.source and r.seq between w.first and w.last)`;
  const inPlaces =
    places === null
      ? sql<boolean>`true`
      : sql<boolean>`(r.source, r.seq) in (select * from unnest(${textColumn(places.map(({ source }) => source))}::text[],
          ${integerColumn(places.map(({ seq }) => seq))}::bigint[]))`;
  const atDoor = compartment === null ? sql<boolean>`true` : sql<boolean>`r.compartment = ${compartment}`;
  return sql<boolean>`(${inRanges} and ${inPlaces} and ${atDoor})`;
}

/**
 * Travels with the statement behind it. The planner knows nothing of the ends of spans, takes each for a ninth of all
 * records, and would rather read them all, or look up a tenant's beside those that are asked for, and throw them away.
 * With `offset 0` a span is looked up by itself; that it is looked up, and by one index, is said here.
 */
const byOneIndex = (tx: Tx) =>
  sql`select set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`.execute(
    tx,
  );

/**
 * The wanted ones among the entries `from` to `to - 1`. The ends of each span are computed beforehand, as the log does
 * (`../log/store.ts`): with row security a sum is looked up in no index, and each page would read every record.
 */
export async function wantedBetween(
  tx: Tx,
  wanted: Wanted,
  { generation, from, to }: { generation: number; from: number; to: number },
): Promise<EntryRow[]> {
  const found = sql<EntryRow>`
    with spans as materialized (
      select source, seq + greatest(0, ${from}::bigint - first) as low, seq + least(count, ${to}::bigint - first) as high,
        first + greatest(0, ${from}::bigint - first) as index
      from log_spans where generation = ${generation} and first < ${to}
        and first >= coalesce((select max(first) from log_spans where generation = ${generation} and first <= ${from}), 0))
    select s.index + r.seq - s.low as index, r.source, r.seq, r.kind, r.at_ms, r.bytes, r.batch_last
    from spans s cross join lateral (
      select r.* from records r where r.source = s.source and r.seq >= s.low and r.seq < s.high and ${isWanted(wanted)}
      offset 0) r
    order by 1`;
  const [, { rows }] = await Promise.all([byOneIndex(tx), found.execute(tx)]);
  return rows;
}

export type BatchRow = {
  first: number;
  last: number;
  note: string;
  key: Uint8Array;
  leaves: { hash: Uint8Array; shown: boolean }[];
};

/** The batch that ends at `last`, with the leaf hash of each of its records, and whether that record is shown. */
export async function batchOf(
  tx: Tx,
  wanted: Wanted,
  { source, last, log }: { source: string; last: number; log: LogAsSigned },
): Promise<BatchRow | undefined> {
  type Head = Omit<BatchRow, 'leaves'>;
  const [, heads, leaves] = await Promise.all([
    byOneIndex(tx),
    sql<Head>`select first, last, note, key from heads where source = ${source} and last = ${last}`.execute(
      tx,
    ),
    // The span of a record is the last that begins at it or before: found so, it is looked up and the others are not read.
    sql<{
      hash: Uint8Array;
      shown: boolean;
    }>`select r.hash, ${isWanted(wanted)} and coalesce(r.seq < s.seq + s.count and s.first + r.seq - s.seq < ${log.size}, false)
          as shown
      from records r left join lateral (select first, seq, count from log_spans
        where generation = ${log.generation} and source = r.source and seq <= r.seq order by seq desc limit 1) s on true
      where r.source = ${source} and r.batch_last = ${last}
        and r.seq between (select first from heads where source = ${source} and last = ${last}) and ${last}
      order by r.seq`.execute(tx),
  ]);
  const [head] = heads.rows;
  return head && { ...head, leaves: leaves.rows };
}

/** From the first to the last record of each journal whose time lies in a span; what stands between belongs to it. */
export async function rangesOfTime(
  tx: Tx,
  { source, fromMs, toMs }: { source: string | null; fromMs: number | null; toMs: number | null },
): Promise<JournalRange[]> {
  const { rows } =
    await sql<JournalRange>`select source, min(seq)::bigint as first, max(seq)::bigint as last from records
    where (${source}::text is null or source = ${source}) and (${fromMs}::bigint is null or at_ms >= ${fromMs})
      and (${toMs}::bigint is null or at_ms < ${toMs})
    group by source order by source`.execute(tx);
  return rows;
}

/** Was anything of this moment in a journal before a position among all records? */
export async function wasRecorded(
  tx: Tx,
  { source, atMs, before }: { source: string; atMs: number; before: number },
): Promise<boolean> {
  const { rows } = await sql`select 1 from records
    where source = ${source} and at_ms = ${atMs} and position < ${before} limit 1`.execute(tx);
  return rows.length > 0;
}

export type Counted = { source: string; records: number; firstMs: number; lastMs: number };

/** What would be in a bundle, journal by journal; those records that are not in the log yet with them. */
export async function countWanted(tx: Tx, wanted: Wanted): Promise<Counted[]> {
  const { rows } =
    await sql<Counted>`select r.source, count(*)::bigint as records, min(r.at_ms)::bigint as "firstMs",
      max(r.at_ms)::bigint as "lastMs"
    from records r where ${isWanted(wanted)} group by r.source order by 2 desc, 1`.execute(tx);
  return rows;
}

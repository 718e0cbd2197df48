/** SQL of exports: records by what was asked for, in the order of the log, and the batches that they stand in. */
import { sql } from 'kysely';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

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

/** The wanted ones among the entries `from` to `to - 1`. */
export async function wantedBetween(
  tx: Tx,
  wanted: Wanted,
  { generation, from, to }: { generation: number; from: number; to: number },
): Promise<EntryRow[]> {
  const { rows } = await sql<EntryRow>`
    select s.first + r.seq - s.seq as index, r.source, r.seq, r.kind, r.at_ms, r.bytes, r.batch_last
    from log_spans s join records r on r.source = s.source and r.seq between s.seq and s.seq + s.count - 1
    where s.generation = ${generation} and s.first < ${to}
      and s.first >= coalesce((select max(first) from log_spans where generation = ${generation} and first <= ${from}), 0)
      and s.first + r.seq - s.seq between ${from} and ${to - 1} and ${isWanted(wanted)}
    order by 1`.execute(tx);
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
  const [heads, leaves] = await Promise.all([
    sql<Head>`select first, last, note, key from heads where source = ${source} and last = ${last}`.execute(
      tx,
    ),
    sql<{
      hash: Uint8Array;
      shown: boolean;
    }>`select r.hash, ${isWanted(wanted)} and exists (select 1 from log_spans s
        where s.generation = ${log.generation} and s.source = r.source and r.seq between s.seq and s.seq + s.count - 1
          and s.first + r.seq - s.seq < ${log.size}) as shown
      from records r where r.source = ${source} and r.batch_last = ${last}
        and r.seq between ${last - 1024} and ${last} order by r.seq`.execute(tx),
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

export type Counted = { source: string; records: number; firstMs: number; lastMs: number };

/** What would be in a bundle, journal by journal; those records that are not in the log yet with them. */
export async function countWanted(tx: Tx, wanted: Wanted): Promise<Counted[]> {
  const { rows } =
    await sql<Counted>`select r.source, count(*)::bigint as records, min(r.at_ms)::bigint as "firstMs",
      max(r.at_ms)::bigint as "lastMs"
    from records r where ${isWanted(wanted)} group by r.source order by 2 desc, 1`.execute(tx);
  return rows;
}

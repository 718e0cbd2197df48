/** SQL of what has an index or is about to get one: records by the journal that they stand in, many at a time. */
import type { TreeHead } from '../../ledger/log/checkpoint.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import { planned, type Tx } from '../../platform/database.ts';
import { byOneIndex, type Span } from './store.ts';

type Assign = {
  generation: number;
  /** Where the log has to be: how much of it is signed, and what has an index. */
  published: number;
  before: TreeHead;
  after: TreeHead;
  spans: readonly Span[];
};

/**
 * Gives the records of `spans` the indices behind `before`, and keeps the root over all; false, and nothing is done, when
 * the log is not where it has to be.
 */
export async function assign(
  tx: Tx,
  { generation, published, before, after, spans }: Assign,
): Promise<boolean> {
  const { sources, seqs, counts, firsts } = columnsOf(spans, before.size);
  const ends = integerColumn(spans.map(({ seq, count }) => seq + count - 1));
  const from = [generation, published, before.size, before.root] as const;
  const moved = await moveLog(tx, ...from, after.size, after.root, firsts, sources, seqs, counts, ends);
  return moved.length === 1;
}

/** `first`: the index of the first record. */
function columnsOf(spans: readonly Span[], first: number) {
  let next = first;
  const firsts = spans.map(({ count }) => {
    next += count;
    return next - count;
  });
  return {
    sources: textColumn(spans.map(({ source }) => source)),
    seqs: integerColumn(spans.map(({ seq }) => seq)),
    counts: integerColumn(spans.map(({ count }) => count)),
    firsts: integerColumn(firsts),
  };
}

/** One statement, so that all of it is done or nothing. */
const moveLog = planned<{ size: number }>(`
  with moved as (
    update logs set size = $5, root = $6
    where generation = $1 and generation = (select max(generation) from logs)
      and published_size = $2 and size = $3 and root = $4
    returning size),
  added as (
    insert into log_spans (generation, first, source, seq, count)
    select $1, s.* from unnest($7::bigint[], $8::text[], $9::bigint[], $10::bigint[]) s where exists (select from moved)),
  raised as (
    insert into log_ends (generation, source, last_seq)
    select $1, s.* from unnest($8::text[], $11::bigint[]) s where exists (select from moved)
    on conflict (tenant_id, generation, source) do update set last_seq = excluded.last_seq)
  select size from moved`);

/** Some records, one after another: their texts with a newline between, their hashes in hex, and the index of each. */
export type Entries = { texts: string; hashes: string; indices: string };

/**
 * The records with the indices `from` to `to - 1`, in their order. Some travel together, for a row each would cost more
 * than what is in it; and as the text that they are, for bytes would be written as two digits each.
 */
export async function entriesBetween(
  tx: Tx,
  { generation, from, to }: { generation: number; from: number; to: number },
): Promise<Entries[]> {
  return selectEntries(tx, generation, from, to);
}

/** The records of spans that have no index yet; the first of them gets the index `first`. */
export async function recordsOf(
  tx: Tx,
  { spans, first }: { spans: readonly Span[]; first: number },
): Promise<Entries[]> {
  const { sources, seqs, counts, firsts } = columnsOf(spans, first);
  const [, rows] = await Promise.all([byOneIndex(tx), selectRecords(tx, sources, seqs, counts, firsts)]);
  return rows;
}

/** `offset 0`: each span is looked up by itself. The planner would else now and then read a whole table beside them. */
const ENTRIES = `select convert_from(string_agg(bytes, '\\x0a' order by index), 'UTF8') as texts,
    encode(string_agg(hash, '' order by index), 'hex') as hashes, string_agg(index::text, ',' order by index) as indices
  from (
    select s.index + r.seq - s.low as index, r.bytes, r.hash
    from spans s cross join lateral (
      select seq, bytes, hash from records where source = s.source and seq >= s.low and seq < s.high offset 0) as r) as entries
  group by index / 32 order by index / 32`;

/** The ends of a span are computed beforehand, as above. */
const selectEntries = planned<Entries>(`
  with spans as materialized (
    select source, seq + greatest(0, $2 - first) as low, seq + least(count, $3 - first) as high,
      first + greatest(0, $2 - first) as index
    from log_spans where generation = $1 and first < $3
      and first >= coalesce((select max(first) from log_spans where generation = $1 and first <= $2), 0))
  ${ENTRIES}`);

const selectRecords = planned<Entries>(`
  with spans as materialized (
    select source, seq as low, seq + count as high, first as index
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) s (source, seq, count, first))
  ${ENTRIES}`);

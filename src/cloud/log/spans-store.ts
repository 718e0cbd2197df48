/** SQL of what has an index or is about to get one: records by the journal that they stand in, many at a time. */
import { hex, utf8 } from '../../crypto/bytes.ts';
import type { TreeHead } from '../../ledger/log/checkpoint.ts';
import { SEPARATOR } from '../../ledger/log/frame.ts';
import { TILE_WIDTH } from '../../ledger/log/layout.ts';
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

/** Records of one journal that get indices one after another, all of them in one bundle. */
export type Piece = Span & { first: number };

/** What gets the indices from `first` on, cut where a bundle ends. */
export function piecesOf(spans: readonly Span[], first: number): Piece[] {
  const pieces: Piece[] = [];
  let index = first;
  for (const { source, seq, count } of spans)
    for (let taken = 0; taken < count; ) {
      const part = Math.min(count - taken, TILE_WIDTH - (index % TILE_WIDTH));
      pieces.push({ source, seq: seq + taken, count: part, first: index });
      taken += part;
      index += part;
    }
  return pieces;
}

/** The records of a piece that are there, in their order: their texts with `SEPARATOR` between, their hashes in hex. */
export type Entries = { first: number; texts: string | null; hashes: string | null };

/**
 * The records with the indices `from` to `to - 1`, in their order. Those of a piece travel together, for a row each would
 * cost more than what is in it; and as the text that they are, for bytes would be written as two digits each.
 */
export async function entriesBetween(
  tx: Tx,
  { generation, from, to }: { generation: number; from: number; to: number },
): Promise<Entries[]> {
  return selectEntries(tx, generation, from, to);
}

/** The records of pieces that have no index yet. */
export async function recordsOf(tx: Tx, pieces: readonly Piece[]): Promise<Entries[]> {
  const sources = textColumn(pieces.map(({ source }) => source));
  const [seqs, counts, firsts] = [
    integerColumn(pieces.map(({ seq }) => seq)),
    integerColumn(pieces.map(({ count }) => count)),
    integerColumn(pieces.map(({ first }) => first)),
  ];
  const [, rows] = await Promise.all([byOneIndex(tx), selectRecords(tx, sources, seqs, counts, firsts)]);
  return rows;
}

/** Each piece is looked up by itself, in the order of the index: nothing has to be sorted. */
const ENTRIES = `
  select first, texts, hashes
  from pieces p cross join lateral (
    select convert_from(string_agg(bytes, '\\x${hex(utf8(SEPARATOR))}' order by seq), 'UTF8') as texts,
      encode(string_agg(hash, '' order by seq), 'hex') as hashes
    from records where source = p.source and seq >= p.low and seq < p.high) r
  order by first`;

/** The ends of a piece are computed beforehand, as above. */
const selectEntries = planned<Entries>(`
  with pieces as materialized (
    select source, seq + low_index - first as low, seq + high_index - first as high, low_index as first
    from log_spans s cross join lateral (
      select greatest(s.first, $2, tile * ${TILE_WIDTH}) as low_index,
        least(s.first + count, $3, (tile + 1) * ${TILE_WIDTH}) as high_index
      from generate_series(greatest(s.first, $2) / ${TILE_WIDTH}, (least(s.first + count, $3) - 1) / ${TILE_WIDTH}) tile)
    where generation = $1 and first < $3 and low_index < high_index
      and first >= coalesce((select max(first) from log_spans where generation = $1 and first <= $2), 0))
  ${ENTRIES}`);

const selectRecords = planned<Entries>(`
  with pieces as materialized (
    select source, seq as low, seq + count as high, first
    from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) s (source, seq, count, first))
  ${ENTRIES}`);

/** SQL of records by what is asked for. */
import { type RawBuilder, sql } from 'kysely';
import type { RecordKind } from '../../domain/kinds.ts';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

/** What can be said of a record by its row; all of it holds at once. */
export type Filter = {
  source: string | undefined;
  compartment: number | undefined;
  kind: RecordKind | undefined;
  /** From this moment on, and before that one. */
  fromMs: number | undefined;
  toMs: number | undefined;
};

export type Row = {
  source: string;
  seq: number;
  kind: string;
  at_ms: number;
  compartment: number | null;
  hash: Uint8Array;
  batch_last: number | null;
  position: number;
};

const COLUMNS = sql`r.source, r.seq, r.kind, r.at_ms, r.compartment, r.hash, r.batch_last, r.position`;

/** Only what is asked for is named, so that the planner sees which index serves. */
function where({ source, compartment, kind, fromMs, toMs }: Filter): RawBuilder<boolean> {
  const parts = [sql<boolean>`true`];
  if (source !== undefined) parts.push(sql`r.source = ${source}`);
  if (compartment !== undefined) parts.push(sql`r.compartment = ${compartment}::int`);
  if (kind !== undefined) parts.push(sql`r.kind = ${kind}`);
  if (fromMs !== undefined) parts.push(sql`r.at_ms >= ${fromMs}::bigint`);
  if (toMs !== undefined) parts.push(sql`r.at_ms < ${toMs}::bigint`);
  return sql`${sql.join(parts, sql` and `)}`;
}

/**
 * Three orders, each with an index behind it. `time`: by the records' own times. `number`: within one journal, where
 * it is the order of arrival. `arrival`: as they came into the cloud. A clock that is wrong moves nothing in the
 * last two.
 */
export type Order = 'time' | 'number' | 'arrival';
type Place = readonly number[];

export function placeIn(order: Order, row: Row): Place {
  switch (order) {
    case 'time':
      return [row.at_ms, row.position];
    case 'number':
      return [row.seq];
    case 'arrival':
      return [row.position];
  }
}

function before(order: Order, place: Place): RawBuilder<boolean> {
  const [first = 0, second = 0] = place;
  switch (order) {
    case 'time':
      return sql`(r.at_ms, r.position) < (${first}::bigint, ${second}::bigint)`;
    case 'number':
      return sql`r.seq < ${first}::bigint`;
    case 'arrival':
      return sql`r.position < ${first}::bigint`;
  }
}

function descending(order: Order): RawBuilder<unknown> {
  switch (order) {
    case 'time':
      return sql`r.at_ms desc, r.position desc`;
    case 'number':
      return sql`r.seq desc`;
    case 'arrival':
      return sql`r.position desc`;
  }
}

/** The last first, from behind `after`. */
export async function list(
  tx: Tx,
  of: { filter: Filter; order: Order; after: Place | undefined; limit: number },
): Promise<Row[]> {
  const behind = of.after === undefined ? sql<boolean>`true` : before(of.order, of.after);
  const { rows } = await sql<Row>`select ${COLUMNS} from records r where ${where(of.filter)} and ${behind}
    order by ${descending(of.order)} limit ${of.limit}`.execute(tx);
  return rows;
}

export type Named = { source: string; seq: number };

/** Of these records those that are asked for, in no order. */
export async function among(
  tx: Tx,
  of: { filter: Filter; records: readonly Named[]; before: number | undefined },
): Promise<Row[]> {
  const { rows } = await sql<Row>`select ${COLUMNS}
    from unnest(${textColumn(of.records.map(({ source }) => source))}::text[], ${integerColumn(of.records.map(({ seq }) => seq))}::bigint[])
      as named (source, seq) join records r on r.source = named.source and r.seq = named.seq
    where ${where(of.filter)} and ${of.before === undefined ? sql<boolean>`true` : before('arrival', [of.before])}`.execute(
    tx,
  );
  return rows;
}

/** One record with its bytes. */
export async function one(
  tx: Tx,
  { source, seq }: Named,
): Promise<(Row & { bytes: Uint8Array }) | undefined> {
  const { rows } = await sql<Row & { bytes: Uint8Array }>`select ${COLUMNS}, r.bytes from records r
    where r.source = ${source} and r.seq = ${seq}::bigint`.execute(tx);
  return rows[0];
}

/** The position of the last record that came in; 0 before the first. */
export async function lastPosition(tx: Tx): Promise<number> {
  const { rows } = await sql<{
    position: number;
  }>`select position from records order by position desc limit 1`.execute(tx);
  return rows[0]?.position ?? 0;
}

/** How many that are asked for came in behind a position, at most `max`. */
export async function numberBehind(
  tx: Tx,
  { filter, position, max }: { filter: Filter; position: number; max: number },
): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from (
    select 1 from records r where r.position > ${position}::bigint and ${where(filter)} limit ${max}) as behind`.execute(
    tx,
  );
  return rows[0]?.n ?? 0;
}

/** SQL of records, openings, heads and journal ends. */
import { sql } from 'kysely';
import type { CommittedField } from '../../domain/facts.ts';
import type { Committed } from '../../ledger/batch.ts';
import { bytesColumn, integerColumn, textColumn } from '../../platform/columns.ts';
import { type Tx, tables } from '../../platform/database.ts';

/** `tenant_id` is filled in and compared by the database; no query names it. */
type JournalTables = {
  journals: { source: string; last_seq: number; last_hash: string; last_head: string };
  records: RecordRow;
  heads: HeadRow;
};
export type RecordRow = {
  source: string;
  seq: number;
  kind: string;
  at_ms: number;
  hash: Uint8Array;
  bytes: Uint8Array;
  batch_last: number | null;
};
/** What records `seq` to `last` leave to one owner; in rows of before, one field of one record. */
export type OpeningRow = {
  source: string;
  seq: number;
  last: number | null;
  field: string | null;
  subject_id: string | null;
  sealed: Uint8Array;
};
export type HeadRow = {
  source: string;
  first: number;
  last: number;
  note: string;
  hash: string;
  key: Uint8Array;
};

const on = (tx: Tx) => tables<JournalTables>(tx);

export async function insertJournal(tx: Tx, source: string, end: Committed): Promise<void> {
  await on(tx)
    .insertInto('journals')
    .values({ source, last_seq: end.lastSeq, last_hash: end.lastHash, last_head: end.lastHead })
    .execute();
}

/** The end of a journal, locked until the transaction ends: one writer at a time. */
export async function lockEnd(tx: Tx, source: string): Promise<Committed | undefined> {
  return selectEnd(tx, source).forUpdate().executeTakeFirst();
}

export async function endOf(tx: Tx, source: string): Promise<Committed | undefined> {
  return selectEnd(tx, source).executeTakeFirst();
}

function selectEnd(tx: Tx, source: string) {
  return on(tx)
    .selectFrom('journals')
    .select(['last_seq as lastSeq', 'last_hash as lastHash', 'last_head as lastHead'])
    .where('source', '=', source);
}

export async function moveEnd(tx: Tx, source: string, end: Committed): Promise<void> {
  const row = { last_seq: end.lastSeq, last_hash: end.lastHash, last_head: end.lastHead };
  await on(tx).updateTable('journals').set(row).where('source', '=', source).execute();
}

export async function sources(tx: Tx): Promise<string[]> {
  const rows = await on(tx).selectFrom('journals').select('source').orderBy('source').execute();
  return rows.map((row) => row.source);
}

/** What all rows of one insertion have in common, so that it goes to the database once. */
export type RecordsOf = { source: string; batch_last: number | null };
export type NewRecord = Pick<RecordRow, 'seq' | 'kind' | 'at_ms' | 'hash' | 'bytes'>;

/** In the order given, which is the order of their positions. */
export async function insertRecords(tx: Tx, of: RecordsOf, rows: readonly NewRecord[]): Promise<void> {
  await sql`insert into records (source, seq, kind, at_ms, hash, bytes, batch_last)
    select ${of.source}, seq, kind, at_ms, hash, bytes, ${of.batch_last}::bigint
    from unnest(${integerColumn(rows.map(({ seq }) => seq))}::bigint[], ${textColumn(rows.map(({ kind }) => kind))}::text[],
      ${integerColumn(rows.map((row) => row.at_ms))}::bigint[], ${bytesColumn(rows.map(({ hash }) => hash))}::bytea[],
      ${bytesColumn(rows.map(({ bytes }) => bytes))}::bytea[]) with ordinality
      as fresh (seq, kind, at_ms, hash, bytes, ord) order by fresh.ord`.execute(tx);
}

export type NewOpenings = Omit<OpeningRow, 'field' | 'last'> & { last: number };

export async function insertOpenings(tx: Tx, rows: readonly NewOpenings[]): Promise<void> {
  if (rows.length === 0) return;
  const text = (of: (row: NewOpenings) => string | null) => textColumn(rows.map(of));
  const numbers = (of: (row: NewOpenings) => number) => integerColumn(rows.map(of));
  await sql`insert into openings (source, seq, last, subject_id, sealed)
    select * from unnest(${text(({ source }) => source)}::text[], ${numbers(({ seq }) => seq)}::bigint[], ${numbers(({ last }) => last)}::bigint[],
      ${text((row) => row.subject_id)}::text[], ${bytesColumn(rows.map(({ sealed }) => sealed))}::bytea[])`.execute(
    tx,
  );
}

/** What a version before kept, one field of one record; as the tenant's. */
export async function insertOpeningOfField(
  tx: Tx,
  row: Pick<OpeningRow, 'source' | 'seq' | 'field' | 'sealed'>,
): Promise<void> {
  await sql`insert into openings (source, seq, field, sealed)
    values (${row.source}, ${row.seq}, ${row.field}, ${row.sealed})`.execute(tx);
}

export async function deleteOpenings(tx: Tx, row: OpeningRow): Promise<void> {
  await sql`delete from openings where source = ${row.source} and seq = ${row.seq}
    and last is not distinct from ${row.last}::bigint and field is not distinct from ${row.field}::text
    and subject_id is not distinct from ${row.subject_id}::text`.execute(tx);
}

/** What records `seq` to `last` leave to nobody but the tenant. */
export async function openingsOfTenant(
  tx: Tx,
  of: { source: string; seq: number; last: number },
): Promise<OpeningRow | undefined> {
  const { rows } = await sql<OpeningRow>`select source, seq, last, field, subject_id, sealed from openings
    where source = ${of.source} and seq = ${of.seq} and last = ${of.last} and subject_id is null`.execute(tx);
  return rows[0];
}

export type ErasedRow = {
  source: string;
  first: number;
  last: number;
  fields: Record<string, CommittedField[]>;
};

export async function insertErased(tx: Tx, { source, first, last, fields }: ErasedRow): Promise<void> {
  await sql`insert into erased_openings (source, first, last, fields)
    values (${source}, ${first}, ${last}, ${JSON.stringify(fields)}::jsonb)`.execute(tx);
}

export async function erasedBetween(
  tx: Tx,
  source: string,
  range: { first: number; last: number },
): Promise<ErasedRow[]> {
  const { rows } = await sql<ErasedRow>`select source, first, last, fields from erased_openings
    where source = ${source} and last >= ${range.first} and first <= ${range.last}`.execute(tx);
  return rows;
}

export async function insertHead(tx: Tx, row: HeadRow): Promise<void> {
  await on(tx).insertInto('heads').values(row).execute();
}

export async function headAt(tx: Tx, source: string, last: number): Promise<HeadRow | undefined> {
  return on(tx)
    .selectFrom('heads')
    .selectAll()
    .where('source', '=', source)
    .where('last', '=', last)
    .executeTakeFirst();
}

export async function headsOf(tx: Tx, source: string): Promise<HeadRow[]> {
  return on(tx).selectFrom('heads').selectAll().where('source', '=', source).orderBy('last').execute();
}

export async function recordsBetween(
  tx: Tx,
  source: string,
  range: { first: number; last: number },
): Promise<RecordRow[]> {
  return on(tx)
    .selectFrom('records')
    .selectAll()
    .where('source', '=', source)
    .where('seq', '>=', range.first)
    .where('seq', '<=', range.last)
    .orderBy('seq')
    .execute();
}

/** Rows do not overlap but where they begin together: the last that begins at or before the range may reach into it. */
export async function openingsBetween(
  tx: Tx,
  source: string,
  range: { first: number; last: number },
): Promise<OpeningRow[]> {
  const { rows } = await sql<OpeningRow>`select source, seq, last, field, subject_id, sealed from openings
    where source = ${source} and seq <= ${range.last} and coalesce(last, seq) >= ${range.first}
      and seq >= coalesce((select max(seq) from openings where source = ${source} and seq <= ${range.first}), 0)
    order by seq`.execute(tx);
  return rows;
}

/**
 * What is sealed for a person, what came in last first. `reach` is the position of the last record that a row speaks
 * of. Rows of one record have the same, so whoever asks on asks for the last reach again.
 */
export async function openingsAbout(
  tx: Tx,
  of: {
    person: string;
    source: string | undefined;
    before: number | undefined;
    reach: number | undefined;
    limit: number;
  },
): Promise<(OpeningRow & { reach: number })[]> {
  const { rows } = await sql<OpeningRow & { reach: number }>`
    select o.source, o.seq, o.last, o.field, o.subject_id, o.sealed, l.position as reach
    from openings o join records f on f.source = o.source and f.seq = o.seq
      join records l on l.source = o.source and l.seq = coalesce(o.last, o.seq)
    where o.subject_id = ${of.person}
      and (${of.source ?? null}::text is null or o.source = ${of.source ?? null})
      and (${of.before ?? null}::bigint is null or f.position < ${of.before ?? null})
      and (${of.reach ?? null}::bigint is null or l.position <= ${of.reach ?? null})
    order by l.position desc, o.seq, o.field limit ${of.limit}`.execute(tx);
  return rows;
}

/** Rows that are sealed under one person's key, after `after`. */
export async function openingsOfSubject(
  tx: Tx,
  person: string,
  { after, limit }: { after: { source: string; seq: number; field: string }; limit: number },
): Promise<OpeningRow[]> {
  const { rows } = await sql<OpeningRow>`select source, seq, last, field, subject_id, sealed from openings
    where subject_id = ${person} and (source, seq, coalesce(field, '')) > (${after.source}, ${after.seq}, ${after.field})
    order by source, seq, coalesce(field, '') limit ${limit}`.execute(tx);
  return rows;
}

export type JournalPage = {
  source: string;
  seq: number;
  kind: string;
  at_ms: number;
  hash: Uint8Array;
  bytes: Uint8Array;
  batch_last: number | null;
  position: number;
};

/** Newest first, after `before`. */
export async function pageOfRecords(
  tx: Tx,
  page: { source: string | undefined; before: number | undefined; limit: number },
): Promise<JournalPage[]> {
  let query = on(tx)
    .selectFrom('records')
    .select([
      'source',
      'seq',
      'kind',
      'at_ms',
      'hash',
      'bytes',
      'batch_last',
      sql<number>`position`.as('position'),
    ])
    .orderBy(sql`position`, 'desc')
    .limit(page.limit);
  if (page.source !== undefined) query = query.where('source', '=', page.source);
  if (page.before !== undefined) query = query.where(sql<boolean>`position < ${page.before}`);
  return query.execute();
}

/** The batches that hold these records, each whole. */
export async function headsOver(tx: Tx, source: string, seqs: readonly number[]): Promise<HeadRow[]> {
  if (seqs.length === 0) return [];
  const { rows } = await sql<HeadRow>`select first, last, source, note, hash, key from heads
    where source = ${source} and exists (select 1 from unnest(${seqs}::bigint[]) as wanted (seq) where seq between first and last) order by last`.execute(
    tx,
  );
  return rows;
}

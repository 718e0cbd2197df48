/** SQL of the exports that were asked for. What they were about is sealed before it comes here. */
import { sql } from 'kysely';
import type { ExportFailure, ExportRow } from '../../contract/http/exports.ts';
import type { ExportId, PersonId } from '../../domain/ids.ts';
import { textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';

export type KeptRow = {
  id: ExportId;
  state: ExportRow['state'];
  failure: ExportFailure | null;
  askedAtMs: number;
  askedBy: PersonId | null;
  person: PersonId | null;
  about: Uint8Array | null;
  envelope: Uint8Array | null;
  tries: number;
  looked: number;
  lookedOf: number;
  records: number | null;
  bytes: number | null;
  sha256: Uint8Array | null;
  fileSha256: Uint8Array | null;
  recordSeq: number | null;
  endedAtMs: number | null;
  taken: number;
};

const COLUMNS = sql`export_id as id, state, failure, asked_at_ms as "askedAtMs", asked_by as "askedBy",
  person_id as person, about, envelope, tries, looked, looked_of as "lookedOf", records, bytes, sha256,
  file_sha256 as "fileSha256", record_seq as "recordSeq", ended_at_ms as "endedAtMs", taken`;

export type NewRow = Pick<
  KeptRow,
  'id' | 'state' | 'askedAtMs' | 'askedBy' | 'person' | 'about' | 'envelope'
>;

export async function insertExport(tx: Tx, row: NewRow): Promise<void> {
  await sql`insert into exports (export_id, state, asked_at_ms, asked_by, person_id, about, envelope)
    values (${row.id}, ${row.state}, ${row.askedAtMs}, ${row.askedBy}, ${row.person}, ${row.about}, ${row.envelope})`.execute(
    tx,
  );
}

export async function findExport(tx: Tx, id: string, lock = false): Promise<KeptRow | undefined> {
  const { rows } = await sql<KeptRow>`select ${COLUMNS} from exports where export_id = ${id}
    ${lock ? sql`for update` : sql``}`.execute(tx);
  return rows[0];
}

/** The newest first. */
export async function exportsAfter(
  tx: Tx,
  { after, limit }: { after: readonly (string | number)[] | undefined; limit: number },
): Promise<KeptRow[]> {
  const [atMs = null, id = null] = after ?? [];
  const { rows } = await sql<KeptRow>`select ${COLUMNS} from exports
    where ${atMs}::bigint is null or (asked_at_ms, export_id) < (${atMs}::bigint, ${id}::text)
    order by asked_at_ms desc, export_id desc limit ${limit}`.execute(tx);
  return rows;
}

/** How many wait or are being made, and how many files are kept. */
export async function countKept(tx: Tx): Promise<{ unfinished: number; kept: number }> {
  const { rows } = await sql<{ unfinished: number; kept: number }>`select
      count(*) filter (where state in ('waiting', 'making'))::int as unfinished,
      count(*) filter (where state = 'ready')::int as kept
    from exports where state in ('waiting', 'making', 'ready')`.execute(tx);
  return rows[0] ?? { unfinished: 0, kept: 0 };
}

export async function beginMaking(tx: Tx, id: ExportId): Promise<void> {
  await sql`update exports set state = 'making', tries = tries + 1, looked = 0 where export_id = ${id}`.execute(
    tx,
  );
}

export async function noteLooked(
  tx: Tx,
  id: ExportId,
  { entries, of }: { entries: number; of: number },
): Promise<void> {
  await sql`update exports set looked = ${entries}, looked_of = ${of}
    where export_id = ${id} and state = 'making'`.execute(tx);
}

export type EndedExport = {
  state: 'ready' | 'given';
  records: number;
  bytes: number;
  sha256: Uint8Array;
  fileSha256: Uint8Array;
  recordSeq: number;
  endedAtMs: number;
};

/** False when it was taken back meanwhile. */
export async function endMade(tx: Tx, id: ExportId, of: EndedExport): Promise<boolean> {
  const done =
    await sql`update exports set state = ${of.state}, envelope = null, records = ${of.records}, bytes = ${of.bytes},
      sha256 = ${of.sha256}, file_sha256 = ${of.fileSha256}, record_seq = ${of.recordSeq}, ended_at_ms = ${of.endedAtMs}
    where export_id = ${id} and state in ('making', 'given')`.execute(tx);
  return done.numAffectedRows === 1n;
}

export async function endFailed(
  tx: Tx,
  id: ExportId,
  { failure, endedAtMs }: { failure: ExportFailure; endedAtMs: number },
): Promise<void> {
  await sql`update exports set state = 'failed', failure = ${failure}, envelope = null, ended_at_ms = ${endedAtMs}
    where export_id = ${id} and state in ('waiting', 'making')`.execute(tx);
}

export async function noteTaken(tx: Tx, id: ExportId): Promise<void> {
  await sql`update exports set taken = taken + 1 where export_id = ${id}`.execute(tx);
}

export async function endKeeping(tx: Tx, id: ExportId): Promise<void> {
  await sql`update exports set state = 'gone', envelope = null where export_id = ${id}
    and state in ('waiting', 'making', 'ready')`.execute(tx);
}

/** Files whose time is over; answers nothing, for files are swept by what still is kept. */
export async function endKeepingOf(tx: Tx, { beforeMs }: { beforeMs: number }): Promise<void> {
  await sql`update exports set state = 'gone' where state = 'ready' and ended_at_ms <= ${beforeMs}`.execute(
    tx,
  );
}

export async function keptIds(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`select export_id as id from exports
    where state in ('making', 'ready')`.execute(tx);
  return rows.map(({ id }) => id);
}

/** Of those among these that are exports. */
export async function statesOf(tx: Tx, ids: readonly string[]): Promise<Map<string, KeptRow['state']>> {
  const { rows } = await sql<Pick<KeptRow, 'id' | 'state'>>`select export_id as id, state from exports
    where export_id = any(${textColumn(ids)}::text[])`.execute(tx);
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/** What was asked for about a person goes with them, and so does the file that waits here; answers how many that are. */
export async function forgetExportsOf(tx: Tx, person: PersonId): Promise<number> {
  await sql`update exports set asked_by = null where asked_by = ${person}`.execute(tx);
  const done = await sql`update exports set person_id = null, about = null, envelope = null,
      state = case when state in ('given', 'failed') then state else 'gone' end
    where person_id = ${person}`.execute(tx);
  return Number(done.numAffectedRows ?? 0);
}

/** SQL of witnesses: when each is asked, what it answered, and which checkpoint has whose cosignature. */
import { sql } from 'kysely';
import { textColumn } from '../../platform/columns.ts';
import type { Tx } from '../../platform/database.ts';
import type { CheckpointRow } from './store.ts';

export type CosignatureRow = { size: number; vkey: string; line: string; at_s: number };
export type WitnessRow = {
  vkey: string;
  due_at_ms: number;
  failures: number;
  error: string | null;
  error_since_ms: number | null;
  conflict_at_ms: number | null;
};
export type Witnessed = { generation: number; vkey: string };

/**
 * Of `vkeys` those that have not cosigned the newest checkpoint and whose time has come. A time beyond `untilMs` was
 * set by a clock that has since been put back. An empty log says nothing, so nobody is asked about it.
 */
export async function dueWitnesses(
  tx: Tx,
  { vkeys, nowMs, untilMs }: { vkeys: readonly string[]; nowMs: number; untilMs: number },
): Promise<string[]> {
  const { rows } = await sql<{ vkey: string }>`
    select w.vkey from unnest(${textColumn(vkeys)}::text[]) as w (vkey)
      join logs l on l.generation = (select max(generation) from logs)
      left join log_witnesses s on s.generation = l.generation and s.vkey = w.vkey
    where l.published_size > 0 and (coalesce(s.due_at_ms, 0) <= ${nowMs} or s.due_at_ms > ${untilMs})
      and not exists (select 1 from log_cosignatures c
        where c.generation = l.generation and c.size = l.published_size and c.vkey = w.vkey)`.execute(tx);
  return rows.map(({ vkey }) => vkey);
}

/** Nobody else asks this witness before `atMs`: a process that dies meanwhile holds it up for that long only. */
export async function setDue(
  tx: Tx,
  { generation, vkey, atMs }: Witnessed & { atMs: number },
): Promise<void> {
  await sql`
    insert into log_witnesses (generation, vkey, due_at_ms) values (${generation}, ${vkey}, ${atMs})
    on conflict (tenant_id, generation, vkey) do update set due_at_ms = excluded.due_at_ms`.execute(tx);
}

export async function witnessRow(tx: Tx, { generation, vkey }: Witnessed): Promise<WitnessRow | undefined> {
  return (await witnessRows(tx, generation)).find((row) => row.vkey === vkey);
}

export async function witnessRows(tx: Tx, generation: number): Promise<WitnessRow[]> {
  const { rows } = await sql<WitnessRow>`
    select vkey, due_at_ms, failures, error, error_since_ms, conflict_at_ms from log_witnesses
    where generation = ${generation}`.execute(tx);
  return rows;
}

export async function setOutcome(
  tx: Tx,
  { generation, ...row }: WitnessRow & { generation: number },
): Promise<void> {
  await sql`update log_witnesses set due_at_ms = ${row.due_at_ms}, failures = ${row.failures}, error = ${row.error},
      error_since_ms = ${row.error_since_ms}, conflict_at_ms = ${row.conflict_at_ms}
    where generation = ${generation} and vkey = ${row.vkey}`.execute(tx);
}

/** What was shown once stays: of one witness and checkpoint the first line is kept. */
export async function insertCosignature(
  tx: Tx,
  { generation, size, vkey, line, at_s, at_ms }: CosignatureRow & { generation: number; at_ms: number },
): Promise<void> {
  await sql`insert into log_cosignatures (generation, size, vkey, line, at_s, at_ms)
    values (${generation}, ${size}, ${vkey}, ${line}, ${at_s}, ${at_ms})
    on conflict (tenant_id, generation, vkey, size) do nothing`.execute(tx);
}

/** In the order in which they came, so that a checkpoint only ever gets longer at its end. */
export async function cosignaturesAt(
  tx: Tx,
  { generation, sizes }: { generation: number; sizes: readonly number[] },
): Promise<CosignatureRow[]> {
  const { rows } = await sql<CosignatureRow>`
    select size, vkey, line, at_s from log_cosignatures
    where generation = ${generation} and size = any(${[...sizes]}::bigint[]) order by at_ms, vkey`.execute(
    tx,
  );
  return rows;
}

export async function cosignaturesShown(tx: Tx, generation: number): Promise<CosignatureRow[]> {
  const { rows } = await sql<CosignatureRow>`
    select c.size, c.vkey, c.line, c.at_s from log_cosignatures c
    where c.generation = ${generation} and c.size = (select shown_size from logs where generation = ${generation})
    order by c.at_ms, c.vkey`.execute(tx);
  return rows;
}

/**
 * The checkpoint that is shown, with the lines of those who cosigned it. In one statement: of two, each sees what was
 * committed when it began, and a line over another tree would be a wrong signature.
 */
export async function shownNote(tx: Tx, generation: number): Promise<string | undefined> {
  const { rows } = await sql<{ note: string }>`
    select c.note || coalesce((
      select string_agg(s.line, '' order by s.at_ms, s.vkey) from log_cosignatures s
      where s.generation = c.generation and s.size = c.size), '') as note
    from log_checkpoints c
    where c.generation = ${generation} and c.size = (select shown_size from logs where generation = ${generation})`.execute(
    tx,
  );
  return rows[0]?.note;
}

/** The newest of each witness that was ever asked. */
export async function lastCosignatures(tx: Tx, generation: number): Promise<CosignatureRow[]> {
  const { rows } = await sql<CosignatureRow>`
    select c.size, c.vkey, c.line, c.at_s from log_witnesses w cross join lateral (
      select * from log_cosignatures c where c.generation = w.generation and c.vkey = w.vkey
      order by c.size desc limit 1) as c
    where w.generation = ${generation}`.execute(tx);
  return rows;
}

/** The first of `fromSize` entries or more that at least `quorum` of `vkeys` have cosigned. */
export async function firstAgreed(
  tx: Tx,
  of: { generation: number; fromSize: number; vkeys: readonly string[]; quorum: number },
): Promise<number | undefined> {
  const { rows } = await sql<{ size: number }>`
    select size from log_cosignatures
    where generation = ${of.generation} and vkey = any(${textColumn(of.vkeys)}::text[]) and size >= ${of.fromSize}
    group by size having count(*) >= ${of.quorum} order by size limit 1`.execute(tx);
  return rows[0]?.size;
}

/** The first checkpoints from a size on that anybody has cosigned, and how many have; the smallest first. */
export async function cosignedFrom(
  tx: Tx,
  { generation, fromSize, limit }: { generation: number; fromSize: number; limit: number },
): Promise<(CheckpointRow & { count: number })[]> {
  const { rows } = await sql<CheckpointRow & { count: number }>`
    select k.size, k.root, k.note, k.at_ms, c.count from (
      select size, count(*)::int as count from log_cosignatures
      where generation = ${generation} and size >= ${fromSize} group by size order by size limit ${limit}) c
    join log_checkpoints k on k.generation = ${generation} and k.size = c.size order by k.size`.execute(tx);
  return rows;
}

/** The newest beyond what is shown that at least `quorum` of `vkeys` have cosigned. */
export async function newestAgreed(
  tx: Tx,
  { generation, vkeys, quorum }: { generation: number; vkeys: readonly string[]; quorum: number },
): Promise<number | undefined> {
  const { rows } = await sql<{ size: number }>`
    select size from log_cosignatures
    where generation = ${generation} and vkey = any(${textColumn(vkeys)}::text[])
      and size > (select shown_size from logs where generation = ${generation})
    group by size having count(*) >= ${quorum} order by size desc limit 1`.execute(tx);
  return rows[0]?.size;
}

/** The checkpoints that a proof may stand on: the newest, the one that is shown, and the newest of each witness. */
export async function checkpointsToProve(tx: Tx, generation: number): Promise<CheckpointRow[]> {
  const { rows } = await sql<CheckpointRow>`
    select size, root, note, at_ms from log_checkpoints
    where generation = ${generation} and size in (
      select published_size from logs where generation = ${generation}
      union select shown_size from logs where generation = ${generation}
      union select (select max(size) from log_cosignatures c where c.generation = w.generation and c.vkey = w.vkey)
        from log_witnesses w where w.generation = ${generation})
    order by size desc`.execute(tx);
  return rows;
}

/** When the first checkpoint beyond the shown one was signed; undefined while none is beyond it. */
export async function unshownSinceMs(tx: Tx, generation: number): Promise<number | undefined> {
  const { rows } = await sql<{ at_ms: number }>`
    select c.at_ms from log_checkpoints c
    where c.generation = ${generation} and c.size > (select shown_size from logs where generation = ${generation})
    order by c.size limit 1`.execute(tx);
  return rows[0]?.at_ms;
}

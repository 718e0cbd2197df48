/** SQL of logs. What waits is read from the ends of the journals, which say in each commit how far they go. */
import { sql } from 'kysely';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import { planned, type Tx, tables } from '../../platform/database.ts';

/** `tenant_id` is filled in and compared by the database; no query names it. */
type LogTables = { logs: LogRow; log_checkpoints: CheckpointRow & { generation: number } };
export type LogRow = {
  generation: number;
  origin: string;
  key: Uint8Array;
  open: boolean;
  size: number;
  root: Uint8Array;
  published_size: number;
  state: Uint8Array;
  shown_size: number;
  waits_since_ms: number | null;
  asked_size: number | null;
  asked_at_ms: number | null;
};
export type CheckpointRow = { size: number; root: Uint8Array; note: string; at_ms: number };
/** Records of one journal that have indices one after another. */
export type Span = { source: string; seq: number; count: number };
export type EntryRow = { index: number; bytes: Uint8Array; hash: Uint8Array };

const on = (tx: Tx) => tables<LogTables>(tx);

export async function insertLog(tx: Tx, row: LogRow): Promise<void> {
  await on(tx).insertInto('logs').values(row).execute();
}

/** The newest, which is the one that grows. */
export async function currentLog(tx: Tx): Promise<LogRow | undefined> {
  return selectCurrent(tx).executeTakeFirst();
}

/** One of them, grown or left behind. */
export async function logAt(tx: Tx, generation: number): Promise<LogRow | undefined> {
  return on(tx).selectFrom('logs').selectAll().where('generation', '=', generation).executeTakeFirst();
}

/** By the name that it was given for ever. */
export async function logNamed(tx: Tx, origin: string): Promise<LogRow | undefined> {
  return on(tx).selectFrom('logs').selectAll().where('origin', '=', origin).executeTakeFirst();
}

/** The current one, locked until the transaction ends. */
export async function lockLog(tx: Tx): Promise<LogRow | undefined> {
  return (await selectLocked(tx))[0];
}

const selectLocked = planned<LogRow>(`
  select generation, origin, key, open, size, root, published_size, state, shown_size, waits_since_ms, asked_size, asked_at_ms
  from logs where generation = (select max(generation) from logs) for update`);

function selectCurrent(tx: Tx) {
  return on(tx)
    .selectFrom('logs')
    .selectAll()
    .where('generation', '=', sql<number>`(select max(generation) from logs)`);
}

/** Any number will do, as long as every process takes the same. */
const LOCK = 4_802_719;

/** True when nobody else sequences this tenant's log; until the transaction ends nobody else will. */
export async function lockSequencing(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ locked: boolean }>`
    select pg_try_advisory_xact_lock(${LOCK}::int, hashtext(current_setting('holdfast.tenant'))) as locked`.execute(
    tx,
  );
  return rows[0]?.locked === true;
}

/** Nothing is asked but whether the transaction is still there. */
export async function sayHeld(tx: Tx): Promise<void> {
  await sql`select 'the lock of a log is held'`.execute(tx);
}

/** Waits until nobody sequences this tenant's log; until the transaction ends nobody will. */
export async function holdSequencing(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK}::int, hashtext(current_setting('holdfast.tenant')))`.execute(
    tx,
  );
}

/** Whether something waits for an index, or has one and no checkpoint yet. */
export async function hasWork(tx: Tx): Promise<boolean> {
  const { rows } = await sql<{ waits: boolean }>`
    select l.size > l.published_size or exists (
        select 1 from journals j left join log_ends e on e.source = j.source and e.generation = l.generation
        where j.last_seq > coalesce(e.last_seq, 0)) as waits
    from logs l where l.generation = (select max(generation) from logs)`.execute(tx);
  return rows[0]?.waits === true;
}

/**
 * What the journals have beyond the log, at most `max` records. A journal has no gaps and its end moves in the
 * transaction of its records, so whatever is up to that end is there. Who has waited longest comes first.
 */
export async function waiting(tx: Tx, max: number): Promise<Span[]> {
  const spans: Span[] = [];
  let room = max;
  for (const { source, seq, count } of await selectWaiting(tx, max)) {
    if (room === 0) break;
    spans.push({ source, seq, count: Math.min(count, room) });
    room -= Math.min(count, room);
  }
  return spans;
}

/**
 * With row security only what cannot tell anything of a row it may not see is looked up in an index, and a sum of two
 * columns could. So it is computed beforehand: without that, each record of a tenant would be read to find one.
 */
const selectWaiting = planned<Span>(`
  with beyond as materialized (
    select j.source, coalesce(e.last_seq, 0) + 1 as seq, j.last_seq - coalesce(e.last_seq, 0) as count
    from journals j left join log_ends e on e.source = j.source and e.generation = (select max(generation) from logs)
    where j.last_seq > coalesce(e.last_seq, 0))
  select source, seq, count from beyond
  order by (select position from records r where r.source = beyond.source and r.seq = beyond.seq), source
  limit $1`);

/**
 * Has the statements that follow find rows by one index each. Where nothing is known yet of how rows are spread, the
 * planner would look up all of a tenant's beside; and where much is, it takes each span for a ninth of all records and
 * would rather read every one. Both cost more with each record that there is.
 */
export async function byOneIndex(tx: Tx): Promise<void> {
  await setOneIndex(tx);
}

const setOneIndex = planned(
  `select set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)`,
);

/** Which index each of some records of a journal has; those that have none yet are absent. */
export async function indicesOf(
  tx: Tx,
  { generation, source, seqs }: { generation: number; source: string; seqs: readonly number[] },
): Promise<{ seq: number; index: number }[]> {
  const { rows } = await sql<{ seq: number; index: number }>`
    select wanted.seq, s.first + wanted.seq - s.seq as index
    from unnest(${integerColumn(seqs)}::bigint[]) as wanted (seq)
    join lateral (select first, seq, count from log_spans where generation = ${generation} and source = ${source}
      and seq <= wanted.seq order by seq desc limit 1) s on wanted.seq < s.seq + s.count
    order by 1`.execute(tx);
  return rows;
}

/** The same for records of several journals, in their order; null for those that have none yet. */
export async function placesOf(
  tx: Tx,
  { generation, records }: { generation: number; records: readonly { source: string; seq: number }[] },
): Promise<(number | null)[]> {
  const { rows } = await sql<{ index: number | null }>`
    select s.first + wanted.seq - s.seq as index
    from unnest(${textColumn(records.map(({ source }) => source))}::text[], ${integerColumn(records.map(({ seq }) => seq))}::bigint[])
      with ordinality as wanted (source, seq, ord)
    left join lateral (select first, seq, count from log_spans where generation = ${generation} and source = wanted.source
      and seq <= wanted.seq order by seq desc limit 1) s on wanted.seq < s.seq + s.count
    order by wanted.ord`.execute(tx);
  return rows.map(({ index }) => index);
}

/** How many records no checkpoint covers. */
export async function numberWaiting(tx: Tx, generation: number): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    select (coalesce((select sum(j.last_seq) from journals j), 0) - l.published_size)::bigint as waiting
    from logs l where l.generation = ${generation}`.execute(tx);
  return Math.max(0, rows[0]?.waiting ?? 0);
}

/** How large the signed log was at each of these moments. */
export async function sizesAt(
  tx: Tx,
  { generation, moments }: { generation: number; moments: readonly number[] },
): Promise<number[]> {
  const { rows } = await sql<{ size: number | null }>`
    select c.size from unnest(${integerColumn(moments)}::bigint[]) with ordinality as asked (at_ms, ord)
    left join lateral (select size from log_checkpoints where generation = ${generation} and at_ms <= asked.at_ms
      order by at_ms desc, size desc limit 1) c on true order by asked.ord`.execute(tx);
  return rows.map(({ size }) => size ?? 0);
}

export async function setPublished(
  tx: Tx,
  { generation, size, state }: { generation: number; size: number; state: Uint8Array },
): Promise<void> {
  await keepPublished(tx, generation, size, state);
}

const keepPublished = planned('update logs set published_size = $2, state = $3 where generation = $1');

/** Readers are given the checkpoint of this size from now on, unless they have a larger one already. */
export async function raiseShown(
  tx: Tx,
  { generation, size }: { generation: number; size: number },
): Promise<void> {
  await keepShown(tx, generation, size);
}

const keepShown = planned('update logs set shown_size = $2 where generation = $1 and shown_size < $2');

/** What witnesses are asked to agree on from now on. */
export async function setAsked(
  tx: Tx,
  { generation, size, atMs }: { generation: number; size: number; atMs: number },
): Promise<void> {
  const row = { asked_size: size, asked_at_ms: atMs };
  await on(tx).updateTable('logs').set(row).where('generation', '=', generation).execute();
}

export async function checkpointAt(
  tx: Tx,
  { generation, size }: { generation: number; size: number },
): Promise<CheckpointRow | undefined> {
  return on(tx)
    .selectFrom('log_checkpoints')
    .select(['size', 'root', 'note', 'at_ms'])
    .where('generation', '=', generation)
    .where('size', '=', size)
    .executeTakeFirst();
}

/** The first that was signed of so many entries or more. */
export async function checkpointFrom(
  tx: Tx,
  { generation, fromSize }: { generation: number; fromSize: number },
): Promise<CheckpointRow | undefined> {
  return on(tx)
    .selectFrom('log_checkpoints')
    .select(['size', 'root', 'note', 'at_ms'])
    .where('generation', '=', generation)
    .where('size', '>=', fromSize)
    .orderBy('size')
    .limit(1)
    .executeTakeFirst();
}

export async function setWaits(
  tx: Tx,
  { generation, sinceMs }: { generation: number; sinceMs: number | null },
): Promise<void> {
  await sql`update logs set waits_since_ms = ${sinceMs}
    where generation = ${generation} and waits_since_ms is distinct from ${sinceMs}`.execute(tx);
}

export async function insertCheckpoint(
  tx: Tx,
  { generation, size, root, note, at_ms }: CheckpointRow & { generation: number },
): Promise<void> {
  await addCheckpoint(tx, generation, size, root, note, at_ms);
}

const addCheckpoint = planned(
  'insert into log_checkpoints (generation, size, root, note, at_ms) values ($1, $2, $3, $4, $5)',
);

/** The last that was signed of the log that grows. */
export async function newestCheckpoint(
  tx: Tx,
): Promise<(CheckpointRow & { generation: number }) | undefined> {
  return (await selectNewest(tx))[0];
}

const selectNewest = planned<CheckpointRow & { generation: number }>(`
  select generation, size, root, note, at_ms from log_checkpoints
  where generation = (select max(generation) from logs) order by size desc limit 1`);

/** The last `limit` that were signed, newest first. */
export async function lastCheckpoints(tx: Tx, generation: number, limit: number): Promise<CheckpointRow[]> {
  return on(tx)
    .selectFrom('log_checkpoints')
    .select(['size', 'root', 'note', 'at_ms'])
    .where('generation', '=', generation)
    .orderBy('size', 'desc')
    .limit(limit)
    .execute();
}

export type Counted = {
  /** Records with an index, and the one after the last index. */
  entries: number;
  end: number;
  /** Journals that end before the log says, or of which the log has other than each record once. */
  askew: string[];
};

/** What the rows say of each other, for finding a database that lost some of them. */
export async function counted(tx: Tx, generation: number): Promise<Counted> {
  const [sums, askew] = await Promise.all([
    sql<{ entries: number; end: number }>`
      select coalesce(sum(count), 0)::bigint as entries, coalesce(max(first + count), 0)::bigint as end
      from log_spans where generation = ${generation}`.execute(tx),
    sql<{ source: string }>`
      select e.source from log_ends e left join journals j on j.source = e.source
        left join lateral (select coalesce(sum(count), 0) as entries, max(seq + count - 1) as last from log_spans s
          where s.generation = e.generation and s.source = e.source) s on true
      where e.generation = ${generation}
        and (j.last_seq is null or j.last_seq < e.last_seq or s.entries <> e.last_seq or s.last <> e.last_seq)
      order by 1`.execute(tx),
  ]);
  const [{ entries, end } = { entries: 0, end: 0 }] = sums.rows;
  return { entries, end, askew: askew.rows.map(({ source }) => source) };
}

/** SQL of processes and leases. A lease's row is locked by whoever uses it, and taken by nobody meanwhile. */
import { sql } from 'kysely';
import type { BankId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';

export type Lease = { bank: BankId; term: number };
export type Process = {
  process: string;
  born: number;
  serving: boolean;
  embedded: boolean;
  workers: readonly string[];
};
export type Standing = {
  /** Processes that serve, this one among them when it does. */
  serving: readonly string[];
  banks: number;
  mine: readonly Lease[];
};

export async function nextBirth(tx: Tx): Promise<number> {
  const { rows } = await sql<{ born: number }>`select nextval('cloud_process_births') as born`.execute(tx);
  return rows[0]?.born ?? 0;
}

/** Says that this process lives, for so long by the database's clock. False when it serves no bank all the same. */
export async function renew(tx: Tx, of: Process & { leaseMs: number }): Promise<boolean> {
  const { rows } = await sql<{ serving: boolean }>`
    insert into cloud_processes (process_id, born, serving, embedded, workers, until)
    values (${of.process}, ${of.born},
      -- Banks connect to one broker: of processes with a broker of their own, the newest serves.
      ${of.serving} and not (${of.embedded} and exists (select from cloud_processes where embedded and born > ${of.born})),
      ${of.embedded}, ${of.workers}, clock_timestamp() + ${of.leaseMs} * interval '1 millisecond')
    on conflict (process_id) do update
      set serving = excluded.serving, workers = excluded.workers, until = excluded.until
    returning serving`.execute(tx);
  return rows[0]?.serving === true;
}

/**
 * Strikes out the processes that did not renew in time. When the database itself was away nobody could, so it
 * gives everyone one more lease's time after its own start. A process that another one strikes out just now is
 * passed over. Answers the job workers of the dead.
 */
export async function buryOthers(tx: Tx, of: { process: string; leaseMs: number }): Promise<string[]> {
  const { rows } = await sql<{ workers: string[] }>`
    delete from cloud_processes where process_id in (
      select process_id from cloud_processes
      where process_id <> ${of.process} and until < clock_timestamp()
        and clock_timestamp() - pg_postmaster_start_time() > ${of.leaseMs} * interval '1 millisecond'
      for update skip locked)
    returning workers`.execute(tx);
  return rows.flatMap((row) => row.workers);
}

/** A process with a broker of its own takes over at once from those before it: the banks come to it. */
export async function buryEmbedded(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{
    workers: string[];
  }>`delete from cloud_processes where embedded returning workers`.execute(tx);
  return rows.flatMap((row) => row.workers);
}

/** What workers of the dead left locked would otherwise wait four hours for the engine to notice. */
export async function freeJobs(tx: Tx, workers: readonly string[]): Promise<void> {
  if (workers.length > 0)
    await sql`select graphile_worker.force_unlock_workers(${workers}::text[])`.execute(tx);
}

/** Jobs locked for a while in a name that nobody alive has: their process died before it had said its name. */
export async function freeOrphanedJobs(tx: Tx, forMs: number): Promise<void> {
  const { rows } = await sql<{ worker: string }>`
    select distinct locked_by as worker from graphile_worker.jobs
    where locked_at < clock_timestamp() - ${forMs} * interval '1 millisecond'
      and not exists (select from cloud_processes where locked_by = any(workers))`.execute(tx);
  await freeJobs(
    tx,
    rows.map(({ worker }) => worker),
  );
}

export async function standing(tx: Tx, process: string): Promise<Standing> {
  const serving = await sql<{
    process: string;
  }>`select process_id as process from cloud_processes where serving order by process_id`.execute(tx);
  const banks = await sql<{ n: number }>`select count(*) as n from bank_index`.execute(tx);
  const mine = await sql<Lease>`
    select bank_id as bank, term from bank_leases where process_id = ${process} order by bank_id`.execute(tx);
  return { serving: serving.rows.map((row) => row.process), banks: banks.rows[0]?.n ?? 0, mine: mine.rows };
}

/** Takes up to `count` banks that nobody alive serves. One that is in use this moment is passed over. */
export async function take(tx: Tx, of: { process: string; count: number }): Promise<Lease[]> {
  const left = await sql<Lease>`
    update bank_leases set process_id = ${of.process}, term = term + 1 where bank_id in (
      select bank_id from bank_leases l
      where not exists (select from cloud_processes p where p.process_id = l.process_id and p.serving)
      order by bank_id limit ${of.count} for update skip locked)
    returning bank_id as bank, term`.execute(tx);
  const room = of.count - left.rows.length;
  if (room === 0) return left.rows;
  const fresh = await sql<Lease>`
    insert into bank_leases (bank_id, process_id)
    select bank_id, ${of.process} from bank_index i
    where not exists (select from bank_leases l where l.bank_id = i.bank_id)
    order by bank_id limit ${room}
    on conflict do nothing returning bank_id as bank, term`.execute(tx);
  return [...left.rows, ...fresh.rows];
}

/** True while the lease is still this one; then nobody else can take it before this transaction has ended. */
export async function lock(tx: Tx, of: Lease & { process: string }): Promise<boolean> {
  const { rows } = await sql`
    select 1 from bank_leases where bank_id = ${of.bank} and process_id = ${of.process} and term = ${of.term}
    for share`.execute(tx);
  return rows.length === 1;
}

/** Gives leases up. The row stays for its term, which must never run backwards. */
export async function release(tx: Tx, of: { process: string; banks: readonly BankId[] }): Promise<void> {
  await sql`update bank_leases set process_id = '' where process_id = ${of.process} and bank_id = any(${of.banks}::text[])`.execute(
    tx,
  );
}

export async function leave(tx: Tx, process: string): Promise<void> {
  await sql`update bank_leases set process_id = '' where process_id = ${process}`.execute(tx);
  await sql`delete from cloud_processes where process_id = ${process}`.execute(tx);
}

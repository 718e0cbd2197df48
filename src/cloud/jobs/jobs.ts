/**
 * Work that has to happen after a transaction and survive a crash: sending, sweeping. A job is added inside
 * the transaction that wants it, so that both happen or neither does. A payload holds ids only, because
 * the queue is a table like any other and its rows are not sealed.
 *
 * The engine is graphile-worker, in the application's own pool. Its tables belong to the owner role; the
 * application may use them and nothing else of that schema.
 */
import { EventEmitter } from 'node:events';
import {
  Logger,
  parseCronItems,
  type Runner,
  run,
  runMigrations,
  type TaskList,
  type WorkerEvents,
} from 'graphile-worker';
import { sql } from 'kysely';
import pg from 'pg';
import { integerColumn, textColumn } from '../../platform/columns.ts';
import type { AddJobs, Cloud, JobPayload, NewJob } from '../deps.ts';
import { APP_ROLE } from '../migrate.ts';
import type { JobHandler, Noun } from '../noun.ts';
import { keepEngine, type Life } from './engine.ts';

const SCHEMA = 'graphile_worker';
const TRIES_MAX = 10;
/** Two of them may wait for mail servers and two for SMS gateways (notices/queue.ts): one is left for all else. */
const CONCURRENCY = 5;
/** New jobs are announced at once; this finds those whose time has come. */
const POLL_MS = 1000;
/** Any number will do, as long as every process takes the same. */
const LOCK = 4_802_718;

/** Builds or upgrades the engine's tables, as the owner role, and lets the application use them. */
export async function migrateJobs(config: { ownerUrl: string }): Promise<void> {
  const pool = new pg.Pool({
    connectionString: config.ownerUrl,
    max: 3,
    application_name: 'holdfast migrate jobs',
  });
  surviveBrokenConnections(pool);
  const holder = await pool.connect();
  try {
    // One process at a time; ending the session gives the lock back.
    await holder.query('select pg_advisory_lock($1)', [LOCK]);
    await runMigrations({ pgPool: pool, schema: SCHEMA, logger: quietLogger() });
    await giveRights(holder);
  } finally {
    holder.release(true);
    await pool.end();
  }
}

/**
 * A connection that breaks while nobody uses it raises an event, which ends the process when nobody
 * listens. The query that comes next fails or gets another connection; that is answer enough.
 */
function surviveBrokenConnections(pool: pg.Pool): void {
  const ignore = () => undefined;
  pool.on('error', ignore);
  pool.on('connect', (client) => client.on('error', ignore));
}

/**
 * Rights are given when they or the engine's tables are new, and not at every start: changing a table's policy
 * locks everybody out of it, and a process that starts would wait for, and block, those that are at work.
 */
async function giveRights(client: pg.PoolClient): Promise<void> {
  const { rows } = await client.query<{ now: string; given: string | null }>(
    `select 'rights ' || md5($1) || ' of ' || max(id) as now,
      obj_description('${SCHEMA}'::regnamespace, 'pg_namespace') as given from ${SCHEMA}.migrations`,
    [RIGHTS],
  );
  const [{ now, given } = { now: '', given: null }] = rows;
  if (now === given) return;
  await client.query(`begin; ${RIGHTS} comment on schema ${SCHEMA} is ${client.escapeLiteral(now)}; commit;`);
}

/** Row security is on in the engine's tables without a policy, which shuts everyone but the owner out. */
const RIGHTS = `
grant usage on schema ${SCHEMA} to ${APP_ROLE};
grant select, insert, update, delete on all tables in schema ${SCHEMA} to ${APP_ROLE};
grant usage on all sequences in schema ${SCHEMA} to ${APP_ROLE};
grant execute on all functions in schema ${SCHEMA} to ${APP_ROLE};
${['jobs', 'job_queues', 'tasks', 'known_crontabs']
  .map(
    (name) => `
drop policy if exists application on ${SCHEMA}._private_${name};
create policy application on ${SCHEMA}._private_${name} to ${APP_ROLE} using (true) with check (true);`,
  )
  .join('')}
`;

/**
 * When a job runs is told as a number: PostgreSQL does not read the texts that ECMAScript has for years beyond
 * 9999, and a bank whose clock stands there would have its journal refused for ever.
 */
export const addJobs: AddJobs = async (tx, jobs) => {
  const last = lastOfEachKey(jobs);
  if (last.length === 0) return;
  const text = (of: (job: NewJob) => string | null) => textColumn(last.map(of));
  await sql`select count(*) from ${sql.id(SCHEMA, 'add_jobs')}((
    select array_agg((name, payload::json, lane, to_timestamp(run_at::double precision), tries, key, null, null)::${sql.id(SCHEMA, 'job_spec')} order by ord)
    from unnest(${text(({ name }) => name)}::text[], ${text(({ payload }) => JSON.stringify(payload))}::text[],
      ${text(({ runAtMs }) => (runAtMs === undefined ? null : String(runAtMs / 1000)))}::text[],
      ${integerColumn(last.map(({ triesMax }) => triesMax ?? TRIES_MAX))}::bigint[], ${text(({ key }) => key ?? null)}::text[],
      ${text(({ lane }) => lane ?? null)}::text[])
      with ordinality as job (name, payload, run_at, tries, key, lane, ord)))`.execute(tx);
};

/** One after another the later job would replace the earlier; in one statement the engine refuses both. */
function lastOfEachKey(jobs: readonly NewJob[]): NewJob[] {
  const last = new Map<string | NewJob, NewJob>();
  for (const job of jobs) last.set(job.key ?? job, job);
  return [...last.values()];
}

export type JobRunner = {
  /** The names in which this process locks jobs. */
  workers(): readonly string[];
  /** Takes no new job and finishes those under way. */
  stop(): Promise<void>;
  /** Gives the jobs under way back to the queue, where they are tried again. */
  cut(): Promise<void>;
};

/** Runs the jobs of all nouns in this process, until stopped. */
export async function startJobs(cloud: Cloud, nouns: readonly Noun[]): Promise<JobRunner> {
  const names = new Set<string>();
  const unlock = () => unlockJobs(cloud.database.pool, [...names]);
  const kept = await keepEngine({
    clock: cloud.clock,
    log: cloud.log.child('jobs'),
    begin: (life) => begin(cloud, nouns, { names, life }),
    unlock,
  });
  return {
    workers: () => [...names],
    stop: () => kept.stop(),
    async cut() {
      await unlock();
    },
  };
}

/**
 * Gives jobs back that nobody brought to an end, and the try that was counted for each. An engine breaks with the
 * database, not by its jobs: a bad hour would use up their tries, and each failure after it would put a notice off
 * for as long as the tenth. What ends a whole process keeps its count (`freeJobs`), so that a job cannot do it for ever.
 */
export async function unlockJobs(pool: Pick<pg.Pool, 'query'>, workers: readonly string[]): Promise<void> {
  await pool.query(
    `update ${SCHEMA}._private_jobs set attempts = greatest(attempts - 1, 0) where locked_by = any($1::text[])`,
    [workers],
  );
  await pool.query(`select ${SCHEMA}.force_unlock_workers($1::text[])`, [workers]);
}

function begin(
  cloud: Cloud,
  nouns: readonly Noun[],
  { names, life }: { names: Set<string>; life: Life },
): Promise<Runner> {
  const taskList: TaskList = {};
  for (const noun of nouns) {
    for (const [name, handler] of Object.entries(noun.jobs ?? {}))
      taskList[name] = taskOf(cloud, name, handler);
  }
  const schedule = nouns.flatMap((noun) => noun.schedule ?? []);
  // The engine locks jobs in the name of its pool, and says that name in an event only.
  const events = new EventEmitter() as WorkerEvents;
  events.on('pool:create', ({ workerPool }) => names.add(workerPool.id));
  events.on('worker:getJob:start', () => life.asked());
  events.on('job:start', () => life.began());
  events.on('job:complete', () => life.ended());
  return run({
    events,
    pgPool: cloud.database.pool,
    taskList,
    parsedCronItems: parseCronItems(
      schedule.map(({ job, cron }) => ({ task: job, match: cron, identifier: job })),
    ),
    noHandleSignals: true,
    logger: quietLogger(),
    preset: {
      worker: {
        schema: SCHEMA,
        concurrentJobs: CONCURRENCY,
        pollInterval: POLL_MS,
        // With a delay, even of none, a failure to note a job's end stops the engine in order; without, nobody
        // hears of it and it ends the process.
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
  });
}

function taskOf(cloud: Cloud, name: string, handler: JobHandler): TaskList[string] {
  const log = cloud.log.child('jobs');
  return async (payload, { job }) => {
    try {
      await handler(cloud, payload as JobPayload);
    } catch (error) {
      // The engine keeps the message of a failure in its table, where no personal data may stand.
      const code =
        error instanceof Error ? String((error as { code?: unknown }).code ?? error.name) : 'unknown';
      log.warn('a job failed', { job: name, tries: job.attempts, code });
      throw new Error(`${name}: ${code}`);
    }
  };
}

/** What matters is logged above, by job name and code; the engine's own lines quote payloads. */
function quietLogger(): Logger {
  return new Logger(() => () => undefined);
}

/**
 * PostgreSQL: one pool, and two ways in.
 *
 * `tenant` opens a transaction that sees one tenant's rows and no other's. The isolation is the
 * database's own: the application connects as a role that owns no table, and every table with tenant data
 * forces row security on the setting `holdfast.tenant`, which lasts until the transaction ends. A query
 * that forgets its tenant finds nothing.
 *
 * `estate` opens a transaction without a tenant. It sees only the few tables that are read before a tenant
 * is known (see the policies named `estate_*` and `before_*` in the migrations).
 *
 * Each has a way that only reads, `read` and `readEstate`. There every round trip is a transaction of its own
 * that begins by naming the tenant and by giving up the right to write, so that nothing has to be begun or committed.
 */
import {
  DefaultQueryExecutor,
  DummyDriver,
  PostgresAdapter,
  PostgresDialect,
  PostgresQueryCompiler,
  sql,
  Transaction,
} from 'kysely';
import pg from 'pg';
import type { TenantId } from '../domain/ids.ts';
import type { Clock } from './clock.ts';
import { type Listen, openListener } from './listening.ts';
import type { Log } from './log.ts';
import { Pipeline, plannedOnce, roundTrip, type Statement } from './pipeline.ts';
import { CONNECT_MS_MAX, endWhenSilent, KEEP_ALIVE_MS, SILENT_MS_MAX } from './silence.ts';

/**
 * A transaction under way. It names no table by itself; a store looks at it through its own tables with
 * `tables<PeopleTables>(tx)`, so that the SQL of a noun stays in that noun.
 */
export type Tx = Transaction<unknown>;

/** The same transaction, seen as the tables of one store. */
export function tables<Tables>(tx: Tx): Transaction<Tables> {
  return tx as unknown as Transaction<Tables>;
}

export type Database = {
  /** Runs a transaction of one tenant. `run` is called again after a deadlock, so it only uses `tx`. */
  tenant<T>(tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T>;
  /** The same, and everything that `run` reads is of one moment, whatever others commit meanwhile. It only reads. */
  snapshot<T>(tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Reads as one tenant. The database refuses whatever would write or lock. What `run` asks at once is answered in one
   * round trip. Each statement sees what was committed when it began (PostgreSQL manual, "Read Committed Isolation
   * Level"): what has to be of one moment is asked in one statement, or as `snapshot`.
   */
  read<T>(tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T>;
  /** What `run` asks at once is a transaction, in one round trip. It can ask no second time. */
  once<T>(tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Runs a transaction of no tenant. */
  estate<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /** Reads as no tenant. */
  readEstate<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Calls `onPayload` for every NOTIFY on `channel`, over a connection of its own that is made again. What was
   * told meanwhile is gone; `onGap` says that there may have been something.
   */
  listen: Listen;
  pool: pg.Pool;
  close(): Promise<void>;
};

export type DatabaseConfig = {
  /** As the application's role. A superuser, or a role that bypasses row security, is refused. */
  url: string;
  clock: Clock;
  log: Log;
  connectionsMax?: number;
  /** How long the line may be silent where something is awaited, in milliseconds of the machine. */
  silentMsMax?: number;
};

const CONNECTIONS_MAX = 10;
const STATEMENT_MS_MAX = 30_000;
/** A process that was paused in the middle lets go of its locks after this time, before others give up waiting. */
const IDLE_IN_TRANSACTION_MS_MAX = 10_000;
const TRIES = 4;
const INT8_OID = 20;

/** 64-bit integers come as numbers; one beyond 2^53 is a bug and must not be rounded. */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new Error('a bigint column holds more than a JavaScript number can');
  return value;
}

const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID && format !== 'binary'
      ? safeInteger
      : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
};

export async function openDatabase(config: DatabaseConfig): Promise<Database> {
  const log = config.log.child('database');
  const silentMsMax = config.silentMsMax ?? SILENT_MS_MAX;
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.connectionsMax ?? CONNECTIONS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    application_name: 'holdfast',
    types,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  pool.on('connect', (client) => endWhenSilent(client, { silentMsMax, log }));
  // A connection that breaks while a transaction holds it fails the next query, which is answer enough; the
  // event beside it would end the process if nobody heard it.
  pool.on('connect', (client) => client.on('error', () => {}));
  // An idle connection that breaks is dropped by the pool; the next query makes another.
  pool.on('error', (error) => log.warn('an idle connection broke', { code: sqlState(error) }));
  try {
    await refusePowerfulRole(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const listener = openListener({ ...config, silentMsMax, log });
  return {
    pool,
    tenant: (tenant, run) => again(() => inTransaction(pool, { begin: [BEGIN, as(tenant)], tenant, run })),
    snapshot: (tenant, run) =>
      again(() => inTransaction(pool, { begin: [BEGIN_SNAPSHOT, as(tenant)], tenant, run })),
    read: (tenant, run) => reading(pool, { tenant, run }),
    once: (tenant, run) => again(() => once(pool, { tenant, run })),
    estate: (run) => again(() => inTransaction(pool, { begin: [BEGIN], tenant: null, run })),
    readEstate: (run) => reading(pool, { tenant: null, run }),
    listen: listener.listen,
    async close() {
      await listener.close();
      await pool.end();
    },
  };
}

const BEGIN = plannedOnce('begin')();
const BEGIN_SNAPSHOT = plannedOnce('start transaction isolation level repeatable read')();
const COMMIT = plannedOnce('commit')();
const ROLLBACK = plannedOnce('rollback')();
const STILL_THERE = plannedOnce('select')();
const as = plannedOnce(`select set_config('holdfast.tenant', $1, true)`);
/** Both last until the transaction ends. One that only reads cannot take that back (PostgreSQL manual, `SET TRANSACTION`). */
const asReader = plannedOnce(
  `select set_config('transaction_read_only', 'on', true), set_config('holdfast.tenant', $1, true)`,
);
const NO_TENANT = '';

const parserOf = (oid: number) => types.getTypeParser(oid, 'text');

type Run<T> = { tenant: TenantId | null; run: (tx: Tx) => Promise<T> };

/** Its beginning travels with the first statement. */
async function inTransaction<T>(
  pool: pg.Pool,
  { begin, tenant, run }: Run<T> & { begin: readonly Statement[] },
): Promise<T> {
  const client = await pool.connect();
  let first = begin;
  const pipeline = new Pipeline(async (asked) => {
    const before = first;
    const outcomes = await roundTrip(client, { statements: [...before, ...asked], parserOf });
    // Not sooner: whoever passes over a failure must not go on without a transaction or its tenant.
    first = [];
    return outcomes.slice(before.length);
  });
  let isBroken = false;
  try {
    const result = await run(txOver(pipeline, tenant));
    const { command } = await pipeline.ask(COMMIT);
    // A statement had failed and nobody said so: PostgreSQL then undoes, whatever it is asked.
    if (command !== 'COMMIT') throw new Error('the transaction had failed, and was undone');
    return result;
  } catch (error) {
    pipeline.end();
    isBroken = !(await isOfUse(client, error, ROLLBACK));
    throw error;
  } finally {
    pipeline.end();
    client.release(isBroken);
  }
}

/**
 * Whether the pool may give a connection to the next after a failure. One that does not answer it may not, nor one
 * whose kept plans are of before a migration: they fail until it has ended.
 */
async function isOfUse(client: pg.PoolClient, error: unknown, statement: Statement): Promise<boolean> {
  const answers = roundTrip(client, { statements: [statement], parserOf }).then(
    () => true,
    () => false,
  );
  return (await answers) && sqlState(error) !== PLAN_OUTLIVED;
}

async function reading<T>(pool: pg.Pool, { tenant, run }: Run<T>): Promise<T> {
  const as = asReader(tenant ?? NO_TENANT);
  const pipeline = new Pipeline((asked) => unbegun(pool, [as, ...asked]));
  try {
    return await run(txOver(pipeline, tenant));
  } finally {
    pipeline.end();
  }
}

async function once<T>(
  pool: pg.Pool,
  { tenant, run }: { tenant: TenantId; run: (tx: Tx) => Promise<T> },
): Promise<T> {
  let hasAsked = false;
  const pipeline = new Pipeline((asked) => {
    if (hasAsked) throw new Error('a transaction of one round trip was asked a second time');
    hasAsked = true;
    return unbegun(pool, [as(tenant), ...asked]);
  });
  try {
    return await run(txOver(pipeline, tenant));
  } finally {
    pipeline.end();
  }
}

/** A round trip without `begin` is a transaction; the outcome of the first statement, which says for whom, is left out. */
async function unbegun(pool: pg.Pool, statements: readonly Statement[]): ReturnType<typeof roundTrip> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    return (await roundTrip(client, { statements, parserOf })).slice(1);
  } catch (error) {
    isBroken = !(await isOfUse(client, error, STILL_THERE));
    throw error;
  } finally {
    client.release(isBroken);
  }
}

const dialect = new PostgresDialect({
  pool: async () => Promise.reject(new Error('statements go by a pipeline')),
});
const compiler = new PostgresQueryCompiler();
const adapter = new PostgresAdapter();
const driver = new DummyDriver();

/** The query builder writes statements; how they travel is the pipeline's. */
function txOver(pipeline: Pipeline, tenant: TenantId | null): Tx {
  const executor = new DefaultQueryExecutor(compiler, adapter, { provideConnection: (use) => use(pipeline) });
  const tx: Tx = new Transaction({ config: { dialect }, dialect, driver, executor });
  pipelines.set(tx, pipeline);
  if (tenant !== null) tenants.set(tx, tenant);
  return tx;
}

const pipelines = new WeakMap<Tx, Pipeline>();

/** A statement of a store that each connection plans once; see `plannedOnce` for which may be one. */
export function planned<Row>(text: string): (tx: Tx, ...values: readonly unknown[]) => Promise<Row[]> {
  const statement = plannedOnce(text);
  return async (tx, ...values) => {
    const pipeline = pipelines.get(tx);
    if (!pipeline) throw new Error('a transaction was made elsewhere');
    return (await pipeline.ask(statement(...values))).rows as Row[];
  };
}

/** Row security does not bind a superuser; running as one would silently remove the wall between tenants. */
async function refusePowerfulRole(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string; powerful: boolean }>(
    'select rolname as name, rolsuper or rolbypassrls as powerful from pg_roles where rolname = current_user',
  );
  if (rows[0]?.powerful)
    throw new Error(
      `databaseUrl signs in as ${rows[0].name}, which bypasses row security; use the application's role`,
    );
}

/** "Cached plan must not change result type." */
const PLAN_OUTLIVED = '0A000';
const DEADLOCK = '40P01';
const SERIALIZATION = '40001';

/** What a transaction saw has been replaced meanwhile, beside the database. It starts again, as after a deadlock. */
export class Outdated extends Error {
  readonly code = SERIALIZATION;
}

/** The database undoes one of two transactions that wait for each other; the undone one starts again. */
async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const undone = sqlState(error) === DEADLOCK || sqlState(error) === SERIALIZATION;
      if (!undone || tries === TRIES) throw error;
    }
  }
}

/** The SQLSTATE of a database error, or undefined for any other. Its message may hold data, so it is not logged. */
function sqlState(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A transaction has one tenant from its first statement to its end, or none. */
const tenants = new WeakMap<Tx, TenantId>();

/** The tenant of a transaction. Throws in a transaction without one (a bug of the caller). */
export function tenantOf(tx: Tx): TenantId {
  const tenant = tenants.get(tx);
  if (!tenant) throw new Error('this needs a transaction of a tenant');
  return tenant;
}

const notified = new WeakMap<Tx, Set<string>>();

/**
 * Tells every listener when, and only if, the transaction commits. Payloads hold ids, never personal data. The
 * database folds equal notifications of one transaction into one, so that none is sent to it twice.
 */
export async function notify(tx: Tx, channel: string, payload: string): Promise<void> {
  const said = notified.get(tx) ?? new Set();
  notified.set(tx, said);
  const word = `${channel} ${payload}`;
  if (said.has(word)) return;
  said.add(word);
  await sql`select pg_notify(${channel}, ${payload})`.execute(tx);
}

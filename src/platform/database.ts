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
 */
import { CompiledQuery, Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import type { TenantId } from '../domain/ids.ts';
import type { Cancel, Clock } from './clock.ts';
import type { Log } from './log.ts';

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
  /** Runs a transaction of no tenant. */
  estate<T>(run: (tx: Tx) => Promise<T>): Promise<T>;
  /**
   * Calls `onPayload` for every NOTIFY on `channel`, over a connection of its own that is made again. What was
   * told meanwhile is gone; `onGap` says that there may have been something.
   */
  listen(channel: string, onPayload: (payload: string) => void, onGap?: () => void): Promise<Cancel>;
  pool: pg.Pool;
  close(): Promise<void>;
};

export type DatabaseConfig = {
  /** As the application's role. A superuser, or a role that bypasses row security, is refused. */
  url: string;
  clock: Clock;
  log: Log;
  connectionsMax?: number;
};

const CONNECTIONS_MAX = 10;
const STATEMENT_MS_MAX = 30_000;
/** A process that was paused in the middle lets go of its locks after this time, before others give up waiting. */
const IDLE_IN_TRANSACTION_MS_MAX = 10_000;
const CONNECT_MS_MAX = 10_000;
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
  const pool = new pg.Pool({
    connectionString: config.url,
    max: config.connectionsMax ?? CONNECTIONS_MAX,
    statement_timeout: STATEMENT_MS_MAX,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS_MAX,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    application_name: 'holdfast',
    types,
    keepAlive: true,
  });
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
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const listener = openListener({ ...config, log });
  return {
    pool,
    tenant: (tenant, run) => again(() => kysely.transaction().execute((tx) => asTenant(tx, tenant, run))),
    snapshot: (tenant, run) =>
      again(() =>
        kysely
          .transaction()
          .setIsolationLevel('repeatable read')
          .execute((tx) => asTenant(tx, tenant, run)),
      ),
    estate: (run) => again(() => kysely.transaction().execute(run)),
    listen: listener.listen,
    async close() {
      await listener.close();
      await kysely.destroy();
    },
  };
}

async function asTenant<T>(tx: Tx, tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
  await tx.executeQuery(CompiledQuery.raw(`select set_config('holdfast.tenant', $1, true)`, [tenant]));
  return run(tx);
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

const DEADLOCK = '40P01';
const SERIALIZATION = '40001';

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

/** A transaction has one tenant from its first statement to its end, and is asked for it once. */
const tenants = new WeakMap<Tx, TenantId>();

/** The tenant of a transaction. Throws in a transaction without one (a bug of the caller). */
export async function tenantOf(tx: Tx): Promise<TenantId> {
  const known = tenants.get(tx);
  if (known) return known;
  const { rows } = await sql<{
    tenant: string | null;
  }>`select current_setting('holdfast.tenant', true) as tenant`.execute(tx);
  const tenant = rows[0]?.tenant;
  if (!tenant) throw new Error('this needs a transaction of a tenant');
  tenants.set(tx, tenant as TenantId);
  return tenant as TenantId;
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

const RECONNECT_MS = 1_000;
const CHANNEL = /^[a-z_]{1,60}$/;

type Listener = { listen: Database['listen']; close(): Promise<void> };
type Hearer = { onPayload(payload: string): void; onGap: (() => void) | undefined };

function openListener({ url, clock, log }: { url: string; clock: Clock; log: Log }): Listener {
  const heard = new Map<string, Set<Hearer>>();
  let client: Promise<pg.Client> | undefined;
  let closed = false;
  let cancelRetry: Cancel | undefined;

  async function connect(): Promise<pg.Client> {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      application_name: 'holdfast listen',
      keepAlive: true,
    });
    next.on('notification', ({ channel, payload }) => {
      for (const { onPayload } of heard.get(channel) ?? []) onPayload(payload ?? '');
    });
    // A failure to connect is the caller's to hear; one after that is told by `end`, once.
    next.on('error', () => {});
    await next.connect();
    let ended = false;
    let listening = false;
    next.once('end', () => {
      ended = true;
      if (listening && !closed) retry();
    });
    for (const channel of heard.keys()) await next.query(`listen ${channel}`);
    if (ended) throw new Error('the listening connection broke at once');
    listening = true;
    return next;
  }

  function retry(): void {
    if (closed) return;
    log.warn('the listening connection broke; it is made again');
    cancelRetry = clock.after(RECONNECT_MS, () => {
      client = connect();
      client.then(() => {
        for (const hearers of heard.values()) for (const { onGap } of hearers) onGap?.();
      }, retry);
    });
  }

  return {
    async listen(channel, onPayload, onGap) {
      if (!CHANNEL.test(channel)) throw new Error('a channel is lower-case letters');
      const hearers = heard.get(channel) ?? new Set();
      heard.set(channel, hearers);
      const hearer = { onPayload, onGap };
      hearers.add(hearer);
      client ??= connect();
      await (await client).query(`listen ${channel}`);
      return () => void hearers.delete(hearer);
    },
    async close() {
      closed = true;
      cancelRetry?.();
      const last = await client?.catch(() => undefined);
      await last?.end();
    },
  };
}

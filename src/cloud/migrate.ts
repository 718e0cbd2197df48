/**
 * The database's shape: numbered, forward-only steps of SQL. Each noun exports its own; the order over all
 * nouns is the order of their numbers. They run as the owner's role, one process at a time, each in a
 * transaction, and each is remembered with the hash of its text: a step that was edited after it ran stops
 * the start, because two databases would otherwise differ under one number.
 */
import pg from 'pg';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import type { Log } from '../platform/log.ts';

export type Migration = { id: string; sql: string };

const OWNER_ROLE = 'holdfast_owner';
export const APP_ROLE = 'holdfast_app';
/** Any number will do, as long as every process takes the same. */
const LOCK = 4_802_717;
/** Of the server's table of errors (PostgreSQL, appendix A): invalid_catalog_name and insufficient_privilege. */
const NO_SUCH_DATABASE = '3D000';
const NOT_ALLOWED = '42501';
const CONNECT_MS_MAX = 30_000;
const ID = /^\d{4}-[a-z0-9-]+$/;

export async function migrate(config: {
  ownerUrl: string;
  migrations: readonly Migration[];
  log: Log;
}): Promise<void> {
  const steps = ordered(config.migrations);
  const client = new pg.Client({ connectionString: config.ownerUrl, application_name: 'holdfast migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
    await client.query(
      'create table if not exists migrations (id text primary key, hash text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ id: string; hash: string }>('select id, hash from migrations');
    const applied = new Map(rows.map((row) => [row.id, row.hash]));
    refuseUnknown([...applied.keys()], steps);
    for (const step of steps) {
      const hash = hashOf(step);
      const before = applied.get(step.id);
      if (before === hash) continue;
      if (before !== undefined)
        throw new Error(`migration ${step.id} was edited after it had run; add a new one instead`);
      await apply(client, step, hash);
      config.log.info('migrated', { migration: step.id });
    }
  } finally {
    // Ending the session also gives the lock back.
    await client.end();
  }
}

/** By which a step is known to be the one that ran. */
export function hashOf({ sql }: Migration): string {
  return hex(sha256(utf8(sql)));
}

function ordered(migrations: readonly Migration[]): Migration[] {
  const steps = [...migrations].sort((a, b) => (a.id < b.id ? -1 : 1));
  for (const [index, step] of steps.entries()) {
    if (!ID.test(step.id)) throw new Error(`migration ${step.id} is not named <four digits>-<words>`);
    if (steps[index + 1]?.id.slice(0, 4) === step.id.slice(0, 4))
      throw new Error(`two migrations have the number of ${step.id}`);
  }
  return steps;
}

function refuseUnknown(applied: readonly string[], steps: readonly Migration[]): void {
  const unknown = applied.find((id) => !steps.some((step) => step.id === id));
  if (unknown !== undefined)
    throw new Error(
      `the database has migration ${unknown}, which this version does not know; it is older than the database`,
    );
}

async function apply(client: pg.Client, step: Migration, hash: string): Promise<void> {
  await client.query('begin');
  try {
    await client.query(step.sql);
    await client.query('insert into migrations (id, hash) values ($1, $2)', [step.id, hash]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new Error(`migration ${step.id} failed`, { cause });
  }
}

export type PrepareDatabase = {
  superuserUrl: string;
  database: string;
  ownerPassword: string;
  appPassword: string;
};

/**
 * Makes the two roles and the database once: the owner makes tables, the application uses them and owns
 * none. `up` runs it on the embedded server; an operator does the same by hand (docs/reference).
 */
export async function prepareDatabase(config: PrepareDatabase): Promise<void> {
  const client = new pg.Client({
    connectionString: config.superuserUrl,
    application_name: 'holdfast prepare',
    connectionTimeoutMillis: CONNECT_MS_MAX,
  });
  await client.connect();
  try {
    await makeRole(client, OWNER_ROLE, config.ownerPassword);
    await makeRole(client, APP_ROLE, config.appPassword);
    const database = client.escapeIdentifier(config.database);
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [
      config.database,
    ]);
    if (rowCount === 0) await client.query(`create database ${database} owner ${OWNER_ROLE}`);
    await client.query(`revoke all on database ${database} from public`);
    await client.query(`grant connect on database ${database} to ${APP_ROLE}`);
  } finally {
    await client.end();
  }
}

/**
 * Whether a cloud has made its tables in this database already. One that may not be looked into has been closed to
 * everybody else by us or by somebody: it counts as one that has.
 */
export async function hasTables(url: string): Promise<boolean> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'holdfast prepare',
    connectionTimeoutMillis: CONNECT_MS_MAX,
  });
  try {
    await client.connect();
    const { rowCount } = await client.query(`select 1 from pg_tables where tablename = 'migrations'`);
    return rowCount !== 0;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === NO_SUCH_DATABASE) return false;
    if (code === NOT_ALLOWED) return true;
    throw error;
  } finally {
    await client.end();
  }
}

async function makeRole(client: pg.Client, role: string, password: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [role]);
  if (rowCount === 0)
    await client.query(`create role ${role} nosuperuser nocreatedb nocreaterole nobypassrls login`);
  await client.query(`alter role ${role} password ${client.escapeLiteral(password)}`);
}

/** The SQL that gives a table its wall: row security, forced for the owner too, and the application's rights. */
export function tenantTable(table: string, rights = 'select, insert, update, delete'): string {
  return `
alter table ${table} enable row level security;
alter table ${table} force row level security;
create policy own_tenant on ${table} using (tenant_id = current_setting('holdfast.tenant', true));
grant ${rights} on ${table} to ${APP_ROLE};
`;
}

/** Added to a tenant's table that is also read before a tenant is known. */
export function readWithoutTenant(table: string, policy: string): string {
  return `create policy ${policy} on ${table} for select using (coalesce(current_setting('holdfast.tenant', true), '') = '');\n`;
}

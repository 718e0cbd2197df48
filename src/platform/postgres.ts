/**
 * The embedded PostgreSQL: a real server from packaged programs, for development, tests and trials. It
 * listens on a Unix socket in a private folder and nowhere else; production sets DATABASE_URL instead.
 *
 * The server is a process group of its own, so that Ctrl-C in a terminal reaches us and not it, and the
 * data is closed in order. When we are killed it stays behind, unharmed, and the next start adopts it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chown, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { base64url, fromUtf8, hex } from '../crypto/bytes.ts';
import { labelled, sha256 } from '../crypto/hash.ts';
import { type Clock, sleep } from './clock.ts';
import { makePrivateDir, readIfExists, syncDir, writeDurable } from './durable.ts';
import type { Log } from './log.ts';
import { exists, findPlace, type Place, PORT, type Relocated } from './postgres-place.ts';
import { holderOf, isRunning } from './postgres-processes.ts';
import type { Random } from './random.ts';

export type PostgresConfig = {
  /** The folder of the data itself. Beside it stand `<dataDir>.password`, `.log` and `.socket/`. */
  dataDir: string;
  log: Log;
  clock: Clock;
  random: Random;
};

export type Postgres = {
  /** Of the server that begins all others. */
  pid: number;
  socketDir: string;
  port: number;
  superuser: string;
  password: string;
  /** True when the server had been left behind by an earlier process. */
  adopted: boolean;
  /** What could not stand at its wished place, and where it stands; the caller shows it. */
  relocated: Relocated | null;
  /** A URL for `pg`. The superuser's password is filled in; another user's has to be given. */
  connectionString(user: string, database: string, password?: string): string;
  /** Ends all sessions, closes the data in order, and returns when the server is gone. */
  stop(): Promise<void>;
};

type Running = { place: Place; secret: Secret; pid: number; socketDir: string; adopted: boolean };
type Secret = { password: string; mark: string };

const SUPERUSER = 'postgres';
const RETRY_MS = 700;
const START_MS_MAX = 30_000;
const FAST_STOP_MS_MAX = 20_000;
const HARD_STOP_MS_MAX = 5_000;

/** Given on every start, so that no file in the data folder can drift from them. Sized for two cores. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: String(PORT),
  unix_socket_permissions: '0700',
  password_encryption: 'scram-sha-256',
  max_connections: '60',
  shared_buffers: '64MB',
  max_wal_size: '256MB',
  jit: 'off',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  lc_messages: 'C',
  log_statement: 'none',
  log_checkpoints: 'off',
  // The text of a failed statement, or of its error, can hold a person's data. Whoever sent the statement
  // is told; the server's log keeps only what concerns the server.
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
};

export async function startPostgres(config: PostgresConfig): Promise<Postgres> {
  const { clock, log } = config;
  const place = await findPlace(config.dataDir);
  await mkdir(dirname(place.dataDir), { recursive: true, mode: 0o711 });
  makePrivateDir(place.socketDir, place.owner);
  const secret = await ownSecret(place, config.random);
  if (!(await exists(place.dataDir))) await createData(place, secret);

  const running = await startOrAdopt({ place, secret, clock, log });
  log.info('postgres is ready', {
    pid: running.pid,
    adopted: running.adopted,
    relocated: place.relocated !== null,
  });
  let stopping: Promise<void> | undefined;
  return {
    pid: running.pid,
    socketDir: running.socketDir,
    port: PORT,
    superuser: SUPERUSER,
    password: secret.password,
    adopted: running.adopted,
    relocated: place.relocated,
    connectionString: (user, database, password) =>
      connectionString({
        user,
        database,
        password: password ?? (user === SUPERUSER ? secret.password : ''),
        socketDir: running.socketDir,
      }),
    stop() {
      stopping ??= stopServer(running.pid, { clock, log });
      return stopping;
    },
  };
}

function connectionString(to: {
  user: string;
  password: string;
  database: string;
  socketDir: string;
}): string {
  const who = to.password
    ? `${encodeURIComponent(to.user)}:${encodeURIComponent(to.password)}`
    : encodeURIComponent(to.user);
  // The host in the query overrides the one in the URL; a socket's path cannot stand in the latter.
  return `postgresql://${who}@localhost:${PORT}/${encodeURIComponent(to.database)}?host=${encodeURIComponent(to.socketDir)}`;
}

/** The superuser's password, drawn once and kept for its owner alone, and the server's mark made of it. */
async function ownSecret(place: Place, random: Random): Promise<Secret> {
  const kept = readIfExists(place.passwordFile);
  if (!kept && (await exists(place.dataDir)) && place.relocated?.parts.includes('data')) {
    // The folder that it belonged to was deleted, and its password with it: nobody can ever sign in again.
    await rm(place.dataDir, { recursive: true, force: true });
  } else if (!kept && (await exists(place.dataDir))) {
    throw new Error(
      `${place.passwordFile} is missing, so nobody can sign in to ${place.dataDir}; remove both to start anew`,
    );
  }
  const password = kept ? fromUtf8(kept).trim() : base64url(random.bytes(32));
  if (!kept) writeDurable(place.passwordFile, `${password}\n`, 0o600);
  return { password, mark: `holdfast-${hex(sha256(labelled('postgres-mark/v1', password))).slice(0, 16)}` };
}

/** Makes the data beside its place and renames it, so that half-made data never has the name. */
async function createData(place: Place, secret: Secret): Promise<void> {
  const fresh = `${place.dataDir}.new`;
  await rm(fresh, { recursive: true, force: true });
  makePrivateDir(fresh, place.owner);
  const passwordFile = join(place.socketDir, 'password');
  try {
    await writeFile(passwordFile, secret.password, { mode: 0o600 });
    if (place.owner) await chown(passwordFile, place.owner.uid, place.owner.gid);
    await runInitdb(place, ['-D', fresh, '--pwfile', passwordFile]);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(fresh, place.dataDir);
  syncDir(dirname(place.dataDir));
}

function runInitdb(place: Place, more: readonly string[]): Promise<void> {
  const flags = ['-U', SUPERUSER, '--auth=scram-sha-256', '--data-checksums', '--no-instructions'];
  // The builtin provider sorts the same on every machine and after every upgrade of the system's libraries.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  return new Promise((resolve, reject) => {
    const child = spawn(join(place.programsDir, 'bin', 'initdb'), [...flags, ...locale, ...more], {
      ...runAs(place),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (bytes) => (said += String(bytes)));
    child.stderr.on('data', (bytes) => (said += String(bytes)));
    child.on('error', (error) => reject(new Error('initdb cannot be run', { cause: error })));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new Error(`initdb failed (${code ?? 'killed'}): ${said.trim().split('\n').slice(-4).join(' | ')}`),
        );
    });
  });
}

/**
 * A batch of records is a statement of about a megabyte. Left to itself the C library asks the system for that memory
 * with every batch and gives it back (mallopt(3)); on a virtual machine that costs more than the rows do.
 */
const KEPT_MEMORY = { MALLOC_MMAP_THRESHOLD_: '16777216', MALLOC_TRIM_THRESHOLD_: '16777216' };

/** The environment is empty but for these: PostgreSQL reads many `PG…` variables, none of which is ours. */
function runAs(place: Place): { cwd: string; env: Record<string, string>; uid?: number; gid?: number } {
  const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...KEPT_MEMORY };
  return { cwd: place.socketDir, env, ...(place.owner ?? {}) };
}

type Start = { place: Place; secret: Secret; clock: Clock; log: Log };

async function startOrAdopt(start: Start): Promise<Running> {
  const { place, secret, clock, log } = start;
  const untilMs = clock.monotonicMs() + START_MS_MAX;
  for (;;) {
    const holder = await holderOf(place.dataDir, secret.mark);
    if (holder.kind === 'server') {
      const { pid, socketDir } = holder;
      if (await answers({ place, secret, socketDir }))
        return { place, secret, pid, socketDir, adopted: true };
    }
    if (holder.kind === 'nobody') {
      // Nobody lives on the data, so what a killed server left is only in the way.
      await rm(join(place.dataDir, 'postmaster.pid'), { force: true });
      const pid = await launch(start, untilMs);
      if (pid !== undefined) return { place, secret, pid, socketDir: place.socketDir, adopted: false };
    }
    if (clock.monotonicMs() > untilMs)
      throw new Error(`PostgreSQL does not start: ${await why(place, holder)}`);
    log.warn('postgres is waited for', { holder: holder.kind });
    await sleep(clock, RETRY_MS);
  }
}

async function why(place: Place, holder: Awaited<ReturnType<typeof holderOf>>): Promise<string> {
  if (holder.kind === 'nobody') return await lastWords(place);
  const pids = holder.kind === 'server' ? [holder.pid] : holder.pids;
  return `process ${pids.join(', ')} holds ${place.dataDir} and does not answer; end it and start again`;
}

/** Starts the server and waits until it answers. Undefined when it ended over a folder not yet released. */
async function launch(start: Start, untilMs: number): Promise<number | undefined> {
  const { place, secret, clock, log } = start;
  const server = await spawnServer(place, secret);
  let ended = false;
  server.once('exit', (code) => {
    ended = true;
    log.info('postgres ended', { code });
  });
  while (!ended) {
    if (await answers({ place, secret, socketDir: place.socketDir })) return server.pid;
    if (clock.monotonicMs() > untilMs) {
      server.kill('SIGQUIT');
      throw new Error(`PostgreSQL does not answer: ${await lastWords(place)}`);
    }
    await sleep(clock, 30);
  }
  const words = await lastWords(place);
  if (/postmaster\.pid|shared memory block|could not (bind|create).*socket/i.test(words)) return undefined;
  throw new Error(`PostgreSQL does not start: ${words}`);
}

async function spawnServer(place: Place, secret: Secret): Promise<ChildProcess> {
  const settings = {
    ...SETTINGS,
    cluster_name: secret.mark,
    // A list: quoted, because a comma or a blank in the path would end the item.
    unix_socket_directories: `"${place.socketDir.replaceAll('"', '""')}"`,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(place.logFile, 'a', 0o600);
  try {
    const server = spawn(join(place.programsDir, 'bin', 'postgres'), ['-D', place.dataDir, ...args], {
      ...runAs(place),
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    await new Promise((resolve, reject) => {
      server.once('spawn', resolve);
      server.once('error', (error) => reject(new Error('postgres cannot be run', { cause: error })));
    });
    server.unref();
    return server;
  } finally {
    await log.close();
  }
}

async function lastWords(place: Place): Promise<string> {
  const lines = (await readFile(place.logFile, 'utf8')).trim().split('\n');
  return `${lines.slice(-3).join(' | ')} (${place.logFile})`;
}

/** True when the server on this socket takes our password and serves exactly our folder. */
async function answers(at: { place: Place; secret: Secret; socketDir: string }): Promise<boolean> {
  const client = new pg.Client({
    host: at.socketDir,
    port: PORT,
    user: SUPERUSER,
    password: at.secret.password,
    database: 'postgres',
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks while idle reports here as well; the query below is what counts.
  let broken: Error | undefined;
  client.on('error', (error) => {
    broken = error;
  });
  try {
    await client.connect();
    const { rows } = await client.query<{ dir: string }>(`select current_setting('data_directory') as dir`);
    if (rows[0]?.dir === at.place.dataDir) return broken === undefined;
    throw new Error(`the server left behind serves ${rows[0]?.dir}, not ${at.place.dataDir}: end it first`);
  } catch (error) {
    if (isNotYet(error)) return false;
    throw error;
  } finally {
    await client.end();
  }
}

/** Not listening yet, or starting up, shutting down, recovering (SQLSTATE 57P01 to 57P03). */
function isNotYet(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  if (/^(ENOENT|ECONNREFUSED|ECONNRESET|EPIPE|57P0[123])$/.test(code)) return true;
  return /terminated unexpectedly|timeout expired/i.test(error.message);
}

/** Fast shutdown, then immediate (PostgreSQL manual, section "Shutting Down the Server"). */
async function stopServer(pid: number, on: { clock: Clock; log: Log }): Promise<void> {
  const rounds = [
    { signal: 'SIGINT', waitMs: FAST_STOP_MS_MAX },
    { signal: 'SIGQUIT', waitMs: HARD_STOP_MS_MAX },
  ] as const;
  for (const { signal, waitMs } of rounds) {
    if (!(await isRunning(pid))) return;
    process.kill(pid, signal);
    const untilMs = on.clock.monotonicMs() + waitMs;
    while (on.clock.monotonicMs() < untilMs) {
      if (!(await isRunning(pid))) return;
      await sleep(on.clock, 25);
    }
    on.log.warn('postgres does not stop', { signal, waitedMs: waitMs });
  }
  throw new Error(`PostgreSQL (process ${pid}) does not stop`);
}

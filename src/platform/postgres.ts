/**
 * The embedded PostgreSQL: a real server from packaged programs, for development, tests and trials. It
 * listens on a Unix socket in a private folder and nowhere else; production sets DATABASE_URL instead.
 *
 * The server is a process group of its own, so that Ctrl-C in a terminal reaches us and not it, and the
 * data is closed in order. When we are killed it stays behind, unharmed, and the next start adopts it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { type Clock, sleep } from './clock.ts';
import { makePrivateDir } from './durable.ts';
import type { Log } from './log.ts';
import { provideData, type Secret, SUPERUSER, surroundings } from './postgres-data.ts';
import { findPlace, type Place, PORT, type Relocated } from './postgres-place.ts';
import { type Holder, holderOf } from './postgres-processes.ts';
import { bornAt } from './process-identity.ts';
import type { Random } from './random.ts';

export type PostgresConfig = {
  /** The folder of the data itself. Beside it stand `<dataDir>.password`, `.log` and `.socket/`. */
  dataDir: string;
  log: Log;
  clock: Clock;
  random: Random;
  /** The data was there before, and somebody counts on it: where it is missing, none is made in its place. */
  mustExist?: boolean;
  /** For what root cannot place in its checkout; see postgres-place.ts. */
  lastingDir?: string;
};

export type Postgres = {
  /** Of the server that begins all others; of the one that runs now. */
  readonly pid: number;
  socketDir: string;
  port: number;
  superuser: string;
  password: string;
  /** True when the server had been left behind by an earlier process. */
  adopted: boolean;
  /** What could not stand at its wished place, and where it stands; the caller shows it. */
  relocated: Relocated | null;
  /** Where the data was before this start moved it to where it lasts; the caller shows it. */
  movedFrom: string | null;
  /** A URL for `pg`. The superuser's password is filled in; another user's has to be given. */
  connectionString(user: string, database: string, password?: string): string;
  /** Ends all sessions, closes the data in order, and returns when the server is gone. */
  stop(): Promise<void>;
  isRunning(): boolean;
  /** Starts a server that ended, on the same socket with the same password. */
  startAgain(): Promise<void>;
};

/** `born` beside the number, so that a server that ended is not taken for whoever has its number by then. */
type Running = { pid: number; born: string | undefined; socketDir: string; adopted: boolean };

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
  const { clock, log, mustExist = false } = config;
  const found = await findPlace(config.dataDir, config.lastingDir);
  await mkdir(dirname(found.dataDir), { recursive: true, mode: 0o711 });
  makePrivateDir(found.socketDir, found.owner);
  const { place, secret, movedFrom } = await provideData(found, { random: config.random, mustExist });
  const running = await startOrAdopt({ place, secret, clock, log });
  log.info('postgres is ready', {
    pid: running.pid,
    adopted: running.adopted,
    relocated: place.relocated !== null,
  });
  return handleOf({ running, movedFrom, start: { place, secret, clock, log } });
}

function handleOf(of: { running: Running; movedFrom: string | null; start: Start }): Postgres {
  const { start, movedFrom } = of;
  let { running } = of;
  const { socketDir, adopted } = running;
  const { secret } = start;
  let starting: Promise<void> = Promise.resolve();
  let stopping: Promise<void> | undefined;
  return {
    get pid() {
      return running.pid;
    },
    ...{ socketDir, adopted, movedFrom, port: PORT, superuser: SUPERUSER, password: secret.password },
    relocated: start.place.relocated,
    connectionString: (user, database, password) =>
      connectionString({
        ...{ user, database, socketDir },
        password: password ?? (user === SUPERUSER ? secret.password : ''),
      }),
    stop() {
      // Of a start that is under way, what became of it.
      stopping ??= starting.catch(() => undefined).then(() => stopServer(running, start));
      return stopping;
    },
    isRunning: () => isServer(running),
    startAgain() {
      if (stopping) return stopping;
      // On the socket that its clients know, also where that is an older version's.
      const place = { ...start.place, socketDir };
      starting = startOrAdopt({ ...start, place }).then((again) => {
        running = again;
      });
      return starting;
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

type Start = { place: Place; secret: Secret; clock: Clock; log: Log };

async function startOrAdopt(start: Start): Promise<Running> {
  const { place, secret, clock, log } = start;
  const untilMs = clock.monotonicMs() + START_MS_MAX;
  for (;;) {
    const holder = await holderOf(place.dataDir, secret.mark);
    if (holder.kind === 'server') {
      const { pid, socketDir } = holder;
      const born = bornAt(pid);
      if (await answers({ place, secret, socketDir })) return { pid, born, socketDir, adopted: true };
    }
    if (holder.kind === 'nobody') {
      // Nobody lives on the data, so what a killed server left is only in the way.
      await rm(join(place.dataDir, 'postmaster.pid'), { force: true });
      const pid = await launch(start, untilMs);
      if (pid !== undefined) return { pid, born: bornAt(pid), socketDir: place.socketDir, adopted: false };
    }
    if (clock.monotonicMs() > untilMs)
      throw new Error(`PostgreSQL does not start: ${await why(place, holder)}`);
    log.warn('postgres is waited for', { holder: holder.kind });
    await sleep(clock, RETRY_MS);
  }
}

/** Only whoever was shown to be on this very folder is named as somebody to end. */
async function why(place: Place, holder: Holder): Promise<string> {
  if (holder.kind === 'nobody') return await lastWords(place);
  const file = join(place.dataDir, 'postmaster.pid');
  if (holder.kind === 'unknown')
    return `${file} names process ${holder.pid}, a PostgreSQL of somebody else’s that cannot be looked into. If it works on another folder, remove that file and start again`;
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
  const end = (cause: unknown): never => {
    // Nobody else knows of this process: it would stand in the way of the next start.
    server.kill('SIGQUIT');
    throw cause;
  };
  while (!ended) {
    if (await answers({ place, secret, socketDir: place.socketDir }).catch(end)) return server.pid;
    if (clock.monotonicMs() > untilMs)
      end(new Error(`PostgreSQL does not answer: ${await lastWords(place)}`));
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
  const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  const log = await open(place.logFile, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    const server = spawn(join(place.programsDir, 'bin', 'postgres'), ['-D', place.dataDir, ...args], {
      ...surroundings(place),
      ...place.owner,
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

const isServer = ({ pid, born }: Running): boolean => born !== undefined && bornAt(pid) === born;

/** Fast shutdown, then immediate (PostgreSQL manual, section "Shutting Down the Server"). */
async function stopServer(server: Running, on: { clock: Clock; log: Log }): Promise<void> {
  const rounds = [
    { signal: 'SIGINT', waitMs: FAST_STOP_MS_MAX },
    { signal: 'SIGQUIT', waitMs: HARD_STOP_MS_MAX },
  ] as const;
  for (const { signal, waitMs } of rounds) {
    if (!isServer(server)) return;
    process.kill(server.pid, signal);
    const untilMs = on.clock.monotonicMs() + waitMs;
    while (on.clock.monotonicMs() < untilMs) {
      if (!isServer(server)) return;
      await sleep(on.clock, 25);
    }
    on.log.warn('postgres does not stop', { signal, waitedMs: waitMs });
  }
  throw new Error(`PostgreSQL (process ${server.pid}) does not stop`);
}

/**
 * PostgreSQL and Mosquitto as an operator brings them: Debian's own packages, started for one test on loopback
 * ports of their own, reached by address alone. Neither runs as root: PostgreSQL refuses to, and neither has to.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { base64url } from '../src/crypto/bytes.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import { waitFor } from '../src/up/wait.ts';
import { findProgram } from '../tools/peers.ts';

const LOOPBACK = '127.0.0.1';
const NOBODY = { uid: 65_534, gid: 65_534 };
const START_MS_MAX = 60_000;
const isRoot = process.getuid?.() === 0;
const asNobody = isRoot ? NOBODY : {};
const CLEAN = { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

const programOf = (name: string): string | undefined => findProgram([name], process.env.PATH ?? '');
const HOME = programOf('pg_ctl');

/** Why tests with a Mosquitto cannot run here; false when they can. */
export const missingMosquitto: string | false =
  programOf('mosquitto') === undefined ? 'NOT RUN: mosquitto' : false;
/** The same for tests with the service manager's own programs. */
export const missingSystemd: string | false =
  programOf('systemd-analyze') === undefined ? 'NOT RUN: systemd' : false;
/** The same for what another hand makes of CMS. */
export const missingOpenssl: string | false = programOf('openssl') === undefined ? 'NOT RUN: openssl' : false;
/** The same for tests with both peers. */
export const missingPeer: string | false = HOME === undefined ? 'NOT RUN: postgresql' : missingMosquitto;

export type PostgresPeer = {
  /** As its superuser, on its own database. */
  url: string;
  start(): Promise<void>;
  /** As a power cut of its machine: what is not on the disk is gone, and the next start recovers. */
  stopImmediately(): Promise<void>;
  close(): Promise<void>;
};

export async function startPostgresPeer(): Promise<PostgresPeer> {
  const bin = dirname(HOME ?? '');
  const home = openDir('holdfast-postgresql-');
  const password = base64url(systemRandom.bytes(18));
  const passwordFile = join(home, 'password');
  const data = join(home, 'data');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  give(passwordFile);
  const made = spawnSync(
    join(bin, 'initdb'),
    [
      '-D',
      data,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      '--pwfile',
      passwordFile,
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ],
    { ...asNobody, cwd: home, env: CLEAN, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  const url = `postgresql://postgres:${password}@${LOOPBACK}:${port}/postgres`;
  let server: ChildProcess | null = null;
  const peer: PostgresPeer = {
    url,
    async start() {
      server = spawn(
        join(bin, 'postgres'),
        ['-D', data, '-p', String(port), '-k', home, '-c', `listen_addresses=${LOOPBACK}`],
        { ...asNobody, cwd: home, env: CLEAN, stdio: 'ignore' },
      );
      await waitFor({
        clock: systemClock,
        what: 'PostgreSQL to answer',
        msMax: START_MS_MAX,
        holds: () => answersAt(url),
      });
    },
    stopImmediately: () => end(server, 'SIGQUIT'),
    async close() {
      await end(server, 'SIGQUIT');
      rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await peer.start();
  return peer;
}

async function answersAt(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query('select 1')).rowCount === 1;
  } finally {
    await client.end();
  }
}

export type MosquittoPeer = {
  /** What `broker` of a cloud's configuration says. */
  broker: { host: string; port: number; mosquitto: { host: string; port: number; dir: string } };
  /** Takes the files that `holdfast cloud broker` wrote to its own machine, and starts. */
  start(filesDir?: string): Promise<void>;
  kill(): Promise<void>;
  said(): string;
  close(): Promise<void>;
};

export async function newMosquittoPeer(): Promise<MosquittoPeer> {
  const dir = openDir('holdfast-mosquitto-');
  const [port, banksPort] = [await freePort(), await freePort()];
  const logFile = join(dir, 'log');
  let broker: ChildProcess | null = null;
  const peer: MosquittoPeer = {
    broker: { host: LOOPBACK, port, mosquitto: { host: LOOPBACK, port: banksPort, dir } },
    async start(filesDir) {
      if (filesDir !== undefined)
        for (const name of readdirSync(filesDir)) {
          cpSync(join(filesDir, name), join(dir, name));
          give(join(dir, name));
        }
      const log = spawn(programOf('mosquitto') ?? '', ['-v', '-c', join(dir, 'mosquitto.conf')], {
        ...asNobody,
        cwd: dir,
        env: CLEAN,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const keep = (part: Buffer) => writeFileSync(logFile, part, { flag: 'a' });
      log.stdout.on('data', keep);
      log.stderr.on('data', keep);
      broker = log;
      await waitFor({
        clock: systemClock,
        what: 'Mosquitto to listen',
        msMax: START_MS_MAX,
        holds: async () => (await isOpen(port)) && (await isOpen(banksPort)),
      }).catch((error: unknown) => {
        throw new Error(`Mosquitto does not start: ${peer.said()}`, { cause: error });
      });
    },
    kill: () => end(broker, 'SIGKILL'),
    said: () => readFileSync(logFile, 'utf8').slice(-2_000),
    async close() {
      await end(broker, 'SIGKILL');
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  writeFileSync(logFile, '');
  return peer;
}

/** A folder that the peer's user owns. */
function openDir(prefix: string): string {
  const dir = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(dir, 0o700);
  mkdirSync(dir, { recursive: true });
  give(dir);
  return dir;
}

function give(path: string): void {
  if (isRoot) chownSync(path, NOBODY.uid, NOBODY.gid);
}

async function end(child: ChildProcess | null, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host: LOOPBACK, port: 0 }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

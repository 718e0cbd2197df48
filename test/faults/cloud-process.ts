/** One cloud process of a site in the hands of a test: started without a supervisor, so that it hears signals. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import pg from 'pg';
import { CSRF_HEADER } from '../../src/contract/http/common.ts';
import { systemClock } from '../../src/platform/clock.ts';
import type { System } from '../../src/up/system.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT } from '../site.ts';

export type Stopping = { unreadyMs: number; finishMs: number };
export type CloudProcess = {
  child: ChildProcess;
  /** Status or signal, once it has ended. */
  ended: Promise<number | string>;
  said(): string;
};

const running = new Set<ChildProcess>();

/** A test that failed leaves its process behind, and with it the port. */
export function killCloudProcesses(): void {
  for (const child of running) child.kill('SIGKILL');
}

const configOf = (system: System) => join(system.places.cloud, 'config.json');
const read = (system: System) => JSON.parse(readFileSync(configOf(system), 'utf8'));

export function setStopping(system: System, stopping: Stopping): void {
  writeFileSync(configOf(system), JSON.stringify({ ...read(system), stopping }));
}

/** `preload`: a module that is loaded first, to edit the source in that process. */
export async function startCloudProcess(system: System, preload?: string): Promise<CloudProcess> {
  const flags = preload === undefined ? [] : ['--import', preload];
  const args = [...flags, join(ROOT, 'bin', 'holdfast.ts'), 'cloud', '--config', configOf(system)];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (part: Buffer) => (text += part));
  const ended = new Promise<number | string>((resolve) => {
    child.on('exit', (status, signal) => resolve(signal ?? status ?? -1));
  });
  const started = { child, ended, said: () => text };
  running.add(child);
  ended.then(() => running.delete(child));
  await waitFor({
    clock: systemClock,
    what: 'the cloud process to be ready',
    msMax: 30_000,
    holds: async () => (await statusOf(system, '/api/ready')) === 200,
  });
  return started;
}

/** The status of a request on a connection of its own; 0 when nobody listens. */
export function statusOf(system: System, path: string): Promise<number> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port: system.ports.start, path, agent: false };
    request(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', () => resolve(0))
      .end();
  });
}

export type Answered = { status: number; text: string; connection: string | undefined };

/** A post of the signed-in administrator; rejects when the connection ends without an answer. */
export function post(
  system: System,
  of: { path: string; cookie: string; body: unknown; key: string },
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const headers = {
      cookie: of.cookie,
      [CSRF_HEADER]: 'admin',
      'content-type': 'application/json',
      'idempotency-key': `"${of.key}"`,
    };
    const options = { host: '127.0.0.1', port: system.ports.start, path: of.path, method: 'POST', headers };
    request(options, (answer) => {
      let text = '';
      answer
        .setEncoding('utf8')
        .on('data', (part: string) => (text += part))
        .on('end', () =>
          resolve({ status: answer.statusCode ?? 0, text, connection: answer.headers.connection }),
        )
        .on('error', reject);
    })
      .on('error', reject)
      .end(JSON.stringify(of.body));
  });
}

/** As the role that owns the tables. */
export async function openOwner(system: System): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: read(system).ownerDatabaseUrl });
  await client.connect();
  return client;
}

/** Locks that somebody waits for. */
export async function waitingLocks(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'select count(distinct pid)::int as n from pg_locks where not granted',
  );
  return rows[0]?.n ?? 0;
}

/**
 * An estate of real processes, begun by nothing but commands: an empty PostgreSQL, a rig, and the configurations that are
 * delivered as examples, with the addresses of this machine.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { base64url } from '../../src/crypto/bytes.ts';
import { newSigningKey, privateKeyPem } from '../../src/crypto/sign.ts';
import { selfSignedServer } from '../../src/crypto/x509.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { type Ports, portsFrom } from '../../src/up/ports.ts';
import { waitFor } from '../../src/up/wait.ts';
import { freeBase, ROOT } from '../site.ts';

const DAY_MS = 86_400_000;
export const home = mkdtempSync(join(tmpdir(), 'holdfast-install-'));
export const at = (...parts: string[]): string => join(home, ...parts);
export const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
export const example = (name: string) => read(join(ROOT, 'deploy', name));
export const running: ChildProcess[] = [];
export let ports: Ports;
let postgres: Postgres;

/** The commands that were walked, as the guide would name them. */
export const walked = new Set<string>();

/** A sabotaged run edits the programs that it starts as well. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : arg.startsWith('--import=') ? [arg] : [],
);

function spawned(args: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [...preloads, join(ROOT, 'bin/holdfast.ts'), ...args], {
    encoding: 'utf8',
    cwd: home,
  });
}

export function run(...args: string[]): string {
  walked.add(args.slice(0, 2).join(' '));
  const done = spawned(args);
  assert.equal(done.status, 0, `holdfast ${args.join(' ')}\n${done.stdout}${done.stderr}`);
  return done.stdout;
}

export function refused(...args: string[]): string {
  const done = spawned(args);
  assert.equal(done.status, 1, done.stdout);
  return done.stderr;
}

export const cloud = (...args: string[]): string => run('cloud', ...args, '--config', at('cloud.json'));
export const idIn = (said: string): string =>
  /^\w+ (\w+_[a-z2-7]{26})$/m.exec(said)?.[1] ?? assert.fail(said);

export async function start(...args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...preloads, join(ROOT, 'bin/holdfast.ts'), ...args], {
    cwd: home,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  running.push(child);
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (status) => reject(new Error(`holdfast ${args.join(' ')} ended with ${status}`)));
  });
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.send({ do: 'stop' });
  await ended;
}

/** The roles and the database, by the sentences that docs/reference/peers.md gives to an operator. */
async function makeDatabase(): Promise<Record<'app' | 'owner', string>> {
  // Where we run as root the server runs as another user, who has to find its folder.
  chmodSync(home, 0o711);
  mkdirSync(at('postgres'), { mode: 0o755 });
  postgres = await startPostgres({
    ...{ dataDir: at('postgres', 'data'), log: silentLog, clock: systemClock, random: systemRandom },
  });
  const page = readFileSync(join(ROOT, 'docs/reference/peers.md'), 'utf8');
  const [, sql = ''] = /```sql\n(create role[\s\S]*?)```/.exec(page) ?? [];
  const client = new pg.Client({
    connectionString: postgres.connectionString(postgres.superuser, 'postgres'),
  });
  await client.connect();
  for (const sentence of sql.split(';').filter((part) => part.trim() !== ''))
    await client.query(sentence.replace('…', 'a-password'));
  await client.end();
  const as = (role: string) => postgres.connectionString(role, 'holdfast', 'a-password');
  return { app: as('holdfast_app'), owner: as('holdfast_owner') };
}

type Post = { smtpUser: string; smtpPassword: string; smtpCertificatePem: string; smtpKeyPem: string };

async function post(): Promise<Post> {
  const key = newSigningKey();
  const smtpCertificatePem = await selfSignedServer({
    commonName: 'a mail server',
    privateKey: key.privateKey,
    hosts: ['127.0.0.1'],
    serial: systemRandom.bytes(8),
    notBeforeMs: systemClock.nowMs() - DAY_MS,
    notAfterMs: systemClock.nowMs() + DAY_MS,
  });
  const smtpPassword = base64url(systemRandom.bytes(18));
  return { smtpUser: 'u', smtpPassword, smtpCertificatePem, smtpKeyPem: privateKeyPem(key.privateKey) };
}

/** Everything that a guide takes for given: a database, a mail server and a gateway, boards, and configurations. */
export async function openEstate(): Promise<void> {
  ports = portsFrom(await freeBase());
  const urls = await makeDatabase();
  const mail = await post();
  const token = base64url(systemRandom.bytes(18));
  const write = (name: string, value: unknown) => writeFileSync(at(name), JSON.stringify(value));
  write('rig.json', {
    ...{ ...mail, smsToken: token, httpPort: ports.rig, smtpPort: ports.smtp, smsPort: ports.sms },
    ...{ boards: { family: 'kerong-cu' }, serialLine: { kind: 'tcp', port: ports.serial } },
    ...{ scannerPort: ports.scanner, uplinkPort: ports.uplink, brokerPort: ports.mqtt },
    ...{ dataDir: at('rig'), phoneDir: at('phone'), webDir: null, cast: null, links: {} },
  });
  const given = example('cloud.example.json');
  const own = `http://localhost:${ports.start}`;
  write('cloud.json', {
    ...given,
    ...{ databaseUrl: urls.app, ownerDatabaseUrl: urls.owner, dataDir: at('cloud') },
    ...{ rootKeyFile: at('cloud', 'root.key'), operatorTokenFile: at('cloud', 'operator.token') },
    http: { port: ports.start },
    https: { host: '127.0.0.1', port: ports.https, hosts: ['localhost', '127.0.0.1'] },
    broker: { embedded: { host: '127.0.0.1', port: ports.mqtt } },
    mail: {
      ...{ ...given.mail, host: '127.0.0.1', port: ports.smtp, user: mail.smtpUser },
      ...{ password: mail.smtpPassword, caPem: mail.smtpCertificatePem },
    },
    // The rig's gateway has no TLS, which only a developer's machine may use.
    ...{ sms: { url: `http://127.0.0.1:${ports.sms}`, token }, development: true, webDir: null },
    ...{ urls: { resident: `${own}/resident/`, courier: `${own}/courier/`, admin: `${own}/admin/` } },
    ...{ logPath: at('cloud.log'), stopping: { unreadyMs: 0, finishMs: 8000 } },
  });
  const edge = example('edge.example.json');
  write('edge.json', {
    ...{ ...edge, dataDir: at('bank'), commissioningFile: at('commissioning.json') },
    ...{ sealingKey: { kind: 'file', path: at('seal', 'bank.key') } },
    kiosk: { port: ports.kiosk, webDir: null },
    boards: { ...edge.boards, line: { kind: 'tcp', host: '127.0.0.1', port: ports.serial } },
    ...{ scanner: { host: '127.0.0.1', port: ports.scanner }, logPath: at('edge.log') },
    uplink: { host: '127.0.0.1', port: ports.uplink },
  });
  await start('rig', '--config', at('rig.json'));
}

export async function closeEstate(): Promise<void> {
  for (const child of running.toReversed()) await stop(child);
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

/** Until the cloud has every record that the bank wrote. */
export function drained(): Promise<void> {
  return waitFor({
    ...{ clock: systemClock, what: 'the cloud to have every record', msMax: 30_000 },
    async holds() {
      const { lastSeq, acknowledgedSeq } = await health();
      return lastSeq === acknowledgedSeq;
    },
  });
}

/** What the bank's agent says of itself. */
export async function health(): Promise<{ lastSeq: number; acknowledgedSeq: number; rosterVersion: number }> {
  return (await (await fetch(`http://127.0.0.1:${ports.kiosk}/api/health`)).json()) as Awaited<
    ReturnType<typeof health>
  >;
}

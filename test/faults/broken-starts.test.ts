/** First starts that end before they are ready, and starts whose terminal goes: what is left, and what the next one makes of it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { type Postgres, startPostgres } from '../../src/platform/postgres.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { MARK } from '../../src/up/folder.ts';
import { startSystem } from '../../src/up/system.ts';
import { waitFor } from '../../src/up/wait.ts';
import { freeBase, ROOT } from '../site.ts';

const NOBODYS_PORT = 9;
/** Both are bounds for a machine that is busy; a broker that nobody starts would be waited for five minutes. */
const START_MS_MAX = 180_000;
const END_MS_MAX = 60_000;
const home = mkdtempSync(join(tmpdir(), 'holdfast-broken-'));
let operators: Postgres;
let base: number;

before(async () => {
  chmodSync(home, 0o755);
  base = await freeBase();
  operators = await startPostgres({
    ...{ dataDir: join(home, 'operators'), log: silentLog, clock: systemClock, random: systemRandom },
  });
});
after(async () => {
  await operators?.stop();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const urlOn = (database: string): string => operators.connectionString(operators.superuser, database);

async function sql(database: string, ...texts: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: urlOn(database) });
  await client.connect();
  for (const text of texts) await client.query(text);
  await client.end();
}

/** Goes as far as the first thing that it says, and answers that, or what it was refused with. */
async function firstSaid(data: string, databaseUrl = urlOn('postgres')): Promise<string> {
  const asked = new AbortController();
  let first = '';
  const say = (line: string) => {
    first ||= line;
    asked.abort();
  };
  const given = { root: ROOT, data, base, fresh: false, clock: systemClock, say, signal: asked.signal };
  return await startSystem({ ...given, own: { databaseUrl } }).then(
    () => 'it started',
    (error: Error) => first || error.message,
  );
}

function halfMade(name: string): string {
  const data = join(home, name);
  mkdirSync(join(data, 'cloud'), { recursive: true });
  for (const path of [MARK, 'secrets.json', 'cloud/root.key']) writeFileSync(join(data, path), '{}');
  return data;
}

test('over a database of an operator a half-made folder is not emptied as long as what it made stands there', async () => {
  const data = halfMade('half');
  await sql('postgres', 'create database holdfast');
  await sql('holdfast', 'create table migrations (id text)');
  for (let times = 0; times < 2; times++) {
    const refused = await firstSaid(data);
    assert.match(refused, /first start in \S+half was broken off, and what it made in the database holdfast/);
    assert.match(refused, /Drop that database, remove \S+half, and start again\./);
    assert.ok(existsSync(join(data, 'cloud', 'root.key')) && existsSync(join(data, 'secrets.json')));
  }
  const another = await firstSaid(join(home, 'new'));
  assert.match(another, /holdfast of DATABASE_URL is in use already, and not by what stands in \S+new\./);
  // Nothing of the operator's roles was touched either.
  await sql(
    'postgres',
    `do $$ begin assert not exists (select from pg_roles where rolname ~ '^holdfast'); end $$`,
  );
  // As somebody whom the database keeps out.
  await sql('postgres', `create role outsider login password 'x'`);
  await sql('postgres', 'revoke all on database holdfast from public');
  const outside = operators.connectionString('outsider', 'postgres', 'x');
  assert.match(await firstSaid(data, outside), /was broken off/);
  // Dropped, and the folder goes as it does over the package’s own.
  await sql('postgres', 'drop database holdfast');
  assert.equal(await firstSaid(data), 'an earlier first start was broken off; beginning it anew');
  assert.ok(!existsSync(join(data, 'cloud', 'root.key')));
});

test('a database that is empty, or not made yet, stops no first start', async () => {
  assert.match(await firstSaid(halfMade('first')), /beginning it anew/);
  await sql('postgres', 'create database holdfast');
  assert.match(await firstSaid(halfMade('second')), /beginning it anew/);
  await sql('postgres', 'drop database holdfast');
});

test('a database server that takes the connection and never answers holds up nobody who asks the start to end', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as { port: number };
  const asked = new AbortController();
  const given = { root: ROOT, data: join(home, 'silent'), base, fresh: false, clock: systemClock };
  const starting = startSystem({
    ...{ ...given, say: () => {}, signal: asked.signal },
    own: { databaseUrl: `postgresql://nobody@127.0.0.1:${port}/postgres` },
  });
  setTimeout(() => asked.abort(new Error('asked to end')), 300);
  await assert.rejects(starting, /asked to end/);
  assert.ok(!existsSync(join(home, 'silent', 'up.lock')));
  silent.close();
});

type Up = { child: ChildProcess; output(): string; says(what: RegExp, msMax: number): Promise<void> };

function up(data: string, env: Record<string, string> = {}): Up {
  const { DATABASE_URL: _, HOLDFAST_BROKER_URL: __, ...rest } = process.env;
  const program = join(ROOT, 'bin', 'holdfast.ts');
  const child = spawn(process.execPath, [program, 'up', '--data', data, '--port', String(base)], {
    ...{ cwd: ROOT, env: { ...rest, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (bytes: Buffer) => {
      output += bytes.toString('utf8');
    });
  const says = async (what: RegExp, msMax: number) => {
    const holds = async () => what.test(output) || child.exitCode !== null || child.signalCode !== null;
    await waitFor({ clock: systemClock, what: `${what}`, msMax, holds });
    assert.match(output, what);
  };
  return { child, output: () => output, says };
}

async function ended({ child, output }: Up): Promise<number | null> {
  const holds = async () => child.exitCode !== null || child.signalCode !== null;
  await waitFor({ clock: systemClock, what: `the end of:\n${output()}`, msMax: END_MS_MAX, holds });
  return child.exitCode;
}

/** What of a system runs still: its processes have the data folder among their words (proc(5)). */
function remaining(data: string): string[] {
  const running = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return running.flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return words.includes(data) ? [words] : [];
    } catch {
      return [];
    }
  });
}

test('a start that waits ends at Ctrl-C and at a closed terminal, and leaves nothing running', async () => {
  const data = join(home, 'up');
  const env = { HOLDFAST_BROKER_URL: `mqtts://127.0.0.1:${NOBODYS_PORT}` };
  const waiting = up(data, env);
  await waiting.says(/^waiting for your broker/m, START_MS_MAX);
  assert.ok(remaining(data).length > 0, 'the look sees what runs');
  waiting.child.kill('SIGINT');
  assert.equal(await ended(waiting), 130);
  assert.match(waiting.output(), /^stopped before it was ready; the next start begins anew$/m);
  assert.deepEqual([remaining(data), existsSync(join(data, 'up.lock'))], [[], false]);
  // The terminal of the next one is closed when it is ready: nobody reads any more, and it ends in order all the same.
  const ready = up(data);
  await ready.says(/^ready http/m, START_MS_MAX);
  assert.match(ready.output(), /^an earlier first start was broken off; beginning it anew$/m);
  for (const stream of [ready.child.stdout, ready.child.stderr]) stream?.destroy();
  ready.child.kill('SIGHUP');
  assert.equal(await ended(ready), 0);
  assert.deepEqual([remaining(data), existsSync(join(data, 'up.lock'))], [[], false]);
  // What was commissioned once is never begun anew, and nobody is told so.
  const again = up(data, env);
  await again.says(/^waiting for your broker/m, START_MS_MAX);
  again.child.kill('SIGTERM');
  assert.equal(await ended(again), 130);
  assert.match(again.output(), /^stopped before it was ready; start again with: npm start -- --data /m);
  assert.deepEqual([remaining(data), existsSync(join(data, 'state.json'))], [[], true]);
});

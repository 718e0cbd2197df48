import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { sleep, systemClock } from './clock.ts';
import { silentLog } from './log.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { installedPrograms } from './postgres-place.ts';
import { holderOf, readPidFile } from './postgres-processes.ts';
import { bornAt } from './process-identity.ts';
import { systemRandom } from './random.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };
const isRoot = process.getuid?.() === 0;
const needs = { skip: installedPrograms() ? false : 'no PostgreSQL is packaged for this machine' };

const home = await mkdtemp(join(tmpdir(), 'hf-pg-'));
await chmod(home, 0o755);
after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const own = { log: silentLog, clock: systemClock, random: systemRandom };
const start = (dataDir: string): Promise<Postgres> => startPostgres({ dataDir, ...own });

/** A folder for one test, with a blank and a comma, as checkouts have them. */
async function folder(name: string): Promise<string> {
  const path = join(home, `${name}, a`);
  await mkdir(path, { mode: 0o755 });
  return path;
}

async function query(server: Postgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.connectionString(server.superuser, 'postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Runs `startPostgres` in a process of its own and resolves with what it answered; the process then waits. */
async function startElsewhere(
  dataDir: string,
  as: object,
): Promise<{ child: ChildProcess; adopted: boolean }> {
  const at = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);
  const program = `
    const { startPostgres } = await import(${at('postgres.ts')});
    const { systemClock } = await import(${at('clock.ts')});
    const { systemRandom } = await import(${at('random.ts')});
    const { silentLog: log } = await import(${at('log.ts')});
    const server = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, log, clock: systemClock, random: systemRandom });
    process.stdout.write(JSON.stringify({ adopted: server.adopted }) + '\\n');
    process.stdin.on('data', async () => { await server.stop(); process.stdin.destroy(); });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    ...as,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (bytes) => resolve(String(bytes)));
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it answered`)));
  });
  return { child, adopted: JSON.parse(line).adopted === true };
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });

test('starts with checksums, without TCP, in closed folders; keeps the data over a stop', needs, async () => {
  const dataDir = join(await folder('plain'), 'postgres');
  const first = await start(dataDir);
  try {
    assert.equal(first.adopted, false);
    assert.equal(first.relocated, null);
    const [row] = await query(
      first,
      `select current_setting('data_checksums') as checksums, current_setting('listen_addresses') as tcp,
              current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync`,
    );
    assert.deepEqual(row, { checksums: 'on', tcp: '', fsync: 'on', sync: 'on' });
    await query(first, 'create table kept (n int)');
    await query(first, 'insert into kept values (7)');
    for (const path of [dataDir, first.socketDir]) assert.equal((await stat(path)).mode & 0o777, 0o700, path);
    assert.equal((await stat(`${dataDir}.password`)).mode & 0o777, 0o600);
    const wrong = new pg.Client({
      connectionString: first.connectionString('postgres', 'postgres', 'wrong'),
    });
    await assert.rejects(wrong.connect(), { code: '28P01' });
  } finally {
    await first.stop();
  }
  await first.stop();
  assert.equal(readPidFile(dataDir), undefined);

  const second = await start(dataDir);
  try {
    assert.deepEqual(await query(second, 'select n from kept'), [{ n: 7 }]);
    await assert.rejects(query(second, "select 'a secret of somebody'::int"));
    assert.doesNotMatch(await readFile(`${dataDir}.log`, 'utf8'), /secret of somebody/);
  } finally {
    await second.stop();
  }
});

test(
  'adopts the server that a killed process left behind, and a further start gets the same one',
  needs,
  async () => {
    const dataDir = join(await folder('adopt'), 'postgres');
    const { child } = await startElsewhere(dataDir, {});
    child.kill('SIGKILL');
    await ended(child);
    const before = readPidFile(dataDir)?.pid ?? 0;
    assert.ok(bornAt(before));

    const server = await start(dataDir);
    try {
      assert.equal(server.adopted, true);
      assert.equal(readPidFile(dataDir)?.pid, before);
      const again = await start(dataDir);
      assert.equal(again.adopted, true);
    } finally {
      await server.stop();
    }
    assert.equal(bornAt(before), undefined);
  },
);

test('starts again after the server itself was killed, with what was committed', needs, async () => {
  const dataDir = join(await folder('killed'), 'postgres');
  const first = await start(dataDir);
  await query(first, 'create table kept as select 1 as n');
  const pid = readPidFile(dataDir)?.pid ?? 0;
  process.kill(pid, 'SIGKILL');

  const second = await start(dataDir);
  try {
    assert.equal(second.adopted, false);
    assert.deepEqual(await query(second, 'select n from kept'), [{ n: 1 }]);
  } finally {
    await second.stop();
  }
  assert.deepEqual(await holderOf(dataDir, 'holdfast-none'), { kind: 'nobody' });
});

test(
  'a server that was killed is seen to be, and starts again where its clients look for it',
  needs,
  async () => {
    const server = await start(join(await folder('again'), 'postgres'));
    try {
      await query(server, 'create table kept as select 3 as n');
      const before = { pid: server.pid, url: server.connectionString('postgres', 'postgres') };
      assert.equal(server.isRunning(), true);
      process.kill(before.pid, 'SIGKILL');
      while (server.isRunning()) await sleep(systemClock, 20);
      await server.startAgain();
      assert.notEqual(server.pid, before.pid);
      assert.equal(server.connectionString('postgres', 'postgres'), before.url);
      assert.deepEqual(await query(server, 'select n from kept'), [{ n: 3 }]);
    } finally {
      await server.stop();
    }
    assert.equal(server.isRunning(), false);
  },
);

test('says what is wrong instead of guessing when the password is lost', needs, async () => {
  const dataDir = join(await folder('lost'), 'postgres');
  await (await start(dataDir)).stop();
  await rm(`${dataDir}.password`);
  await assert.rejects(start(dataDir), /password is missing/);
});

test('a socket path too long moves to a private place, and the socket alone', needs, async () => {
  const long = join(await folder('long'), 'x'.repeat(90));
  await mkdir(long);
  const lastingDir = join(home, 'lasting');
  const moved = await startPostgres({ dataDir: join(long, 'postgres'), lastingDir, ...own });
  try {
    assert.deepEqual(moved.relocated?.parts, ['socket']);
    assert.match(moved.relocated?.says ?? '', /path of a socket in .* is too long/);
    assert.ok(Buffer.byteLength(join(moved.socketDir, '.s.PGSQL.5432')) <= 100);
    assert.equal((await query(moved, 'select 1 as one'))[0]?.one, 1);
    assert.equal((await stat(moved.socketDir)).mode & 0o777, 0o700);
  } finally {
    await moved.stop();
  }
  await rm(moved.relocated?.dir ?? '', { recursive: true });
});

test('works for an ordinary user, without any change of user', {
  skip: isRoot ? needs.skip : 'needs root to become another user',
}, async () => {
  const path = await folder('ordinary');
  await chown(path, NOBODY.uid, NOBODY.gid);
  const dataDir = join(path, 'postgres');
  const { child, adopted } = await startElsewhere(dataDir, {
    ...NOBODY,
    env: { HOME: path, PATH: '/usr/bin:/bin' },
  });
  assert.equal(adopted, false);
  assert.equal((await stat(dataDir)).uid, NOBODY.uid);
  child.stdin?.write('stop\n');
  await ended(child);
  assert.equal(child.exitCode, 0);
  await sleep(systemClock, 50);
  assert.equal(readPidFile(dataDir), undefined);

  // Root later finds the data as that user's, and runs the server as that user.
  const server = await start(dataDir);
  assert.equal((await stat(dataDir)).uid, NOBODY.uid);
  await server.stop();
});

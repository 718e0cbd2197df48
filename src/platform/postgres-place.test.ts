/** Where root puts the database that its user cannot reach, what root does not do in that user's folders, and whose a process is. */
import assert from 'node:assert/strict';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import pg from 'pg';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { sleep, systemClock } from './clock.ts';
import { makePrivateDir } from './durable.ts';
import { silentLog } from './log.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { copyPrograms, removeFolder, runAs } from './postgres-folders.ts';
import { canReach, installedPrograms } from './postgres-place.ts';
import { holderOf } from './postgres-processes.ts';
import { bornAt } from './process-identity.ts';
import { systemRandom } from './random.ts';

const NOBODY = { uid: 65_534, gid: 65_534 };
const noPrograms = 'no PostgreSQL is packaged for this machine';
const needs = { skip: installedPrograms() ? false : noPrograms };
const needsRoot = { skip: process.getuid?.() === 0 ? needs.skip : 'needs root' };

const home = await mkdtemp(join(tmpdir(), 'hf-pg-'));
await chmod(home, 0o755);
after(() => rm(home, { recursive: true, force: true, maxRetries: 5 }));

const lastingDir = join(home, 'lasting');
const start = (dataDir: string, more = {}): Promise<Postgres> =>
  startPostgres({
    ...{ dataDir, lastingDir, log: silentLog, clock: systemClock, random: systemRandom, ...more },
  });

async function query(server: Postgres, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.connectionString(server.superuser, 'postgres') });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** A checkout that only root can enter, as one in /root is. */
async function closedFolder(name: string): Promise<string> {
  const path = join(home, name);
  await mkdir(path, { mode: 0o700 });
  return path;
}

const hashOf = (dataDir: string): string => hex(sha256(utf8(dataDir))).slice(0, 12);

test(
  'data that its user cannot reach stands where it lasts, and is found there again',
  needsRoot,
  async () => {
    const closed = await closedFolder('closed');
    const dataDir = join(closed, 'postgres');
    assert.equal(await canReach(dataDir, NOBODY), false);
    const first = await start(dataDir);
    try {
      const dir = join(lastingDir, hashOf(dataDir));
      assert.deepEqual(first.relocated?.parts.slice(0, 1), ['data']);
      assert.equal(first.relocated?.dir, dir);
      assert.match(first.relocated?.says ?? '', /user 65534.* cannot enter/);
      // Only root can make names around what is its user's: there is no other way to plant one.
      for (const path of [lastingDir, dir])
        assert.deepEqual([(await stat(path)).uid, (await stat(path)).mode & 0o777], [0, 0o711], path);
      for (const path of [join(dir, 'data'), first.socketDir])
        assert.deepEqual([(await stat(path)).uid, (await stat(path)).mode & 0o777], [65_534, 0o700], path);
      await query(first, 'create table kept as select 5 as n');
    } finally {
      await first.stop();
    }
    await chmod(closed, 0o755);
    const found = await start(dataDir, { mustExist: true });
    try {
      assert.deepEqual(await query(found, 'select n from kept'), [{ n: 5 }]);
    } finally {
      await found.stop();
    }
  },
);

test('data that somebody counts on is not made anew: its loss is said by name', needs, async () => {
  const dataDir = join(home, 'gone', 'postgres');
  await mkdir(join(home, 'gone'));
  await (await start(dataDir)).stop();
  await rename(dataDir, `${dataDir}.away`);
  await assert.rejects(start(dataDir, { mustExist: true }), {
    code: 'not-found',
    message: /the database of this system is gone: there is no .*gone\/postgres\. Nothing was changed/,
  });
  await assert.rejects(stat(dataDir), { code: 'ENOENT' });
  // Nor is a password drawn that would not fit what is put back.
  await rename(`${dataDir}.password`, `${dataDir}.password.away`);
  await assert.rejects(start(dataDir, { mustExist: true }), /is gone: there is no .*Nothing was changed/);
  await assert.rejects(stat(`${dataDir}.password`), { code: 'ENOENT' });
  await rename(`${dataDir}.away`, dataDir);
  await assert.rejects(
    start(dataDir, { mustExist: true }),
    /postgres\.password is missing.*put that file back/,
  );
  await rename(`${dataDir}.password.away`, `${dataDir}.password`);
  await (await start(dataDir, { mustExist: true })).stop();
});

test(
  'data that an older version put into the temporary folder is moved out of it, once',
  needsRoot,
  async () => {
    const closed = await closedFolder('earlier');
    const dataDir = join(closed, 'postgres');
    const first = await start(dataDir);
    await query(first, 'create table kept as select 6 as n');
    await first.stop();
    const lasting = join(lastingDir, hashOf(dataDir));
    const earlier = join(tmpdir(), `holdfast-${hashOf(dataDir)}`);
    try {
      await mkdir(earlier, { mode: 0o700 });
      await chown(earlier, NOBODY.uid, NOBODY.gid);
      await rename(join(lasting, 'data'), join(earlier, 'data'));

      const moved = await start(dataDir, { mustExist: true });
      try {
        assert.equal(moved.movedFrom, earlier);
        assert.equal(moved.relocated?.dir, lasting);
        assert.deepEqual(await query(moved, 'select n from kept'), [{ n: 6 }]);
        await assert.rejects(stat(earlier), { code: 'ENOENT' });
      } finally {
        await moved.stop();
      }
      const again = await start(dataDir, { mustExist: true });
      assert.equal(again.movedFrom, null);
      await again.stop();
    } finally {
      await rm(earlier, { recursive: true, force: true });
    }
  },
);

test('a copy of the programs is root’s, and its user can run it', needsRoot, async () => {
  const programs = join(home, 'programs');
  const installed = installedPrograms() ?? '';
  await Promise.all([copyPrograms(installed, programs), copyPrograms(installed, programs)]);
  await runAs(NOBODY, { file: join(programs, 'bin', 'postgres'), args: ['--version'], cwd: '/', env: {} });
  assert.deepEqual([(await stat(programs)).uid, (await stat(programs)).mode & 0o777], [0, 0o755]);
  assert.deepEqual(
    (await readdir(home)).filter((name) => name.includes('.part')),
    [],
  );
});

test('root writes through no link that the database’s user planted', needsRoot, async () => {
  const closed = await closedFolder('planted');
  const victim = join(closed, 'victim');
  await writeFile(victim, 'of root alone', { mode: 0o600 });
  const dataDir = join(closed, 'postgres');
  // What whoever runs as that user can prepare: the names that were once taken, and all in a socket's folder.
  const earlier = join(tmpdir(), `holdfast-${hashOf(dataDir)}`);
  const sockets = [join(earlier, 'data.socket'), join(lastingDir, hashOf(dataDir), 'data.socket')];
  try {
    await mkdir(join(lastingDir, hashOf(dataDir)), { recursive: true, mode: 0o711 });
    for (const dir of [earlier, ...sockets]) {
      await mkdir(dir, { mode: 0o700 });
      await chown(dir, NOBODY.uid, NOBODY.gid);
    }
    for (const dir of sockets) await symlink(victim, join(dir, 'password'));
    await (await start(dataDir)).stop();
    assert.equal(await readFile(victim, 'utf8'), 'of root alone');
    assert.equal((await stat(victim)).uid, 0);
  } finally {
    await rm(earlier, { recursive: true, force: true });
  }
});

test(
  'a folder that somebody else made where everybody can is not taken for the database’s',
  needsRoot,
  async () => {
    const shared = join(home, 'shared');
    await mkdir(shared);
    await chmod(shared, 0o1777);
    const made = join(shared, 'of-nobody');
    await mkdir(made, { mode: 0o755 });
    await chown(made, NOBODY.uid, NOBODY.gid);
    assert.throws(() => makePrivateDir(made, NOBODY), /belongs to user 65534/);
    assert.equal((await stat(made)).mode & 0o777, 0o755);
    await chmod(shared, 0o755);
    makePrivateDir(made, NOBODY);
    assert.equal((await stat(made)).mode & 0o777, 0o700);
  },
);

test(
  'root empties a folder of the database’s user as that user, and follows no link in it',
  needsRoot,
  async () => {
    const ours = await closedFolder('emptied');
    await chmod(ours, 0o711);
    const theirs = join(ours, 'data');
    await mkdir(join(theirs, 'deep'), { recursive: true });
    const kept = join(ours, 'kept');
    await mkdir(kept);
    await writeFile(join(kept, 'file'), '');
    await symlink(kept, join(theirs, 'deep', 'link'));
    for (const path of [theirs, join(theirs, 'deep')]) await chown(path, NOBODY.uid, NOBODY.gid);
    // What root put there itself is beyond that user: then it says so, instead of using root's hand.
    await mkdir(join(theirs, 'of-root'), { mode: 0o700 });
    await writeFile(join(theirs, 'of-root', 'file'), '');
    await assert.rejects(removeFolder(theirs, NOBODY), /cannot be removed/);
    await rm(join(theirs, 'of-root'), { recursive: true });
    await removeFolder(theirs, NOBODY);
    await assert.rejects(lstat(theirs), { code: 'ENOENT' });
    assert.ok(await stat(join(kept, 'file')));
  },
);

test(
  'a number that another, healthy PostgreSQL has by now keeps nobody from starting, and that one runs on',
  needs,
  async () => {
    for (const name of ['one', 'other']) await mkdir(join(home, name));
    const dataDir = join(home, 'one', 'postgres');
    await (await start(dataDir)).stop();
    const other = await start(join(home, 'other', 'postgres'));
    try {
      await writeFile(join(dataDir, 'postmaster.pid'), `${other.pid}\n${dataDir}\n0\n5432\n\n\n`);
      assert.deepEqual(await holderOf(dataDir, 'holdfast-none'), { kind: 'nobody' });
      const beganMs = systemClock.monotonicMs();
      const server = await start(dataDir);
      assert.equal(server.adopted, false);
      assert.ok(systemClock.monotonicMs() - beganMs < 20_000);
      await server.stop();
      assert.equal(other.isRunning(), true);
    } finally {
      await other.stop();
    }
  },
);

test('a copy of a folder is not held by the servers of the first one, whose mark it has', needs, async () => {
  await mkdir(join(home, 'first'));
  const first = await start(join(home, 'first', 'postgres'));
  const copy = join(home, 'copy', 'postgres');
  await first.stop();
  await cp(join(home, 'first'), join(home, 'copy'), { recursive: true, preserveTimestamps: true });
  const { uid, gid } = await stat(join(home, 'first', 'postgres'));
  if (process.getuid?.() === 0) await own(copy, { uid, gid });
  const again = await start(join(home, 'first', 'postgres'));
  try {
    await writeFile(
      join(copy, 'postmaster.pid'),
      await readFile(join(home, 'first', 'postgres', 'postmaster.pid')),
    );
    const server = await start(copy);
    assert.equal(server.adopted, false);
    assert.notEqual(server.pid, again.pid);
    await server.stop();
    assert.equal(again.isRunning(), true);
  } finally {
    await again.stop();
  }
});

/** As `cp -a` leaves it. */
async function own(path: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  const { spawnSync } = await import('node:child_process');
  assert.equal(spawnSync('chown', ['-R', `${uid}:${gid}`, path]).status, 0);
}

test('a server without our mark that works on the folder is waited for and named', needs, async () => {
  await mkdir(join(home, 'marked'));
  const dataDir = join(home, 'marked', 'postgres');
  const server = await start(dataDir);
  try {
    assert.deepEqual(await holderOf(dataDir, 'holdfast-none'), { kind: 'remains', pids: [server.pid] });
  } finally {
    await server.stop();
  }
  while (bornAt(server.pid) !== undefined) await sleep(systemClock, 20);
  assert.deepEqual(await holderOf(dataDir, 'holdfast-none'), { kind: 'nobody' });
});

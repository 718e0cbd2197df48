import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import { JournalBroken, JournalDisk, JournalFull } from './journal-disk.ts';

/** Extended result codes, as a real disk brings them about: https://sqlite.org/rescode.html */
const SQLITE_FULL = 13;
const SQLITE_IOERR_FSYNC = 1034;

const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A disk on which the next statement that begins with `failsAt` fails with `errcode`, once. */
function newDisk() {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  homes.push(home);
  const disk = new JournalDisk(home);
  disk.exec('create table kept (n integer primary key, bytes blob not null) strict');
  const fault = { failsAt: '', errcode: 0 };
  const { exec } = DatabaseSync.prototype;
  const broken = function (this: DatabaseSync, sql: string): void {
    if (fault.failsAt === '' || !sql.startsWith(fault.failsAt)) return exec.call(this, sql);
    fault.failsAt = '';
    throw Object.assign(new Error('injected'), { errcode: fault.errcode });
  };
  DatabaseSync.prototype.exec = broken;
  const keep = (n: number, bytes = 10) =>
    disk.transaction(() => disk.run('insert into kept (n, bytes) values (?, ?)', n, new Uint8Array(bytes)));
  const kept = () => disk.all('select n from kept order by n').map((row) => row.n);
  const close = () => {
    DatabaseSync.prototype.exec = exec;
    disk.close();
  };
  return { home, disk, fault, keep, kept, close };
}

test('a commit that finds no room is rolled back whole, and the next one may succeed', () => {
  const { fault, keep, kept, close } = newDisk();
  keep(1);
  Object.assign(fault, { failsAt: 'commit', errcode: SQLITE_FULL });
  assert.throws(() => keep(2), JournalFull);
  assert.deepEqual(kept(), [1]);
  keep(3);
  assert.deepEqual(kept(), [1, 3]);
  close();
});

test('after a sync that failed nothing more is taken, not even when the disk answers again', () => {
  const { disk, fault, keep, close } = newDisk();
  keep(1);
  Object.assign(fault, { failsAt: 'commit', errcode: SQLITE_IOERR_FSYNC });
  assert.throws(() => keep(2), JournalBroken);
  assert.throws(() => keep(3), JournalBroken);
  assert.throws(() => disk.checkpoint(), JournalBroken);
  assert.throws(() => disk.assertTrusted(), JournalBroken);
  close();
});

test('the log is cut off before it grows without bound, by a checkpoint whose failures are seen', () => {
  const { home, fault, keep, kept, close } = newDisk();
  const wal = () => statSync(join(home, 'journal.sqlite-wal')).size;
  const sizes = Array.from({ length: 60 }, (_, n) => {
    keep(n, 100_000);
    return wal();
  });
  assert.ok(Math.max(...sizes) < 1_300_000, `${Math.max(...sizes)} bytes`);
  assert.ok(sizes.includes(0), 'it was cut off');
  // No room to copy the log back: what was committed stands in the log, and the commit holds.
  for (let n = 100; wal() < 900_000; n++) keep(n, 100_000);
  Object.assign(fault, { failsAt: 'pragma wal_checkpoint', errcode: SQLITE_FULL });
  keep(200, 200_000);
  assert.ok(wal() > 1_000_000);
  keep(201);
  assert.equal(wal(), 0, 'tried again at the next commit');
  // The same copy with a disk that fails: what is durable is not known any more.
  for (let n = 300; wal() < 900_000; n++) keep(n, 100_000);
  Object.assign(fault, { failsAt: 'pragma wal_checkpoint', errcode: SQLITE_IOERR_FSYNC });
  assert.throws(() => keep(400, 200_000), JournalBroken);
  assert.throws(() => keep(401), JournalBroken);
  assert.ok(kept().includes(200));
  close();
});

test('a mistake of ours is neither: it is rolled back and thrown as it is', () => {
  const { keep, kept, close } = newDisk();
  keep(1);
  assert.throws(() => keep(1), /UNIQUE/);
  keep(2);
  assert.deepEqual(kept(), [1, 2]);
  close();
});

/** Who is told what about a folder of somebody else. Only root can give a folder away, so another user sees half of it. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HoldfastError } from '../domain/errors.ts';
import { makePassableDir, makePrivateDir } from './durable.ts';
import { foreign, requireOwner } from './folder-owner.ts';

/** A number that no system gives an account by itself. */
const NAMELESS = 64_999;
const home = mkdtempSync(join(tmpdir(), 'holdfast-owner-'));
after(() => rmSync(home, { recursive: true, force: true }));
const needsRoot = {
  skip: process.getuid?.() === 0 ? false : 'only root can give a folder to somebody else',
};

function folderOf(name: string, uid: number): string {
  const path = join(home, name);
  mkdirSync(path);
  chownSync(path, uid, uid);
  return path;
}

test('one’s own folder, and one that is not there yet, may be worked on', () => {
  requireOwner(home);
  requireOwner(join(home, 'none', 'yet'));
});

test('whoever is not the owner is told as whom to run it', {
  skip: process.geteuid ? false : 'no numbers of users here',
}, () => {
  const self = Number(process.geteuid?.());
  assert.throws(
    () => requireOwner(home, self + 1),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'not-allowed' &&
      error.message.includes(`(uid ${self}), whose folder ${home} is: sudo -u `) &&
      !/remove/.test(error.message),
  );
});

test('an account without a name is named by its number', needsRoot, () => {
  const path = folderOf('nameless', NAMELESS);
  assert.throws(
    () => requireOwner(path),
    (error) =>
      error instanceof HoldfastError &&
      error.code === 'not-allowed' &&
      error.message === `run this as uid ${NAMELESS}, whose folder ${path} is: sudo -u '#${NAMELESS}' …`,
  );
});

test('only an empty folder of somebody else is said to be one that may go', () => {
  const path = join(home, 'held');
  mkdirSync(path);
  assert.match(foreign(path, NAMELESS).message, /is empty; remove it, choose another folder, or run this as/);
  writeFileSync(join(path, 'root.key'), 'not made again');
  const { message } = foreign(path, NAMELESS);
  assert.doesNotMatch(message, /remove/);
  assert.match(message, /belongs to user 64999; choose another folder, or run this as/);
});

test('a folder that has to be ours and is not is refused in one sentence', needsRoot, () => {
  const path = folderOf('taken', NAMELESS);
  for (const make of [makePrivateDir, makePassableDir])
    assert.throws(
      () => make(path),
      (error) => error instanceof HoldfastError && error.code === 'not-allowed',
    );
});

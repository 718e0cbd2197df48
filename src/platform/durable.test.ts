import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makePrivateDir, readIfExists, writeDurable } from './durable.ts';

const home = await mkdtemp(join(tmpdir(), 'holdfast-durable-'));
after(() => rm(home, { recursive: true, force: true }));

test('a durable write replaces the whole file, with exactly the mode asked for, and leaves nothing beside it', async () => {
  const folder = join(home, 'one');
  makePrivateDir(folder);
  const path = join(folder, 'key');
  writeDurable(path, 'first, and longer');
  writeDurable(path, new Uint8Array([1, 2, 3]), 0o640);
  assert.deepEqual(readIfExists(path), new Uint8Array([1, 2, 3]));
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.deepEqual(await readdir(folder), ['key']);
});

test('a write that cannot be renamed into place throws and removes its part', async () => {
  const folder = join(home, 'taken');
  await mkdir(join(folder, 'name', 'inside'), { recursive: true });
  assert.throws(() => writeDurable(join(folder, 'name'), 'x'));
  assert.deepEqual(await readdir(folder), ['name']);
});

test('a missing file is undefined, an unreadable one throws', () => {
  assert.equal(readIfExists(join(home, 'nothing')), undefined);
  assert.throws(() => readIfExists(home), { code: 'EISDIR' });
});

test('a private folder is closed to others, also when it existed before, and a link is refused', async () => {
  const open = join(home, 'open');
  await mkdir(open, { mode: 0o755 });
  makePrivateDir(open);
  assert.equal((await stat(open)).mode & 0o777, 0o700);

  await symlink(open, join(home, 'link'));
  assert.throws(() => makePrivateDir(join(home, 'link')), /not a folder/);
  await writeFile(join(home, 'file'), '');
  assert.throws(() => makePrivateDir(join(home, 'file')));
});

/**
 * `durable.ts` for a process under Node's permission model, which refuses the calls of `fs` that flush, and for
 * one that must not stand still while a disk works. The rule is the same: a name holds the old bytes or the new
 * ones, and when the promise is kept, a power cut undoes nothing.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './durable.ts';

let written = 0;

/** Replaces the file at `path` durably, for its owner's eyes alone; makes the folders above it where they are missing. */
export async function storeDurable(path: string, bytes: Uint8Array): Promise<void> {
  written += 1;
  await makeFolder(dirname(path));
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.${written}.new`);
  // A file of this name can only be left over from a dead process that had our number.
  await rm(beside, { force: true });
  try {
    const file = await open(beside, 'wx', 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Overwrites a file's bytes with zeros, flushes them, and removes its name. On a disk that writes elsewhere (flash,
 * snapshots, copy on write) the old bytes may outlive this: it is the most that a file system offers, and no more.
 * False when there is no such file.
 */
export async function destroyStored(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'r+');
    try {
      const { size } = await file.stat();
      await file.write(new Uint8Array(size), 0, size, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await rm(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
  await syncFolder(dirname(path));
  return true;
}

/** A folder whose name in the one above is as durable as what will lie in it. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return;
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeFolder(dirname(path));
    return makeFolder(path);
  }
  await syncFolder(dirname(path));
}

async function syncFolder(path: string): Promise<void> {
  // Windows neither opens folders as files nor needs it: NTFS journals its names.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

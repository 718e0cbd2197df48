/**
 * `durable.ts` for a process under Node's permission model, which refuses the calls of `fs` that flush, and for
 * one that must not stand still while a disk works. The rule is the same: a name holds the old bytes or the new
 * ones, and when the promise is kept, a power cut undoes nothing.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './durable.ts';

let written = 0;

/** Replaces the file at `path` durably, for its owner's eyes alone; makes the folders above it where they are missing. */
export async function storeDurable(path: string, bytes: Uint8Array): Promise<void> {
  written += 1;
  const folder = dirname(path);
  const beside = join(folder, `.${basename(path)}.${process.pid}.${written}.new`);
  try {
    const file = await openFresh(beside);
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
  await syncFolder(folder);
}

/** What is written beside its place: `settle` makes it last and puts it there, `drop` takes it away if that was not done. */
export type StagedFile = { settle(): Promise<void>; drop(): Promise<void> };

/**
 * `storeDurable` in two halves, for many files that are settled together: the first that is flushed has the disk keep
 * most of what the others wait for. The first half stands still while the system takes the bytes into its memory, which
 * is sooner done than another thread is woken for it; only the disk is waited for elsewhere.
 */
export async function stageDurable(path: string, bytes: Uint8Array): Promise<StagedFile> {
  written += 1;
  const folder = dirname(path);
  const beside = join(folder, `.${basename(path)}.${process.pid}.${written}.new`);
  const file = await openFresh(beside);
  let isOpen = true;
  let isBeside = true;
  const close = async () => {
    if (isOpen) await file.close();
    isOpen = false;
  };
  const staged: StagedFile = {
    async settle() {
      if (!isOpen) throw new Error('a file is settled once');
      // By the handle: of a number the permission model allows no flush.
      await file.sync();
      await close();
      renameSync(beside, path);
      isBeside = false;
      await syncFolder(folder);
    },
    async drop() {
      await close();
      if (isBeside) rmSync(beside, { force: true });
      isBeside = false;
    },
  };
  try {
    writeFileSync(file.fd, bytes);
    return staged;
  } catch (error) {
    await staged.drop();
    throw error;
  }
}

/** Makes last what was written at `path` by other calls. */
export async function flushStored(path: string): Promise<void> {
  // Windows flushes only what is open to be written.
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Gives a file that was flushed another name, and makes that last. */
export async function nameStored(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncFolder(dirname(to));
}

/** Whatever stands in the way is looked for only when something does: nearly always nothing is. */
async function openFresh(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') await makeFolder(dirname(path));
    // A file of this name can only be left over from a dead process that had our number.
    else if (codeOf(error) === 'EEXIST') await rm(path, { force: true });
    else throw error;
  }
  return open(path, 'wx', 0o600);
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

/** Folders whose flush has been asked for and has not begun. */
const waiting = new Map<string, Promise<void>>();
const running = new Map<string, Promise<void>>();

/** Makes the names in a folder last. A flush serves all who asked before it began, and no two of a folder run at once. */
function syncFolder(path: string): Promise<void> {
  const shared = waiting.get(path);
  if (shared) return shared;
  const before = running.get(path) ?? Promise.resolve();
  const flush = async (): Promise<void> => {
    waiting.delete(path);
    running.set(path, mine);
    try {
      await flushFolder(path);
    } finally {
      if (running.get(path) === mine) running.delete(path);
    }
  };
  // Whoever asked for the one before has heard of its failure.
  const mine: Promise<void> = before.then(flush, flush);
  waiting.set(path, mine);
  return mine;
}

async function flushFolder(path: string): Promise<void> {
  // Windows neither opens folders as files nor needs it: NTFS journals its names.
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

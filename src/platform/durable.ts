/**
 * Files that have to survive a power cut. A name holds either the old bytes or the new ones, never a
 * part of them: write beside, flush, rename, flush the folder (POSIX makes `rename` atomic, and only a
 * flushed folder makes the new name last).
 *
 * All of it is synchronous on purpose: when a call returns, it is on the disk. A forgotten `await` would
 * make "durable" a hope, and no type checker would say so.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

let written = 0;

/** Replaces the file at `path` durably. `mode` is exact: the process's umask does not widen or narrow it. */
export function writeDurable(path: string, bytes: Uint8Array | string, mode = 0o600): void {
  written += 1;
  const beside = join(dirname(path), `.${basename(path)}.${process.pid}.${written}.new`);
  // A file of this name can only be left over from a dead process that had our number.
  rmSync(beside, { force: true });
  try {
    const file = openSync(beside, 'wx', mode);
    try {
      fchmodSync(file, mode);
      writeFileSync(file, bytes);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  }
  syncDir(dirname(path));
}

/** Replaces a secret. The bytes that it had lose their name and are then overwritten; see `blankDurable` for what that is worth. */
export function replaceSecret(path: string, bytes: Uint8Array): void {
  const before = openSync(path, 'r+');
  try {
    writeDurable(path, bytes);
    writeSync(before, new Uint8Array(fstatSync(before).size), 0, undefined, 0);
    fsyncSync(before);
  } finally {
    closeSync(before);
  }
}

/** Makes the names inside a folder durable: what was created, renamed or removed in it. */
export function syncDir(path: string): void {
  // Windows neither opens folders as files nor needs it: NTFS journals its names.
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/** The bytes at `path`, or undefined when nothing has that name. Every other failure is thrown. */
export function readIfExists(path: string): Uint8Array | undefined {
  try {
    // An error is dear to make, and a name that is not there is asked for often.
    if (!statSync(path, { throwIfNoEntry: false })) return undefined;
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The names in a folder. */
export function namesIn(path: string): string[] {
  return readdirSync(path);
}

/**
 * Overwrites a file's bytes with zeros and flushes them. On a disk that writes elsewhere (flash, snapshots,
 * copy on write) the old bytes may outlive this: it is the most that a file system offers, and no more.
 */
export function blankDurable(path: string): void {
  const file = openSync(path, 'r+');
  try {
    writeSync(file, new Uint8Array(fstatSync(file).size), 0, undefined, 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Removes a name durably. */
export function removeDurable(path: string): void {
  unlinkSync(path);
  syncDir(dirname(path));
}

/**
 * Makes `path` a folder that only its owner can enter, with the folders above it where they are missing.
 * It refuses a link, a file, and a folder that belongs to somebody else: a name under a shared folder
 * such as the system's temporary one may have been taken by another user first.
 */
export function makePrivateDir(path: string, owner: { uid: number; gid: number } | null = null): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = lstatSync(path);
  if (!found.isDirectory())
    throw new Error(`${path} is not a folder of its own (a link or a file has that name)`);
  if (process.platform === 'win32') return;
  const self = process.getuid?.() ?? found.uid;
  if (found.uid !== self && found.uid !== owner?.uid) {
    throw new Error(`${path} belongs to user ${found.uid}; remove it or choose another folder`);
  }
  // Closed before it is given away: in between nobody else can enter it.
  if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
  if (owner && found.uid !== owner.uid) chownSync(path, owner.uid, owner.gid);
}

/** The system's name for a failed call ("ENOENT"), or undefined for any other kind of error. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

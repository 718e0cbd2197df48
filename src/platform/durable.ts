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
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { foreign } from './folder-owner.ts';

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
 * such as the system's temporary one may have been taken by another user first. For the same reason one
 * that belongs to `owner` already counts as made by us only where nobody else can make names.
 */
export function makePrivateDir(path: string, owner: Owner | null = null): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const found = folderAt(path);
  if (process.platform === 'win32') return;
  const self = process.getuid?.() ?? found.uid;
  const isGiven = owner !== null && found.uid === owner.uid && isClosedTo(dirname(path), owner);
  if (found.uid !== self && !isGiven) throw foreign(path, found.uid);
  // Closed before it is given away: in between nobody else can enter it.
  if (owner) setFolder(path, { found, mode: 0o700, owner });
  // By its name: Node's permission model refuses handles, and a cloud under it has folders of its own alone.
  else if ((found.mode & 0o777) !== 0o700) chmodSync(path, 0o700);
}

export type Owner = { uid: number; gid: number };

/** As `makePrivateDir`, but others may pass through to what is theirs in it. Only we can make names in it. */
export function makePassableDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o711 });
  const found = folderAt(path);
  if (process.platform === 'win32') return;
  if (found.uid !== process.getuid?.()) throw foreign(path, found.uid);
  setFolder(path, { found, mode: 0o711, owner: null });
}

/** What stands at this very name; a link is not followed. */
function folderAt(path: string): Stats {
  const found = lstatSync(path);
  if (found.isDirectory()) return found;
  throw new Error(`${path} is not a folder of its own (a link or a file has that name)`);
}

/** True when nobody but us, the system and `owner` can make, rename or remove names in this folder. */
function isClosedTo(path: string, owner: Owner): boolean {
  const { uid, mode } = statSync(path);
  return [0, process.getuid?.(), owner.uid].includes(uid) && (mode & 0o022) === 0;
}

/** By a handle: between a look at a name and a change of it, the name may come to mean something else. */
function setFolder(path: string, to: { found: Stats; mode: number; owner: Owner | null }): void {
  const { found, mode, owner } = to;
  if ((found.mode & 0o777) === mode && (owner === null || found.uid === owner.uid)) return;
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
  const folder = openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  try {
    const opened = fstatSync(folder);
    if (opened.ino !== found.ino || opened.dev !== found.dev)
      throw new Error(`${path} was exchanged while it was looked at`);
    fchmodSync(folder, mode);
    if (owner) fchownSync(folder, owner.uid, owner.gid);
  } finally {
    closeSync(folder);
  }
}

/** The system's name for a failed call ("ENOENT"), or undefined for any other kind of error. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

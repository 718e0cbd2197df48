/**
 * The data folder of the embedded PostgreSQL, and the password that opens it: made when there is none, moved when it
 * stands where it does not last, and never made anew where somebody counts on what was there.
 */
import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { base64url, fromUtf8, hex } from '../crypto/bytes.ts';
import { labelled, sha256 } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { makePrivateDir, readIfExists, syncDir, writeDurable } from './durable.ts';
import { moveData, removeEarlier, removeFolder, runAs, withSecretFile } from './postgres-folders.ts';
import { exists, findPlace, type Place } from './postgres-place.ts';
import { holderOf } from './postgres-processes.ts';
import type { Random } from './random.ts';

export type Secret = { password: string; mark: string };

export const SUPERUSER = 'postgres';

export type ReadyData = {
  place: Place;
  secret: Secret;
  /** Where the data was before it was moved to its place. */
  movedFrom: string | null;
};

export async function provideData(
  found: Place,
  of: { random: Random; mustExist: boolean },
): Promise<ReadyData> {
  const secret = await ownSecret(found, of);
  const { place, movedFrom } = await bringHome(found, secret);
  if (!(await exists(place.dataDir))) {
    if (of.mustExist) throw missing(place);
    await createData(place, secret);
  }
  return { place, secret, movedFrom };
}

/** What a stopped server leaves, wherever it stands: data, socket, password and log. The programs serve others as well. */
export async function removeDatabase(wishedDir: string, lastingDir?: string): Promise<void> {
  const { owner, dataDir, socketDir, earlierData, passwordFile, logFile, relocated } = await findPlace(
    wishedDir,
    lastingDir,
  );
  if (owner && earlierData) await removeEarlier(earlierData, owner);
  for (const dir of [dataDir, `${dataDir}.new`, socketDir]) await removeFolder(dir, owner);
  for (const file of [passwordFile, logFile]) await rm(file, { force: true });
  const standsAside = relocated?.parts.some((part) => part !== 'programs') === true;
  if (standsAside) await rm(relocated?.dir ?? '', { recursive: true, force: true });
}

/** The superuser's password, drawn once and kept for its owner alone, and the server's mark made of it. */
async function ownSecret(place: Place, of: { random: Random; mustExist: boolean }): Promise<Secret> {
  const kept = readIfExists(place.passwordFile);
  if (!kept) await requireNobodysData(place, of.mustExist);
  const password = kept ? fromUtf8(kept).trim() : base64url(of.random.bytes(32));
  if (!kept) writeDurable(place.passwordFile, `${password}\n`, 0o600);
  return { password, mark: `holdfast-${hex(sha256(labelled('postgres-mark/v1', password))).slice(0, 16)}` };
}

/** Data without its password opens to nobody. What stood aside is then of a folder that was deleted with all that belonged to it. */
async function requireNobodysData(place: Place, mustExist: boolean): Promise<void> {
  const { dataDir, earlierData, owner, relocated } = place;
  if (!mustExist && owner && earlierData) await removeEarlier(earlierData, owner);
  const there = (await exists(dataDir)) ? dataDir : mustExist ? earlierData : null;
  // Before a password is drawn: who puts the folder back is to find everything else as it was.
  if (there === null && mustExist) throw missing(place);
  if (there === null) return;
  if (mustExist || !relocated?.parts.includes('data'))
    throw new HoldfastError(
      'not-found',
      `${place.passwordFile} is missing, so nobody can sign in to ${there}; put that file back, or remove both to start anew`,
    );
  await removeFolder(dataDir, owner);
}

function missing({ dataDir, passwordFile }: Place): HoldfastError {
  const wished = passwordFile.replace(/\.password$/, '');
  const places = wished === dataDir ? dataDir : `${wished} or ${dataDir}`;
  return new HoldfastError(
    'not-found',
    `the database of this system is gone: there is no ${places}. Nothing was changed. Put that folder back, or put a backup back (npm run holdfast -- admin restore FILE), or begin anew and lose the rest as well (npm start -- --fresh)`,
  );
}

/**
 * Root's data once stood in the system's temporary folder, which a restart of the machine empties: it is moved
 * to its place, once. Not while somebody runs on it, who may be in the midst of work: the next start that finds
 * it at rest moves it.
 */
async function bringHome(place: Place, { mark }: Secret): Promise<Omit<ReadyData, 'secret'>> {
  const { earlierData: from, owner, dataDir } = place;
  if (from === null || owner === null || (await exists(dataDir))) return { place, movedFrom: null };
  if ((await holderOf(from, mark)).kind !== 'nobody') {
    const dir = dirname(from);
    const says = `the database stands in ${dir}, which a restart of the machine may empty, because a server of an earlier version still runs there: stop this with Ctrl-C, and the next start moves it`;
    return {
      place: { ...place, dataDir: from, relocated: { dir, parts: ['data'], says } },
      movedFrom: null,
    };
  }
  const flush = (dir: string) => runInitdb(place, ['--sync-only', '-D', dir]);
  await moveData({ from, to: dataDir, owner, flush });
  return { place, movedFrom: dirname(from) };
}

/** Makes the data beside its place and renames it, so that half-made data never has the name. */
async function createData(place: Place, secret: Secret): Promise<void> {
  const { owner } = place;
  const fresh = `${place.dataDir}.new`;
  await removeFolder(fresh, owner);
  makePrivateDir(fresh, owner);
  const flags = ['-U', SUPERUSER, '--auth=scram-sha-256', '--data-checksums', '--no-instructions'];
  // The builtin provider sorts the same on every machine and after every upgrade of the system's libraries.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const args = [...flags, ...locale, '-D', fresh, '--pwfile=/dev/stdin'];
  const password = { text: secret.password, owner };
  await withSecretFile(`${place.passwordFile}.initdb`, password, (file) => runInitdb(place, args, file));
  await rename(fresh, place.dataDir);
  syncDir(dirname(place.dataDir));
}

function runInitdb(place: Place, args: readonly string[], stdin?: number): Promise<void> {
  const file = join(place.programsDir, 'bin', 'initdb');
  return runAs(place.owner, {
    file,
    args,
    ...surroundings(place),
    ...(stdin === undefined ? {} : { stdin }),
  });
}

/**
 * A batch of records is a statement of about a megabyte. Left to itself the C library asks the system for that memory
 * with every batch and gives it back (mallopt(3)); on a virtual machine that costs more than the rows do.
 */
const KEPT_MEMORY = { MALLOC_MMAP_THRESHOLD_: '16777216', MALLOC_TRIM_THRESHOLD_: '16777216' };

/** The environment is empty but for these: PostgreSQL reads many `PG…` variables, none of which is ours. */
export function surroundings({ socketDir }: Place): { cwd: string; env: Record<string, string> } {
  return { cwd: socketDir, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', ...KEPT_MEMORY } };
}

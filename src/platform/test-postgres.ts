/**
 * Databases for tests. Making one (initdb, roles, a hundred steps) costs some seconds of a core, and some hundred
 * tests want one each; so a run of all tests makes each kind once, and every test gets a copy, a server of its own.
 * A test file that runs alone knows no such run: it makes its database from nothing, as the product does.
 *
 * No test of a stand cuts the power, so the run's folder may lie in memory (tools/test.ts); what a disk keeps is
 * asked elsewhere (test/faults, `postgres.test.ts`).
 */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { base64url, hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { systemClock } from './clock.ts';
import { codeOf, writeDurable } from './durable.ts';
import { silentLog } from './log.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { exists } from './postgres-place.ts';
import { systemRandom } from './random.ts';

/** Set by tools/test.ts for one run: a folder that was empty and is removed when the run ends. */
const STANDS = 'HOLDFAST_STANDS';
/** Set where a defence is broken: such a process takes copies, but what it would make is for nobody else. */
const SABOTAGE = 'HOLDFAST_SABOTAGE';

export type TestDatabase = {
  server: Postgres;
  /** What `fill` answered when the data was made. */
  kept: string;
};

type Wish = {
  dataDir: string;
  /** Everything on which the data depends: equal texts, equal data. */
  kind: string;
  fill(server: Postgres): Promise<string>;
};

/** A folder for a stand. PostgreSQL's own user has to reach what is in it. */
export async function newStandFolder(prefix: string): Promise<string> {
  const home = await mkdtemp(join(process.env[STANDS] ?? tmpdir(), prefix));
  await chmod(home, 0o755);
  return home;
}

/** A server on data of this kind, alone on it. */
export async function startTestPostgres(wish: Wish): Promise<TestDatabase> {
  const stands = process.env[STANDS];
  if (stands === undefined) return await startAndFill(wish);
  const template = join(stands, `kind-${hex(sha256(utf8(wish.kind))).slice(0, 16)}`);
  if (!(await exists(template))) {
    if (process.env[SABOTAGE] !== undefined) return await startAndFill(wish);
    await makeTemplate(wish, template);
  }
  // `cp` keeps the owner, who under root is not us.
  await promisify(execFile)('cp', ['-a', join(template, 'data'), wish.dataDir]);
  // A password of its own: of it the mark is made by which a server's processes are told from another's.
  writeDurable(`${wish.dataDir}.password`, `${base64url(systemRandom.bytes(32))}\n`);
  const kept = await readFile(join(template, 'kept'), 'utf8');
  return { server: await start(wish.dataDir), kept };
}

const start = (dataDir: string): Promise<Postgres> =>
  startPostgres({ dataDir, log: silentLog, clock: systemClock, random: systemRandom });

async function startAndFill(wish: Wish): Promise<TestDatabase> {
  const server = await start(wish.dataDir);
  try {
    return { server, kept: await wish.fill(server) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Made beside its place and renamed: of two processes that make the same one, the first to end gives it. */
async function makeTemplate(wish: Wish, template: string): Promise<void> {
  const beside = await newStandFolder('new-');
  try {
    const dataDir = join(beside, 'data');
    const { server, kept } = await startAndFill({ ...wish, dataDir });
    await server.stop();
    await writeFile(join(beside, 'kept'), kept);
    await admitSuperuser(join(dataDir, 'pg_hba.conf'));
    await rename(beside, template);
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * The superuser of a copy has a new password, which the data does not know: it is let in without, through a socket
 * in a folder that only the server's user can enter. The product's own roles are asked for theirs as ever.
 */
async function admitSuperuser(file: string): Promise<void> {
  await writeFile(file, `local all postgres trust\n${await readFile(file, 'utf8')}`);
}

/**
 * An embedded PostgreSQL for one test. Making its first data costs two seconds of a core, most of it a sync of a
 * thousand files: it is made once a checkout, and every test begins with a copy. Nothing of ours is in the copy; roles,
 * tables and walls are made anew by each test, so that a defence broken on purpose is never hidden by data from before.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hex, utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { codeOf } from './durable.ts';
import { type Postgres, type PostgresConfig, startPostgres } from './postgres.ts';
import { exists } from './postgres-place.ts';

const CACHE = join(import.meta.dirname, '../../node_modules/.cache/holdfast');

/** As `startPostgres`; `config.dataDir` must not exist yet, and the folder that holds it must be open to all when we are root. */
export async function startTestPostgres(config: PostgresConfig): Promise<Postgres> {
  const made = await madeOnce(config);
  // `cp -a` keeps the owner, which under root is another user than ourselves.
  for (const end of ['', '.password'])
    await promisify(execFile)('cp', ['-a', join(made, `data${end}`), `${config.dataDir}${end}`]);
  return await startPostgres(config);
}

/** The folder of the first data, named after all that decides what is in it. */
async function madeOnce(config: PostgresConfig): Promise<string> {
  const program = await readFile(join(import.meta.dirname, 'postgres.ts'));
  const lock = await readFile(join(import.meta.dirname, '../../package-lock.json'));
  const user = utf8(String(process.getuid?.() ?? ''));
  const made = join(CACHE, `postgres-${hex(sha256(Buffer.concat([program, lock, user]))).slice(0, 16)}`);
  if (await exists(made)) return made;
  const home = await mkdtemp(join(tmpdir(), 'holdfast-first-'));
  try {
    await promisify(execFile)('chmod', ['755', home]);
    const server = await startPostgres({ ...config, dataDir: join(home, 'data') });
    await server.stop();
    await keep(home, made);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  return made;
}

/** Copies beside the place and renames, so that what has the name is whole; another test may be first. */
async function keep(home: string, made: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const part = await mkdtemp(join(CACHE, 'part-'));
  for (const end of ['', '.password'])
    await promisify(execFile)('cp', ['-a', join(home, `data${end}`), join(part, `data${end}`)]);
  try {
    await rename(part, made);
  } catch (error) {
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
    await rm(part, { recursive: true, force: true });
  }
}

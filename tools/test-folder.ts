/**
 * The folder of one run of tests: the databases of its stands, and what it has seen. Each run has its own, so that two
 * at once know nothing of each other, and when it ends the folder goes, with whatever a killed test left running in it.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MEMORY = '/dev/shm';
/** Linux' number for a file system in memory (statfs(2), TMPFS_MAGIC). */
const TMPFS = 0x01021994;
/** What may lie in memory: some databases at once and one of each kind, forty megabytes each and growing. */
const BYTES_FREE_MIN = 3 * 2 ** 30;

export type TestFolder = { stands: string; seenFile: string; remove(): void };

export function makeTestFolder(): TestFolder {
  const home = mkdtempSync(join(roomiest(), 'hf-tests-'));
  const stands = join(home, 's');
  mkdirSync(stands);
  // PostgreSQL refuses to run as root; its own user has to reach its folders.
  for (const folder of [home, stands]) chmodSync(folder, 0o755);
  // Read by src/platform/test-postgres.ts in every process of a test.
  process.env.HOLDFAST_STANDS = stands;
  return {
    stands,
    seenFile: join(home, 'seen.json'),
    remove() {
      endServersIn(stands);
      rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
    },
  };
}

/** In memory where there is plenty: what a disk keeps is no question of a stand, and waiting for it is half its time. */
function roomiest(): string {
  if (process.availableMemory() < 2 * BYTES_FREE_MIN || !existsSync(MEMORY)) return tmpdir();
  const { type, bavail, bsize } = statfsSync(MEMORY);
  return type === TMPFS && bavail * bsize > BYTES_FREE_MIN ? MEMORY : tmpdir();
}

/** A test that was killed could not stop its server, which is told by the folder that it was started on. */
function endServersIn(folder: string): void {
  if (process.platform !== 'linux') return;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const [program, flag, data = ''] = argumentsOf(name);
    if (!program?.endsWith('/postgres') || flag !== '-D' || !data.startsWith(`${folder}/`)) continue;
    console.log(`a test left a server running: ${data}`);
    // At once: nobody needs what is in its data (PostgreSQL manual, "Shutting Down the Server").
    endNow(Number(name));
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGQUIT');
  } catch (error) {
    // It ended by itself meanwhile.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    // It ended while we looked.
    return [];
  }
}

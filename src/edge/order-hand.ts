/** `holdfast edge order FILE`: puts an order into the agent's folder and says what became of it. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { base64url } from '../crypto/bytes.ts';
import { HoldfastError } from '../domain/errors.ts';
import { sleep, systemClock } from '../platform/clock.ts';
import { readConfig } from '../platform/config.ts';
import { makePrivateDir, readIfExists, writeDurable } from '../platform/durable.ts';
import { requireOwner } from '../platform/folder-owner.ts';
import { systemRandom } from '../platform/random.ts';
import { edgeConfig } from './config.ts';
import { inboxDir, ORDER_BYTES_MAX, ORDER_FILE } from './order-inbox.ts';

const PATIENCE_MS = 10_000;
const LOOK_MS = 200;

export async function handOver(given: { config: string; file: string | undefined }): Promise<number> {
  const { file } = given;
  if (file === undefined)
    throw new HoldfastError('input-invalid', 'say which order: holdfast edge order FILE --config FILE');
  const { dataDir } = readConfig(given.config, edgeConfig);
  requireOwner(dataDir);
  const bytes = readSmall(file);
  const dir = inboxDir(dataDir);
  makePrivateDir(dir);
  const path = join(dir, `${base64url(systemRandom.bytes(16))}${ORDER_FILE}`.replace(/^-/, '_'));
  // Written beside under another name and renamed: the agent never sees a part of it.
  writeDurable(path, bytes, 0o600);
  const { ino } = statSync(path);
  const endMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    const verdict = verdictOf(dir, ino);
    if (verdict) {
      process.stdout.write(`${verdict.says}\n`);
      return verdict.status;
    }
    if (systemClock.monotonicMs() >= endMs) {
      process.stdout.write('the agent has not looked at it; it does when it runs\n');
      return 1;
    }
    await sleep(systemClock, LOOK_MS);
  }
}

function readSmall(file: string): Uint8Array {
  const bytes = readIfExists(file);
  if (!bytes) throw new HoldfastError('input-invalid', `there is no file ${file}`);
  if (bytes.length > ORDER_BYTES_MAX)
    throw new HoldfastError(
      'input-invalid',
      `an order has at most ${ORDER_BYTES_MAX} bytes; ${file} has more`,
    );
  return bytes;
}

/** A file keeps its inode when the agent moves it, and so is found whatever it is called by then. */
function verdictOf(dir: string, ino: number): { says: string; status: number } | undefined {
  const done = namesWith(join(dir, 'done'), ino)[0];
  if (done !== undefined) return { says: 'the bank has accepted it', status: 0 };
  const refused = namesWith(join(dir, 'refused'), ino)[0];
  const reason = refused?.slice(0, -ORDER_FILE.length).split('.').at(-1);
  return reason === undefined ? undefined : { says: `the bank refused it: ${reason}`, status: 1 };
}

function namesWith(folder: string, ino: number): string[] {
  try {
    return readdirSync(folder).filter((name) => lstatSync(join(folder, name)).ino === ino);
  } catch (error) {
    // The agent makes these folders when it starts; a file may be moved while it is looked at.
    if ((error as { code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

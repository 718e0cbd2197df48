/**
 * What a thief of a bank's disk can do, tried out: first with the disk alone, then with the sealing key as
 * well. Each attempt says what it tried and how it was refused, or what it got. It changes nothing on the disk
 * that it is given: it works on a copy.
 *
 *     node test/attacks/stolen-disk.ts DISK [--sealing-key FILE] [--near PIN]
 *
 * DISK is a bank's folder; after `npm start`, and stopped, that is `.holdfast/edge`, and its sealing key
 * `.holdfast/seal/bank.key`. `--near` names a PIN that is live there: the thief then searches the million
 * numbers around it, which shows that a search finds it, without a thousand times the wait.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Attempt, readDisk, type Tries } from './thief.ts';
import { attackAlone } from './thief-alone.ts';
import { attackWithKey } from './thief-with-key.ts';

/** With a sealing key what it makes possible is tried, without one everything else. `known`: what the thief happens to know, a tracking number of a parcel of their own for one. */
export type Theft = { disk: string; sealingKeyFile: string | null; near: string | null; known: string[] };

export async function attackDisk(theft: Theft): Promise<Attempt[]> {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-thief-'));
  try {
    const copy = join(home, 'disk');
    cpSync(theft.disk, copy, { recursive: true });
    const tried: Attempt[] = [];
    const tries: Tries = {
      disk: readDisk(copy),
      home,
      attempt: async (at, attempt, act) => void tried.push({ attempt, at, ...(await act()) }),
    };
    const { sealingKeyFile, near, known } = theft;
    if (sealingKeyFile === null) await attackAlone({ ...tries, known });
    else await attackWithKey({ ...tries, sealingKeyFile, near });
    return tried;
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function linesOf(tried: readonly Attempt[]): string[] {
  return tried.map(
    ({ attempt, at, opened, says }) => `${opened ? 'OPEN' : 'shut'}  ${at.padEnd(9)}  ${attempt}: ${says}`,
  );
}

async function main(args: string[]): Promise<number> {
  const options = { 'sealing-key': { type: 'string' }, near: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
  const [disk] = positionals;
  if (disk === undefined || (values.near !== undefined && !/^\d{6,12}$/.test(values.near))) {
    console.log('usage: node test/attacks/stolen-disk.ts DISK [--sealing-key FILE] [--near PIN]');
    return 2;
  }
  const theft = { disk, sealingKeyFile: null, near: values.near ?? null, known: [] };
  const tried = await attackDisk(theft);
  const sealingKeyFile = values['sealing-key'];
  if (sealingKeyFile !== undefined) tried.push(...(await attackDisk({ ...theft, sealingKeyFile })));
  for (const line of linesOf(tried)) console.log(line);
  const elsewhere = tried.filter((attempt) => attempt.opened && attempt.at === 'elsewhere');
  console.log(`${tried.length} attempts; opened elsewhere: ${elsewhere.length}`);
  return elsewhere.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

/**
 * `holdfast drill ledger`: random changes, each applied, given to whoever verifies that thing, and undone. `--of log`: a
 * log's rows and objects in the cloud, by the audit; `--of files`: journals on banks' disks, bundles, proof files and
 * receipts, by their verifiers; both, in halves, when it is not said. Prints for every kind how many were applied and
 * found; ends with 1 when one was not found.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { groundOn, hunt, type Tally, tableOf } from '../../src/cloud/audit/test-hunt.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { huntFiles } from './files.ts';

const OPTIONS = {
  seed: { type: 'string' },
  mutations: { type: 'string', default: '10000' },
  of: { type: 'string', default: 'all' },
} as const;
const DAYS = 7;

type Asked = { count: number; seed: number };
type Hunted = { tallies: Tally[]; missed: string[] };
const HUNTS: Readonly<Record<string, (stand: Stand, asked: Asked) => Promise<Hunted>>> = {
  log: async (stand, asked) => hunt(await groundOn(stand, DAYS), asked),
  files: huntFiles,
};

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  const asked = Object.keys(HUNTS).filter((name) => values.of === 'all' || values.of === name);
  if (asked.length === 0) {
    console.error('--of is log, files or all');
    return 2;
  }
  const stand = await openStand(NOUNS);
  try {
    const all: Hunted = { tallies: [], missed: [] };
    for (const name of asked) {
      const count = Math.ceil(Number(values.mutations) / asked.length);
      const hunted = await HUNTS[name]?.(stand, { count, seed });
      all.tallies.push(...(hunted?.tallies ?? []));
      all.missed.push(...(hunted?.missed ?? []));
    }
    for (const line of tableOf(all.tallies)) console.log(line);
    const needs = all.tallies.filter(({ withHead }) => withHead > 0).map(({ name }) => name);
    console.log(`found only with what somebody outside remembers: ${needs.join('; ') || 'none'}`);
    console.log(`seed ${seed}`);
    for (const miss of all.missed) console.error(`NOT FOUND: ${miss}`);
    return all.missed.length === 0 ? 0 : 1;
  } finally {
    await stand.close();
  }
}

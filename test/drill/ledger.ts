/**
 * `holdfast drill ledger`: random changes of a log's rows and objects, each applied, audited and undone. Prints for
 * every kind how many were applied and found; ends with 1 when one was not found.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { groundOn, hunt, tableOf } from '../../src/cloud/audit/test-hunt.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { openStand } from '../../src/cloud/test-stand.ts';

const OPTIONS = { seed: { type: 'string' }, mutations: { type: 'string', default: '10000' } } as const;
const DAYS = 7;

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const seed = Number(values.seed ?? randomInt(2 ** 31));
  const stand = await openStand(NOUNS);
  try {
    const { tallies, missed } = await hunt(await groundOn(stand, DAYS), {
      count: Number(values.mutations),
      seed,
    });
    for (const line of tableOf(tallies)) console.log(line);
    console.log(
      `seed ${seed}; a kind is found by a remembered head only where nothing inside contradicts itself`,
    );
    for (const miss of missed) console.error(`NOT FOUND: ${miss}`);
    return missed.length === 0 ? 0 : 1;
  } finally {
    await stand.close();
  }
}

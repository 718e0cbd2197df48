import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { killAtRandom } from '../faults/kills.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
/** Banks beside each other: most of a kill's time is spent in starting again. */
const BANKS = 4;
const KILLS_EACH = 55;

test('killed more than two hundred times, banks lose nothing that their kiosks had answered for', async (t) => {
  const tallies = await Promise.all(
    Array.from({ length: BANKS }, (_, bank) => killAtRandom({ kills: KILLS_EACH, seed: seed + bank })),
  );
  const sum = (of: keyof (typeof tallies)[number]) => tallies.reduce((total, tally) => total + tally[of], 0);
  const kills = sum('kills');
  t.diagnostic(
    `${kills} kills, ${sum('actions')} actions, ${sum('deposited')} taken in, ${sum('collected')} handed out, ${sum('resumed')} sessions resumed, ${sum('records')} records, 0 lost; HOLDFAST_SEED=${seed}`,
  );
  assert.ok(kills >= 200 && sum('collected') > 20 && sum('resumed') > 5);
});

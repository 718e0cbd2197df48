/** The long tier: ten thousand random changes of a log, and of what banks and receivers hold, each given to its verifier. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { groundOn, hunt, tableOf } from '../../src/cloud/audit/test-hunt.ts';
import type { Ground } from '../../src/cloud/audit/test-mutations.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { huntFiles } from '../drill/files.ts';

const MUTATIONS = 10_000;
const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));

let stand: Stand;
let ground: Ground;
before(async () => {
  stand = await openStand(NOUNS);
  ground = await groundOn(stand, 7);
});
after(() => stand.close());

test('ten thousand random changes of a log are found, each of them', async (t) => {
  const { tallies, missed } = await hunt(ground, { count: MUTATIONS, seed });
  for (const line of tableOf(tallies)) t.diagnostic(line);
  t.diagnostic(`HOLDFAST_SEED=${seed}`);
  assert.deepEqual(missed, []);
});

test('ten thousand random changes of journals, bundles, proofs and receipts are found, each of them', async (t) => {
  const { tallies, missed } = await huntFiles(stand, { count: MUTATIONS, seed });
  for (const line of tableOf(tallies)) t.diagnostic(line);
  assert.deepEqual(missed, []);
});

/** Random changes of what lies outside the cloud: each kind a few times; the long tier takes ten thousand. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { tableOf } from '../../src/cloud/audit/test-hunt.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { huntFiles } from '../drill/files.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

test('whatever is changed at random in a journal, a bundle, a proof or a receipt is found by its verifier', async () => {
  console.log(`HOLDFAST_SEED=${seed}`);
  const { tallies, missed } = await huntFiles(stand, { count: 200, seed });
  for (const line of tableOf(tallies)) console.log(line);
  assert.deepEqual(missed, []);
});

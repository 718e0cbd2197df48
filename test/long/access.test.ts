/** The long tier: twenty thousand random requests over HTTP, each judged by the model of who may do what. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { AccessStand, drawFrom, randomCell } from '../../src/cloud/test-access.ts';

const REQUESTS = 20_000;
const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));

let stand: AccessStand;
before(async () => {
  stand = await AccessStand.open();
});
after(() => stand.close());

test('twenty thousand random requests are answered as the model says', async (t) => {
  const draw = drawFrom(seed);
  const counts: Record<string, number> = {};
  for (let n = 0; n < REQUESTS; n++) {
    const said = await stand.judge(randomCell(draw));
    counts[said] = (counts[said] ?? 0) + 1;
  }
  t.diagnostic(`${REQUESTS} requests, ${JSON.stringify(counts)}; HOLDFAST_SEED=${seed}`);
  assert.equal(Object.keys(counts).length, 6);
});

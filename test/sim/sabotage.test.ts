/**
 * Tests the tester: each rule is broken in a process of its own, and the simulator has to see a law broken
 * within 200 seeds of 5 banks and 6 hours.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIM_EDITS } from '../sabotage/edits.ts';
import { type Found, SEEDS_MAX, sabotage, table } from './sabotage.ts';

const AT_ONCE = 2;
const SABOTAGES_MIN = 12;

test('with one rule broken the simulator sees a law broken', async (t) => {
  const left = [...SIM_EDITS];
  const found: Found[] = [];
  const work = async () => {
    for (let edit = left.shift(); edit; edit = left.shift()) found.push(await sabotage(edit));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const line of table(found)) t.diagnostic(line);
  assert.ok(found.length >= SABOTAGES_MIN);
  const unseen = found.filter(({ seeds }) => seeds === null).map(({ name }) => name);
  assert.deepEqual(unseen, [], `not found within ${SEEDS_MAX} seeds`);
});

/**
 * The simulator in the everyday run: seeds 1 to 20 always, then fresh ones until two minutes are over. Every
 * seed is printed with its trace hash. `HOLDFAST_SEED` is where the fresh ones begin.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { addCounts, emptyCounts } from './census.ts';
import { missing } from './expected.ts';
import { runSeeds } from './pool.ts';
import { breachLines, commandOf, countLines, seedLine } from './print.ts';
import type { Settings } from './world.ts';

const ALWAYS = 20;
const WHOLE_MS = 120_000;
/** Few hours, so that twenty seeds fit; together they have more bank-hours than one run of default size. */
const SIZE = { banks: 20, hours: 2, stepsMax: null } as const;
/** The test runner has other files at work beside this one. */
const PROCESSES = 1;

const fresh = Number(process.env.HOLDFAST_SEED ?? randomInt(1_000, 2 ** 31));

/** Seeds 1 to 20, then fresh ones for as long as `mayGoOn` says. */
function settingsFrom(mayGoOn: () => boolean): () => Settings | undefined {
  let given = 0;
  return () => {
    given++;
    if (given <= ALWAYS) return { ...SIZE, seed: given };
    return mayGoOn() ? { ...SIZE, seed: fresh + given - ALWAYS - 1 } : undefined;
  };
}

test('no seed breaks a law, and everything that must occur does', async (t) => {
  const startedMs = performance.now();
  const next = settingsFrom(() => performance.now() - startedMs < WHOLE_MS);
  const counts = emptyCounts();
  const broken: string[] = [];
  let seeds = 0;
  t.diagnostic(
    `each seed ${SIZE.banks} banks, ${SIZE.hours} virtual hours; fresh from HOLDFAST_SEED=${fresh}`,
  );
  for await (const result of runSeeds({ next, processes: PROCESSES })) {
    seeds++;
    addCounts(counts, result.counts);
    t.diagnostic(seedLine(result));
    if (result.breach) broken.push(...breachLines(result));
  }
  for (const line of countLines(counts)) t.diagnostic(line);
  assert.deepEqual(broken, [], broken.join('\n'));
  assert.ok(seeds >= ALWAYS);
  assert.deepEqual(missing(counts, { ...SIZE, seeds }), []);
});

test('one seed makes the same trace in two separate processes, and another seed another', async (t) => {
  const settings: Settings = { seed: 4711, banks: 4, hours: 4, stepsMax: null };
  const hashOf = async (of: Settings) => {
    let left: Settings | undefined = of;
    const next = () => {
      const given = left;
      left = undefined;
      return given;
    };
    for await (const result of runSeeds({ next, processes: 1 })) return result.hash;
    return assert.fail('no result');
  };
  const [first, second] = [await hashOf(settings), await hashOf(settings)];
  t.diagnostic(`${commandOf(settings)}: ${first}`);
  assert.equal(first, second);
  assert.notEqual(first, await hashOf({ ...settings, seed: 4712 }));
});

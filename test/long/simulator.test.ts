/**
 * The long tier: a thousand seeds of twenty banks and a virtual day each, on every core. `HOLDFAST_SEED` is
 * where they begin; `npm run sim -- --report` runs the same and writes it down.
 */
import assert from 'node:assert/strict';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { addCounts, emptyCounts } from '../sim/census.ts';
import { missing } from '../sim/expected.ts';
import { runSeeds } from '../sim/pool.ts';
import { breachLines, countLines, seedLine } from '../sim/print.ts';

const SEEDS = 1_000;
const SIZE = { banks: 20, hours: 24, stepsMax: null } as const;
const first = Number(process.env.HOLDFAST_SEED ?? 1);

test('a thousand seeds break no law', async (t) => {
  let given = 0;
  const next = () => (given < SEEDS ? { ...SIZE, seed: first + given++ } : undefined);
  const counts = emptyCounts();
  const broken: string[] = [];
  let done = 0;
  for await (const result of runSeeds({ next, processes: availableParallelism() })) {
    addCounts(counts, result.counts);
    done++;
    console.log(`${done}/${SEEDS} ${seedLine(result)}`);
    if (result.breach) broken.push(...breachLines(result));
  }
  for (const line of countLines(counts)) t.diagnostic(line);
  assert.deepEqual(broken, [], broken.join('\n'));
  assert.deepEqual(missing(counts, { ...SIZE, seeds: SEEDS }), []);
});

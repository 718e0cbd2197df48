/**
 * `npm run sim -- --seed S [--steps N] [--banks B] [--hours H]` runs one seed and prints what it saw.
 * `--seeds K` runs K seeds from S on over all cores; `--report` also keeps their sum, so that it may be ended
 * and begun again, and writes it into docs/reference/simulation.md. Ends with 1 when a law was broken or a kind that must occur did not.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { emptyCounts } from './census.ts';
import { missing } from './expected.ts';
import { runSeeds } from './pool.ts';
import { breachLines, countLines, reportLines, seedLine } from './print.ts';
import { addResult, doneIn, hashOfSources, isDone, readSum, type Sum, writeSum } from './sittings.ts';
import { World } from './world.ts';

const REPORT = join(import.meta.dirname, '../../docs/reference/simulation.md');
const BEGIN = '<!-- results: begin -->';
const END = '<!-- results: end -->';
const KEPT = join(import.meta.dirname, '../../docs/reference/simulation.json');
const SEEDS_OF_A_REPORT = 1_000;

type Options = {
  seed: number;
  seeds: number | null;
  banks: number;
  hours: number;
  steps: number | null;
  report: boolean;
};

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      banks: { type: 'string' },
      hours: { type: 'string' },
      steps: { type: 'string' },
      report: { type: 'boolean', default: false },
    },
  });
  const whole = (name: string, text: string | undefined, fallback: number): number => {
    const number = text === undefined ? fallback : Number(text);
    if (!Number.isSafeInteger(number) || number < 1) throw new Error(`--${name} takes a whole number from 1`);
    return number;
  };
  const seeds =
    values.seeds === undefined && !values.report ? null : whole('seeds', values.seeds, SEEDS_OF_A_REPORT);
  return {
    seed: whole('seed', values.seed, 1),
    seeds,
    banks: whole('banks', values.banks, 20),
    hours: whole('hours', values.hours, 24),
    steps: values.steps === undefined ? null : whole('steps', values.steps, 1),
    report: values.report,
  };
}

export async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  return options.seeds === null ? await one(options) : await many(options, options.seeds);
}

async function one({ seed, banks, hours, steps }: Options): Promise<number> {
  const result = await new World({ seed, banks, hours, stepsMax: steps }).run();
  for (const line of countLines(result.counts)) console.log(line);
  const lacking = result.whole ? missing(result.counts, { seeds: 1, banks, hours }) : [];
  for (const line of lacking) console.log(`MISSING: ${line}`);
  for (const line of breachLines(result)) console.log(line);
  console.log(seedLine(result));
  if (!result.whole && !result.breach)
    console.log(`ended after ${result.steps} steps; kinds were not checked`);
  return result.breach || lacking.length > 0 ? 1 : 0;
}

async function many(options: Options, seeds: number): Promise<number> {
  const { seed: first, banks, hours, report } = options;
  const size = { sources: hashOfSources(), banks, hours };
  const sum: Sum = report
    ? readSum(KEPT, size)
    : { ...size, seeds: [], steps: 0, broken: [], counts: emptyCounts() };
  const before = doneIn(sum);
  if (before > 0) console.log(`${before} seeds were run on these very sources before; this sitting goes on`);
  const left = Array.from({ length: seeds }, (_, index) => first + index).filter(
    (seed) => !isDone(sum, seed),
  );
  const next = () => {
    const seed = left.shift();
    return seed === undefined ? undefined : { seed, banks, hours, stepsMax: null };
  };
  for await (const result of runSeeds({ next, processes: availableParallelism() })) {
    addResult(sum, result);
    console.log(`${doneIn(sum)}/${seeds} ${seedLine(result)}`);
    if (report) writeSum(KEPT, sum);
    for (const line of breachLines(result)) console.log(line);
  }
  const lacking = missing(sum.counts, { seeds: doneIn(sum), banks, hours });
  const lines = reportLines(sum, lacking);
  console.log(lines.join('\n'));
  if (report) writeReport(lines);
  return sum.broken.length > 0 || lacking.length > 0 ? 1 : 0;
}

function writeReport(lines: readonly string[]): void {
  const text = readFileSync(REPORT, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`${REPORT} has no place for results`);
  writeFileSync(REPORT, `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`);
}

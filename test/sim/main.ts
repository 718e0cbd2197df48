/**
 * `npm run sim -- --seed S [--steps N] [--banks B] [--hours H]` runs one seed and prints what it saw.
 * `--seeds K` runs K seeds from S on over all cores; `--report` also writes their sum into
 * docs/reference/simulation.md. Ends with 1 when a law was broken or a kind that must occur did not.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { addCounts, emptyCounts } from './census.ts';
import { missing } from './expected.ts';
import { runSeeds } from './pool.ts';
import { breachLines, countLines, seedLine } from './print.ts';
import { type Result, World } from './world.ts';

const REPORT = join(import.meta.dirname, '../../docs/reference/simulation.md');
const BEGIN = '<!-- results: begin -->';
const END = '<!-- results: end -->';
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
  const { seed: first, banks, hours } = options;
  const counts = emptyCounts();
  const broken: Result[] = [];
  let given = 0;
  let done = 0;
  let steps = 0;
  const next = () => {
    if (given >= seeds) return undefined;
    return { seed: first + given++, banks, hours, stepsMax: null };
  };
  for await (const result of runSeeds({ next, processes: availableParallelism() })) {
    addCounts(counts, result.counts);
    done++;
    steps += result.steps;
    console.log(`${done}/${seeds} ${seedLine(result)}`);
    if (!result.breach) continue;
    broken.push(result);
    for (const line of breachLines(result)) console.log(line);
  }
  const lacking = missing(counts, { seeds, banks, hours });
  const lines = [
    `Seeds ${first} to ${first + seeds - 1}, each ${banks} banks and ${hours} virtual hours; ${steps} steps.`,
    `Laws broken: ${broken.length}${broken.length > 0 ? ` (seeds ${broken.map(({ settings }) => settings.seed).join(', ')})` : ''}.`,
    `Kinds that must occur and did not: ${lacking.length > 0 ? lacking.join('; ') : 'none'}.`,
    '',
    ...countLines(counts).map((line) => `- ${line}`),
  ];
  console.log(lines.join('\n'));
  if (options.report) writeReport(lines);
  return broken.length > 0 || lacking.length > 0 ? 1 : 0;
}

function writeReport(lines: readonly string[]): void {
  const text = readFileSync(REPORT, 'utf8');
  const [before, rest = ''] = text.split(BEGIN);
  const after = rest.split(END)[1];
  if (after === undefined) throw new Error(`${REPORT} has no place for results`);
  writeFileSync(REPORT, `${before}${BEGIN}\n\n${lines.join('\n')}\n\n${END}${after}`);
}

/**
 * A report over more seeds than one sitting has time for. What was run is kept beside the page, with a hash of
 * every source that decides what a run does: a later sitting goes on where the last one was ended, and begins
 * anew when any of them has changed.
 */
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { addCounts, type Counts, emptyCounts } from './census.ts';
import type { Result } from './world.ts';

const ROOT = join(import.meta.dirname, '../..');
const WORLD = join(import.meta.dirname, 'world.ts');
const IMPORT = /(?:from|import) '(\.[^']+)'/g;

export type Sum = {
  sources: string;
  banks: number;
  hours: number;
  /** First and last of each run of seeds that were done. */
  seeds: [number, number][];
  steps: number;
  /** Seeds that broke a law. */
  broken: number[];
  counts: Counts;
};

/** SHA-256 over every file that the simulated world is made of, by path and bytes, and over the lockfile. */
export function hashOfSources(): string {
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(IMPORT)) visit(join(dirname(file), path));
  };
  visit(WORLD);
  const hash = createHash('sha256');
  for (const file of [...seen].sort().concat(join(ROOT, 'package-lock.json')))
    hash.update(relative(ROOT, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('base64url');
}

/** The sum that `file` holds of these very sources and this size; else an empty one. */
export function readSum(file: string, of: Pick<Sum, 'sources' | 'banks' | 'hours'>): Sum {
  const none: Sum = { ...of, seeds: [], steps: 0, broken: [], counts: emptyCounts() };
  let kept: Sum;
  try {
    kept = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return none;
    throw error;
  }
  const isSame = kept.sources === of.sources && kept.banks === of.banks && kept.hours === of.hours;
  return isSame ? kept : none;
}

export const isDone = ({ seeds }: Sum, seed: number): boolean =>
  seeds.some(([first, last]) => first <= seed && seed <= last);

export const doneIn = ({ seeds }: Sum): number =>
  seeds.reduce((sum, [first, last]) => sum + last - first + 1, 0);

/** Adds one result. A seed counts once. */
export function addResult(sum: Sum, { settings, steps, counts, breach }: Result): void {
  const { seed } = settings;
  if (isDone(sum, seed)) return;
  sum.steps += steps;
  addCounts(sum.counts, counts);
  if (breach) sum.broken.push(seed);
  const all = [...sum.seeds, [seed, seed] as [number, number]].sort(([a], [b]) => a - b);
  sum.seeds = [];
  for (const [first, last] of all) {
    const before = sum.seeds.at(-1);
    if (before && before[1] + 1 === first) before[1] = last;
    else sum.seeds.push([first, last]);
  }
}

/** Whole or not at all: a sitting may be ended at any moment. */
export function writeSum(file: string, sum: Sum): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(sum, null, 1)}\n`);
  renameSync(`${file}.new`, file);
}

/** Breaks one rule in a process of its own and counts the seeds until a law is broken. */
import { join } from 'node:path';
import { ROOT, type SimEdit } from '../sabotage/edits.ts';
import { runSeeds } from './pool.ts';

const HOOK = join(ROOT, 'test/sabotage/hook.ts');
export const SEEDS_MAX = 200;
export const SABOTAGED = { banks: 5, hours: 6 } as const;

export type Found = { name: string; file: string; seeds: number | null; law: string };

export async function sabotage(edit: SimEdit, seedsMax = SEEDS_MAX): Promise<Found> {
  let seed = 0;
  const next = () => (seed < seedsMax ? { seed: ++seed, ...SABOTAGED, stepsMax: null } : undefined);
  const env = { HOLDFAST_SABOTAGE: `sim/${edit.name}` };
  const nodeArgs = ['--import', HOOK];
  for await (const { breach, settings } of runSeeds({ next, processes: 1, env, nodeArgs }))
    if (breach) return { name: edit.name, file: edit.file, seeds: settings.seed, law: breach.law };
  return { name: edit.name, file: edit.file, seeds: null, law: 'nobody noticed' };
}

export function table(found: readonly Found[]): string[] {
  const rows = [
    ['sabotage', 'file', 'seeds', 'found by'],
    ...found.map(({ name, file, seeds, law }) => [name, file, String(seeds ?? '-'), law]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
}

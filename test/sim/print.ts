/** What a simulation prints: its counts, its hash, and for a broken law everything that repeats it. */
import { type Counts, GROUPS } from './census.ts';
import { doneIn, type Sum } from './sittings.ts';
import type { Result, Settings } from './world.ts';

export function countLines(counts: Counts): string[] {
  return GROUPS.filter((group) => Object.keys(counts[group]).length > 0).map((group) => {
    const kinds = Object.entries(counts[group]).sort(([a], [b]) => (a < b ? -1 : 1));
    const total = kinds.reduce((sum, [, count]) => sum + count, 0);
    return `${group} (${total}): ${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')}`;
  });
}

export const commandOf = ({ seed, banks, hours }: Settings): string =>
  `npm run sim -- --seed ${seed} --banks ${banks} --hours ${hours}`;

export function breachLines({ breach, settings }: Result): string[] {
  if (!breach) return [];
  const own = breach.last.filter((line) => line.includes(` ${breach.bank.slice(-6)} `));
  return [
    `LAW BROKEN: ${breach.law}`,
    `  ${breach.detail}`,
    `  seed ${settings.seed}, step ${breach.step}, bank …${breach.bank.slice(-6)}`,
    `  repeat it: ${commandOf(settings)}`,
    '  the last events (virtual ms since the start, bank, event), those of this bank first:',
    ...own.slice(-25).map((line) => `    ${line}`),
    '  of all banks:',
    ...breach.last.slice(-25).map((line) => `    ${line}`),
  ];
}

export const seedLine = ({ settings, steps, events, hash, breach }: Result): string =>
  `seed ${settings.seed}: ${steps} steps, ${events} events, trace ${hash}${breach ? ', LAW BROKEN' : ', every law held'}`;

/** What the report's page says of a sum. */
export function reportLines(sum: Sum, lacking: readonly string[]): string[] {
  const { banks, hours, steps, broken, counts, sources, seeds } = sum;
  const ranges = seeds
    .map(([first, last]) => (first === last ? `${first}` : `${first} to ${last}`))
    .join(', ');
  return [
    `Seeds ${ranges} (${doneIn(sum)}), each ${banks} banks and ${hours} virtual hours; ${steps} steps.`,
    `Laws broken: ${broken.length}${broken.length > 0 ? ` (seeds ${broken.join(', ')})` : ''}.`,
    `Kinds that must occur and did not: ${lacking.length > 0 ? lacking.join('; ') : 'none'}.`,
    `SHA-256 of the sources that were run: \`${sources}\`.`,
    '',
    ...countLines(counts).map((line) => `- ${line}`),
  ];
}

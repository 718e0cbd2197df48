/**
 * How everything here is measured: against a raw limit in the same run, in rounds that take both in turn,
 * after both are warm. A round during which the machine did other work is thrown away and counted: it is
 * known by a fixed piece of work that took more than a quarter longer than at its best.
 */
import { createHash } from 'node:crypto';

export type Row = {
  name: string;
  value: number;
  unit: 'ms' | 's' | 'rows/s' | 'bytes' | 'µs a leaf';
  /** `value` over the raw limit's; null where there is none to compare with. */
  ratio: number | null;
  /** What `ratio` (or, without one, `value`) must keep on the right side of; null for a row that only informs. */
  bar: number | null;
  better: 'lower' | 'higher';
  holds: boolean | null;
  median: number;
  /** Of a hundred samples the worst but one: the highest, or the lowest where more is better. */
  p99: number;
  rounds: number;
  discarded: number;
};

const ROUNDS = 7;
export const ROUNDS_MIN = 5;
/** On a machine that is never quiet the attempts end, and the row says that it has too few rounds. */
const ATTEMPTS_MAX = 28;
const SPIN_BYTES = 8 * 1024 * 1024;
const DEVIATION_MAX = 1.25;

const block = new Uint8Array(SPIN_BYTES);

function spinMs(): number {
  const startMs = performance.now();
  createHash('sha256').update(block).digest();
  return performance.now() - startMs;
}

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

export type Measured<Name extends string> = {
  samples: Record<Name, number[]>;
  rounds: Record<Name, number>[];
  discarded: number;
};

/**
 * Runs `round` unmeasured `warmUps` times, then until enough undisturbed rounds are there. It answers the samples of each thing measured;
 * kept are all samples, and the median of each round.
 */
export async function measure<Name extends string>(
  names: readonly Name[],
  warmUps: number,
  round: () => Promise<Record<Name, number[]>>,
): Promise<Measured<Name>> {
  const none = () =>
    Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  const measured: Measured<Name> = { samples: none(), rounds: [], discarded: 0 };
  let bestMs = Math.min(...Array.from({ length: 10 }, spinMs));
  for (let warm = 0; warm < warmUps; warm++) await round();
  for (let attempt = 0; attempt < ATTEMPTS_MAX && measured.rounds.length < ROUNDS; attempt++) {
    const before = median([spinMs(), spinMs(), spinMs()]);
    const taken = await round();
    const after = median([spinMs(), spinMs(), spinMs()]);
    bestMs = Math.min(bestMs, before, after);
    if (Math.max(before, after) > DEVIATION_MAX * bestMs) {
      measured.discarded++;
      continue;
    }
    for (const name of names) measured.samples[name].push(...taken[name]);
    measured.rounds.push(
      Object.fromEntries(names.map((name) => [name, median(taken[name])])) as Record<Name, number>,
    );
  }
  return measured;
}

/** The median over the rounds of what `pick` makes of each. */
export function overRounds<Name extends string>(
  { rounds }: Measured<Name>,
  pick: (round: Record<Name, number>) => number,
): number {
  return median(rounds.map(pick));
}

/**
 * What a leaf costs in a log of a million, against one of ten thousand: two clouds in one process, whose logs take the
 * same number of records in turn. The million is written by the sequencer itself, batch by batch.
 */
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';
import { LogBench } from './sequence.ts';

const SMALL = 10_000;
const LARGE = 1_000_000;
const BATCH = 1_000;
const FED_AT_ONCE = 50;
const BATCHES_A_ROUND = 2;
const WARM_UPS = 2;
const RATIO_MAX = 1.2;

export async function growth(say: (line: string) => void): Promise<Row[]> {
  say(`growth: filling a log of ${SMALL} and one of ${LARGE}`);
  const small = await LogBench.open();
  try {
    const large = await LogBench.open();
    try {
      await fill(small, SMALL);
      await fill(large, LARGE);
      return await compare(small, large);
    } finally {
      await large.close();
    }
  } finally {
    await small.close();
  }
}

async function fill(log: LogBench, leaves: number): Promise<void> {
  for (let left = leaves / BATCH; left > 0; left -= FED_AT_ONCE) {
    const batches = Math.min(left, FED_AT_ONCE);
    await log.feed(batches, BATCH);
    await log.sequence(batches * BATCH, BATCH);
  }
}

async function compare(small: LogBench, large: LogBench): Promise<Row[]> {
  const costs = async (log: LogBench) => {
    await log.feed(BATCHES_A_ROUND, BATCH);
    return 1_000_000 / (await log.sequence(BATCHES_A_ROUND * BATCH, BATCH));
  };
  const measured = await measure(['small', 'large'], WARM_UPS, async () => ({
    small: [await costs(small)],
    large: [await costs(large)],
  }));
  await large.check();
  const ratio = overRounds(measured, (round) => round.large / round.small);
  return [
    {
      name: 'growth, a leaf in a log of 1 M',
      value: overRounds(measured, (round) => round.large),
      unit: 'µs a leaf',
      ratio,
      bar: RATIO_MAX,
      better: 'lower',
      holds: measured.rounds.length >= ROUNDS_MIN && ratio <= RATIO_MAX,
      median: median(measured.samples.large),
      p99: quantile(measured.samples.large, 0.99),
      rounds: measured.rounds.length,
      discarded: measured.discarded,
    },
  ];
}

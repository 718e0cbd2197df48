/**
 * What a leaf costs in a log of a million, against one of ten thousand: two clouds in one process, whose logs take the
 * same number of records in turn. The million is written by the sequencer itself, batch by batch. With `--full` there is
 * a third of ten million: its tree is made of synthetic entries, and of its tiles those lie in the folder that a log
 * still reads when it grows.
 */

import { encodeState } from '../src/cloud/log/state.ts';
import { utf8 } from '../src/crypto/bytes.ts';
import { encodeEntries } from '../src/ledger/log/bundle.ts';
import { EMPTY_LOG, growTree, headOf, type LogObject, type LogState } from '../src/ledger/log/growth.ts';
import { TILE_WIDTH, tilePath } from '../src/ledger/log/layout.ts';
import { leafHash } from '../src/ledger/record.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';
import { LogBench } from './sequence.ts';

const SMALL = 10_000;
const LARGE = 1_000_000;
/** Whole tiles: what is in a tile that is not full yet has to be records. */
const HUGE = Math.floor(10_000_000 / TILE_WIDTH) * TILE_WIDTH;
const LEAVES_A_STEP = 65_536;
const BATCH = 1_000;
const FED_AT_ONCE = 50;
const BATCHES_A_ROUND = 2;
const WARM_UPS = 2;
const RATIO_MAX = 1.2;

export async function growth(say: (line: string) => void, isFull: boolean): Promise<Row[]> {
  const small = await LogBench.open();
  try {
    say(`growth: filling a log of ${SMALL}`);
    await fill(small, SMALL);
    const rows: Row[] = [];
    for (const [leaves, make] of [
      [LARGE, (log: LogBench) => fill(log, LARGE)],
      ...(isFull ? [[HUGE, fillSynthetic] as const] : []),
    ] as const) {
      say(`growth: filling a log of ${leaves}`);
      const large = await LogBench.open();
      try {
        await make(large);
        rows.push(await compare(small, large, leaves));
      } finally {
        await large.close();
      }
    }
    return rows;
  } finally {
    await small.close();
  }
}

const entryAt = (index: number) => utf8(`synthetic entry ${index}`);

/** The log says that it has so many entries, and lies in the folder as far as one that grows looks. */
async function fillSynthetic(log: LogBench): Promise<void> {
  let state: LogState = EMPTY_LOG;
  /** Of each level the last whole tile, and all that are not whole. */
  const kept = new Map<string, LogObject>();
  for (let from = 0; from < HUGE; from += LEAVES_A_STEP) {
    const count = Math.min(LEAVES_A_STEP, HUGE - from);
    const leaves = Array.from({ length: count }, (_, at) => leafHash(entryAt(from + at)));
    const grown = growTree(state, leaves);
    state = grown.state;
    for (const object of grown.objects) kept.set(object.path.split('/')[1] ?? '', object);
  }
  const head = headOf(state);
  const index = HUGE / TILE_WIDTH - 1;
  const last = Array.from({ length: TILE_WIDTH }, (_, at) => entryAt(index * TILE_WIDTH + at));
  const bundle = { path: tilePath({ of: 'entries', index, width: TILE_WIDTH }), bytes: encodeEntries(last) };
  await log.pretend({ head, state: encodeState(state), objects: [...kept.values(), bundle] });
}

async function fill(log: LogBench, leaves: number): Promise<void> {
  for (let left = leaves / BATCH; left > 0; left -= FED_AT_ONCE) {
    const batches = Math.min(left, FED_AT_ONCE);
    await log.feed(batches, BATCH);
    await log.sequence(batches * BATCH, BATCH);
  }
}

async function compare(small: LogBench, large: LogBench, leaves: number): Promise<Row> {
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
  return {
    name: `growth, a leaf in a log of ${Math.round(leaves / 1_000_000)} M`,
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
  };
}

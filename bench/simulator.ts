/**
 * How fast the simulator is in one process: milliseconds for one virtual hour of one bank, of a run whose
 * code is warm. Informative: no bar, because nobody waits for it but the tests.
 */
import { World } from '../test/sim/world.ts';
import { measure, median, overRounds, quantile, type Row } from './rounds.ts';

const BANKS = 10;
const HOURS = 3;

export async function simulator(say: (line: string) => void): Promise<Row[]> {
  say(`simulator: ${BANKS} banks, ${HOURS} virtual hours`);
  let seed = 0;
  const measured = await measure(['bank-hour'], 2, async () => {
    const startMs = performance.now();
    await new World({ seed: ++seed, banks: BANKS, hours: HOURS, stepsMax: null }).run();
    return { 'bank-hour': [(performance.now() - startMs) / (BANKS * HOURS)] };
  });
  const value = overRounds(measured, (round) => round['bank-hour']);
  const samples = measured.samples['bank-hour'];
  say(`simulator: ${(1000 / value).toFixed(0)} virtual bank-hours a second`);
  return [
    {
      name: 'simulator, one virtual bank-hour',
      value,
      unit: 'ms',
      ratio: null,
      bar: null,
      better: 'lower',
      holds: null,
      median: median(samples),
      p99: quantile(samples, 0.99),
      rounds: measured.rounds.length,
      discarded: measured.discarded,
    },
  ];
}

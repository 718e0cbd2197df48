/**
 * The line is back: 200 banks with 500 queued records each return at once. How fast the cloud drains them,
 * against its rate for whole batches of a few banks; and how soon a kiosk opens a door meanwhile, against the
 * same kiosk while nothing drains. Both stand on one machine here, which is worse than it is in a building.
 */
import { CloudProcess } from './cloud-process.ts';
import { type Bench, closeKiosk, fill, openKiosk, pickUp } from './pin-to-wire.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const BANKS = 200;
const QUEUED = 500;
const QUIET_SAMPLES = 5;
const WARM_UPS = 1;
const DRAINED_MIN = 0.8;
const SLOWER_MAX = 1.5;

export async function reconnect(say: (line: string) => void): Promise<Row[]> {
  say(`reconnect: enrolling ${BANKS} banks; then ${QUEUED} records each, at once, in every round`);
  const kiosk = await openKiosk(say);
  const cloud = await CloudProcess.start();
  try {
    await cloud.ask({ ask: 'enrol', banks: BANKS });
    const names = ['drained', 'ingest', 'quiet', 'busy'] as const;
    const measured = await measure(names, WARM_UPS, () => round(kiosk, cloud));
    const common = { rounds: measured.rounds.length, discarded: measured.discarded };
    const enough = measured.rounds.length >= ROUNDS_MIN;
    const drained = overRounds(measured, (round) => round.drained / round.ingest);
    const slower = overRounds(measured, (round) => round.busy / round.quiet);
    const { samples } = measured;
    return [
      {
        ...common,
        name: 'reconnect',
        value: overRounds(measured, (round) => round.drained),
        unit: 'rows/s',
        ratio: drained,
        bar: DRAINED_MIN,
        better: 'higher',
        holds: enough && drained >= DRAINED_MIN,
        median: median(samples.drained),
        p99: quantile(samples.drained, 0.01),
      },
      {
        ...common,
        name: 'reconnect, pin-to-wire meanwhile',
        value: overRounds(measured, (round) => round.busy),
        unit: 'ms',
        ratio: slower,
        bar: SLOWER_MAX,
        better: 'lower',
        holds: enough && slower <= SLOWER_MAX,
        median: median(samples.busy),
        p99: quantile(samples.busy, 0.99),
      },
    ];
  } finally {
    await cloud.close();
    await closeKiosk(kiosk);
  }
}

async function round(
  kiosk: Bench,
  cloud: CloudProcess,
): Promise<Record<'drained' | 'ingest' | 'quiet' | 'busy', number[]>> {
  await cloud.ask({ ask: 'prepare', queued: QUEUED });
  const pins = await fill(kiosk);
  const ingest = await cloud.ask({ ask: 'ingest' });
  const quiet: number[] = [];
  for (const pin of pins.splice(0, QUIET_SAMPLES)) quiet.push(await pickUp(kiosk, pin));
  let isDrained = false;
  const drained = cloud.ask({ ask: 'drain' }).then((rate) => {
    isDrained = true;
    return rate;
  });
  const busy: number[] = [];
  for (const pin of pins) {
    const ms = await pickUp(kiosk, pin);
    // The rest is emptied all the same, for the next round.
    if (!isDrained) busy.push(ms);
  }
  if (busy.length === 0) throw new Error('the banks were drained before anybody came to the kiosk');
  return { drained: [await drained], ingest: [ingest], quiet, busy };
}

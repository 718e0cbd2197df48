/**
 * From a person's PIN to the latch: the time from sending the kiosk's request to the last byte of the unlock
 * frame at the board, with a real agent, its real journal on this disk, real HTTP and a real TCP line.
 */
import { Agent as HttpAgent, request } from 'node:http';
import type { KioskAction, KioskView } from '../src/contract/kiosk.ts';
import { base64url } from '../src/crypto/bytes.ts';
import { LAYOUT_24, placeOf } from '../src/domain/bank.ts';
import { idFrom } from '../src/domain/ids.ts';
import { DEFAULT_POLICY } from '../src/domain/roster.ts';
import type { Agent } from '../src/edge/agent.ts';
import { signEpoch } from '../src/ledger/roster.ts';
import { type Clock, sleep, systemClock } from '../src/platform/clock.ts';
import { systemRandom } from '../src/platform/random.ts';
import {
  bringIntoService,
  newestCodes,
  newSite,
  removeSite,
  startTestAgent,
  type TestSite,
  tell,
} from '../test/bank.ts';
import { BenchBoard } from './board.ts';
import { RawLimit } from './raw-limit.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const SAMPLES = 12;
/** So many that the engine has compiled both sides. */
const WARM_UPS = 6;
const RATIO_MAX = 2;
const COURIER_CODE = '284917';
/** A bank sends so many pulses a minute at most, so its clock is moved a minute between two of them. */
const MINUTE_MS = 61_000;
const DAY_MS = 86_400_000;
const LOOK_MS = 60;
const NO_BYTES = new Uint8Array(16);
const FRESH = {
  session: idFrom('session', NO_BYTES),
  parcel: idFrom('parcel', NO_BYTES),
  grant: idFrom('grant', NO_BYTES),
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
};

export type Bench = {
  site: TestSite;
  agent: Agent;
  board: BenchBoard;
  clock: SkippingClock;
  http: HttpAgent;
};

/** The system's clock, plus what was skipped. Both times move together, so that no step is seen. */
class SkippingClock implements Clock {
  #skippedMs = 0;
  nowMs = () => systemClock.nowMs() + this.#skippedMs;
  monotonicMs = () => systemClock.monotonicMs() + this.#skippedMs;
  after = systemClock.after;
  every = systemClock.every;

  skip(ms: number): void {
    this.#skippedMs += ms;
  }
}

export async function pinToWire(say: (line: string) => void): Promise<Row[]> {
  const bench = await openKiosk(say);
  const raw = await RawLimit.open(bench.site.dir, bench.board);
  try {
    return rowsOf(await measure(['edge', 'raw', 'append'], WARM_UPS, () => round(bench, raw)));
  } finally {
    raw.close();
    await closeKiosk(bench);
  }
}

/** A bank in service with a kiosk that answers. */
export async function openKiosk(say: (line: string) => void): Promise<Bench> {
  const board = await BenchBoard.start();
  const clock = new SkippingClock();
  const site = await newSite();
  const fail = (error: Error) => say(`the agent cannot go on: ${error.message}`);
  const agent = await startTestAgent(site, { serial: board.port, scanner: null }, fail, clock);
  const bench: Bench = { site, agent, board, clock, http: new HttpAgent({ keepAlive: true, maxSockets: 1 }) };
  try {
    await bringIntoService(site, agent, {
      policy: { ...DEFAULT_POLICY, pulsesPerMinute: 60, kioskIdleSeconds: 600, holdDays: 90 },
    });
    await until(() =>
      Object.values(agent.state().compartment).every((compartment) => compartment.door === 'closed'),
    );
    return bench;
  } catch (error) {
    await closeKiosk(bench);
    throw error;
  }
}

export async function closeKiosk({ http, agent, board, site }: Bench): Promise<void> {
  http.destroy();
  await agent.stop();
  await board.stop();
  removeSite(site);
}

async function round(bench: Bench, raw: RawLimit): Promise<Record<'edge' | 'raw' | 'append', number[]>> {
  const taken = { edge: [] as number[], raw: [] as number[], append: [] as number[] };
  const pins = await fill(bench);
  for (const pin of pins) {
    taken.raw.push(await raw.release());
    taken.append.push(raw.append());
    taken.edge.push(await pickUp(bench, pin));
  }
  return taken;
}

/** A courier fills the bank. Answers the codes, of which there are a dozen. */
export async function fill(bench: Bench): Promise<string[]> {
  const { agent, site } = bench;
  // Each round is a day, so that the bank holds the codes of a real one: a few dozen, live and lately spent.
  bench.clock.skip(DAY_MS);
  tell(agent, { v: 1, type: 'epoch', note: newEpoch(bench) });
  agent.dispatch({ type: 'tick', fresh: FRESH });
  await act(bench, { do: 'scan', text: site.courier.badge });
  const first = await act(bench, { do: 'courier-code-new', code: COURIER_CODE, again: COURIER_CODE });
  if (first.show.screen === 'courier-code') await act(bench, { do: 'courier-code', code: COURIER_CODE });
  const pins: string[] = [];
  for (let parcel = 0; parcel < SAMPLES; parcel++) {
    bench.clock.skip(MINUTE_MS / 30);
    await act(bench, { do: 'tracking', text: `TBA${String(parcel).padStart(12, '0')}` });
    await act(bench, { do: 'flat', text: site.resident.flat });
    const { show } = await act(bench, { do: 'size', size: 'S' });
    if (show.screen !== 'drop-off') throw new Error(`no door opened for a parcel: ${JSON.stringify(show)}`);
    await openThenShut(bench, show.door.compartment);
    await act(bench, { do: 'deposited' });
    // The sensors of this board see nothing inside, so the word is asked for twice.
    await act(bench, { do: 'deposited' });
    await agent.settled();
    pins.push((await newestCodes(site, agent)).pin);
    await act(bench, { do: 'next-parcel' });
  }
  await act(bench, { do: 'leave' });
  return pins;
}

function newEpoch({ site, clock }: Bench): string {
  const notBeforeMs = clock.nowMs();
  const epoch = idFrom('epoch', systemRandom.bytes(16));
  const key = base64url(site.epochKey.publicKey);
  return signEpoch(
    { v: 1, tenant: site.tenant, epoch, key, notBeforeMs, notAfterMs: notBeforeMs + 7 * DAY_MS },
    site.notifier,
  );
}

export async function pickUp(bench: Bench, pin: string): Promise<number> {
  bench.clock.skip(MINUTE_MS);
  // A person comes at any phase of the looks at the doors, not at the one where the last sample ended.
  await sleep(systemClock, systemRandom.below(LOOK_MS));
  // The tick that sees the skipped minute must not fall into the measured time.
  bench.agent.dispatch({ type: 'link', up: true });
  const arrived = bench.board.nextUnlock();
  const startMs = performance.now();
  const answered = act(bench, { do: 'pin', pin });
  const { show, message } = await answered;
  if (show.screen !== 'pick-up' || message !== null)
    throw new Error(`the code opened nothing: ${message} ${JSON.stringify(show)}`);
  const ms = (await arrived) - startMs;
  await openThenShut(bench, show.door.compartment);
  await act(bench, { do: 'collected' });
  return ms;
}

async function openThenShut({ agent, board }: Bench, n: number): Promise<void> {
  const place = placeOf(LAYOUT_24, n);
  if (!place) throw new Error(`there is no compartment ${n}`);
  await until(() => agent.state().compartment[n]?.door === 'open');
  board.shut(place.board, place.lock);
  await until(() => agent.state().compartment[n]?.door === 'closed');
}

function act({ agent, http }: Bench, action: KioskAction): Promise<KioskView> {
  const body = JSON.stringify(action);
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-holdfast-app': 'kiosk',
  };
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        agent: http,
        host: '127.0.0.1',
        port: agent.kioskPort,
        path: '/api/actions',
        method: 'POST',
        headers,
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => {
          text += part;
        });
        answer.on('end', () =>
          answer.statusCode === 200 ? resolve(JSON.parse(text) as KioskView) : reject(new Error(text)),
        );
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = systemClock.monotonicMs() + 10_000;
  while (!holds()) {
    if (systemClock.monotonicMs() > endMs) throw new Error(`it did not come true: ${holds}`);
    await sleep(systemClock, 2);
  }
}

function rowsOf(measured: Awaited<ReturnType<typeof measure<'edge' | 'raw' | 'append'>>>): Row[] {
  const { samples, rounds, discarded } = measured;
  const row = (
    name: string,
    of: 'edge' | 'raw' | 'append',
    ratio: number | null,
    bar: number | null,
  ): Row => {
    const value = overRounds(measured, (round) => round[of]);
    const holds = ratio === null || bar === null ? null : rounds.length >= ROUNDS_MIN && ratio <= bar;
    return {
      name,
      value,
      unit: 'ms',
      ratio,
      bar,
      better: 'lower',
      holds,
      median: median(samples[of]),
      p99: quantile(samples[of], 0.99),
      rounds: rounds.length,
      discarded,
    };
  };
  const ratio = overRounds(measured, (round) => round.edge) / overRounds(measured, (round) => round.raw);
  return [
    row('pin-to-wire', 'edge', ratio, RATIO_MAX),
    row('pin-to-wire raw limit', 'raw', null, null),
    row('append and sync', 'append', null, null),
  ];
}

/**
 * From a kill to the first decision: the time from SIGKILL of a bank's process, with some thousand records in
 * its journal and a drop-off under way, until the kiosk of the process started anew has answered the courier's
 * code and shows the same open door again.
 */
import assert from 'node:assert/strict';
import type { KioskAction, KioskView } from '../src/contract/kiosk.ts';
import type { EdgeConfig } from '../src/edge/config.ts';
import { sleep, systemClock } from '../src/platform/clock.ts';
import {
  bringIntoService,
  newSite,
  prepareBank,
  removeSite,
  startTestAgent,
  type TestSite,
} from '../test/bank.ts';
import { EdgeProcess } from '../test/faults/edge-process.ts';
import { BenchBoard } from './board.ts';
import { measure, median, overRounds, quantile, ROUNDS_MIN, type Row } from './rounds.ts';

const SECONDS_MAX = 2;
const RECORDS = 3000;
const COURIER_CODE = '284917';
const OPEN_MS_MAX = 10_000;

export async function recover(say: (line: string) => void): Promise<Row[]> {
  const board = await BenchBoard.start();
  const site = await newSite();
  let edge: EdgeProcess | null = null;
  try {
    say(`recover: writing ${RECORDS} records`);
    const config = await fill(site, board.port, say);
    edge = await EdgeProcess.start(site, config);
    await edge.up();
    await beginDropOff(edge, site);
    const measured = await measure(['recover'], 1, async () => {
      const startMs = performance.now();
      await edge?.kill();
      edge = await EdgeProcess.start(site, config);
      await signIn(edge, site, 'drop-off');
      return { recover: [(performance.now() - startMs) / 1000] };
    });
    const value = overRounds(measured, (round) => round.recover);
    const { samples, rounds, discarded } = measured;
    return [
      {
        name: 'recover',
        value,
        unit: 's',
        ratio: null,
        bar: SECONDS_MAX,
        better: 'lower',
        holds: rounds.length >= ROUNDS_MIN && value <= SECONDS_MAX,
        median: median(samples.recover),
        p99: quantile(samples.recover, 0.99),
        rounds: rounds.length,
        discarded,
      },
    ];
  } finally {
    await edge?.kill();
    await board.stop();
    removeSite(site);
  }
}

/** A bank in service with a courier who has chosen a code, and a journal that has seen some weeks. */
async function fill(site: TestSite, serial: number, say: (line: string) => void): Promise<EdgeConfig> {
  const ports = { serial, scanner: null };
  const agent = await startTestAgent(site, ports, (error) => say(`the agent cannot go on: ${error.message}`));
  await bringIntoService(site, agent);
  await agent.act({ do: 'scan', text: site.courier.badge });
  await agent.act({ do: 'courier-code-new', code: COURIER_CODE, again: COURIER_CODE });
  await agent.settled();
  await agent.act({ do: 'leave' });
  // Signed in and left again: scans that are denied would end at the bank's limit for them.
  while (agent.journal.tip.lastSeq < RECORDS) {
    const before = agent.journal.tip.lastSeq;
    await agent.act({ do: 'scan', text: site.courier.badge });
    await agent.act({ do: 'courier-code', code: COURIER_CODE });
    await agent.settled();
    await agent.act({ do: 'leave' });
    assert.ok(agent.journal.tip.lastSeq > before, 'a sign-in left no record');
  }
  await agent.stop();
  return prepareBank(site, ports);
}

async function act(edge: EdgeProcess, action: KioskAction): Promise<KioskView> {
  const view = await edge.act(action);
  assert.ok(view, `the kiosk did not answer:\n${edge.said}`);
  return view;
}

async function signIn(edge: EdgeProcess, site: TestSite, screen: 'tracking' | 'drop-off'): Promise<void> {
  await edge.up();
  await act(edge, { do: 'scan', text: site.courier.badge });
  const { show } = await act(edge, { do: 'courier-code', code: COURIER_CODE });
  assert.equal(show.screen, screen);
}

async function beginDropOff(edge: EdgeProcess, site: TestSite): Promise<void> {
  // A bank whose boards have not answered yet is closed.
  await untilShown(edge, ({ show }) => show.screen === 'home');
  await signIn(edge, site, 'tracking');
  await act(edge, { do: 'tracking', text: '1Z999AA10123456784' });
  await act(edge, { do: 'flat', text: site.resident.flat });
  await act(edge, { do: 'size', size: 'S' });
  await untilShown(edge, ({ show }) => show.screen === 'drop-off' && show.door.door === 'open');
}

async function untilShown(edge: EdgeProcess, holds: (view: KioskView) => boolean): Promise<void> {
  const endMs = systemClock.monotonicMs() + OPEN_MS_MAX;
  for (;;) {
    const view = await edge.view();
    if (view && holds(view)) return;
    assert.ok(systemClock.monotonicMs() < endMs, `the kiosk shows ${JSON.stringify(view)}`);
    await sleep(systemClock, 10);
  }
}

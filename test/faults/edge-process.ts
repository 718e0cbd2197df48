/**
 * One bank's agent as the process that runs in a cabinet (`holdfast edge`), and what people at its kiosk do
 * over HTTP. A test can kill it, start it again, and look into its journal while it is down.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { KioskAction, KioskView } from '../../src/contract/kiosk.ts';
import { DEFAULT_POLICY } from '../../src/domain/roster.ts';
import type { Agent } from '../../src/edge/agent.ts';
import type { EdgeConfig } from '../../src/edge/config.ts';
import { Journal } from '../../src/edge/journal.ts';
import { openBankKeys } from '../../src/edge/keys.ts';
import type { Kept } from '../../src/edge/plan/state.ts';
import { readSealingKey } from '../../src/edge/sealing-key.ts';
import type { LedgerRecord } from '../../src/ledger/record.ts';
import { sleep, systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { bringIntoService, prepareBank, startTestAgent, type TestSite } from '../bank.ts';
import { checkBank } from '../check-bank.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/holdfast.ts');
const UP_MS_MAX = 60_000;
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);

/** Enough pulses a minute for a test's haste; everything else is as a site has it. */
export const HASTY = { policy: { ...DEFAULT_POLICY, pulsesPerMinute: 60 } };

/** Gives a new bank its roster, epoch and directory, so that its process serves without any cloud. */
export async function readyBank(
  site: TestSite,
  ports: { serial: number; scanner: number | null },
): Promise<EdgeConfig> {
  const agent = await startTestAgent(site, ports, (error) => assert.fail(error));
  await bringIntoService(site, agent, HASTY);
  await agent.stop();
  return prepareBank(site, ports);
}

export type Ended = { status: number | null; signal: string | null };

export class EdgeProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly ended: Promise<Ended>;
  isOver = false;
  said = '';

  /** `under`: a program with its arguments that runs the process, strace for one. Resolves before it serves. */
  static async start(
    site: TestSite,
    config: EdgeConfig,
    under: readonly string[] = [],
  ): Promise<EdgeProcess> {
    const port = await freePort();
    const path = join(site.dir, 'edge.json');
    writeFileSync(path, JSON.stringify({ ...config, kiosk: { ...config.kiosk, port } }));
    const [command = '', ...args] = [
      ...under,
      process.execPath,
      ...preloads,
      PROGRAM,
      'edge',
      '--config',
      path,
    ];
    // A group of its own, so that the process dies together with what runs it.
    return new EdgeProcess(
      port,
      spawn(command, args, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] }),
    );
  }

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
    child.stderr?.on('data', (bytes: Buffer) => {
      this.said += bytes.toString('utf8');
    });
    this.ended = once(child, 'close').then(([status, signal]) => {
      this.isOver = true;
      return { status, signal };
    });
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<Ended> {
    if (!this.isOver && this.#child.pid !== undefined) process.kill(-this.#child.pid, signal);
    return this.ended;
  }

  /** Waits until the kiosk answers. */
  async up(): Promise<KioskView> {
    const endMs = systemClock.monotonicMs() + UP_MS_MAX;
    for (;;) {
      const view = await this.view();
      if (view) return view;
      assert.ok(!this.isOver, `the process ended:\n${this.said}`);
      assert.ok(systemClock.monotonicMs() < endMs, `the kiosk does not answer:\n${this.said}`);
      await sleep(systemClock, 10);
    }
  }

  /** What the kiosk shows; undefined when nobody answers any more. */
  view(): Promise<KioskView | undefined> {
    return this.#ask('/api/view', { method: 'GET' });
  }

  /** What the kiosk answered; undefined when no whole answer came: then nobody was promised anything. */
  act(action: KioskAction): Promise<KioskView | undefined> {
    return this.#ask('/api/actions', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-holdfast-app': 'kiosk' },
      body: JSON.stringify(action),
    });
  }

  async #ask(path: string, init: RequestInit): Promise<KioskView | undefined> {
    try {
      const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, init);
      return answer.ok ? ((await answer.json()) as KioskView) : undefined;
    } catch {
      // Refused, reset, or cut off in the middle of its answer: the process is going, gone, or not there yet.
      return undefined;
    }
  }
}

/** Looks into the journal of a bank whose process is down, and re-verifies the bank from its records. */
export async function inspect<T>(
  site: TestSite,
  config: EdgeConfig,
  look: (of: { journal: Journal; kept: Kept; records: LedgerRecord[] }) => Promise<T> | T,
): Promise<T> {
  const { dataDir } = config;
  const sealingKey = readSealingKey({ source: config.sealingKey, dataDir });
  const { storage } = await openBankKeys({ dataDir, bank: site.bank, sealingKey, log: silentLog });
  const journal = new Journal({
    dataDir: config.dataDir,
    bank: site.bank,
    storageKey: storage,
    random: systemRandom,
  });
  try {
    const kept = journal.readState();
    const records = checkBank({
      journal,
      state: () => ({ compartment: kept.compartment }),
    } as unknown as Agent);
    return await look({ journal, kept, records });
  } finally {
    journal.close();
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

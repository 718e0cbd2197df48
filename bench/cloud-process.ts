/**
 * A cloud in a process of its own, as it is beside an agent: what it does must not stand in the agent's way by
 * sharing its thread. `CloudProcess` is this side, the end of the file the other.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { goesLater } from '../src/up/priority.ts';
import { type BenchBank, BenchCloud } from './cloud.ts';
import { CONNECTIONS, ingestRate, type Prepared, prepare } from './ingest.ts';

type Ask =
  | { ask: 'enrol'; banks: number }
  /** Makes what the banks have queued, and what the rate is compared with. */
  | { ask: 'prepare'; queued: number }
  | { ask: 'ingest' }
  /** All banks return at once. */
  | { ask: 'drain' }
  | { ask: 'close' };
type Told = { rate: number };

const MARK = 'a cloud to be measured';

export class CloudProcess {
  readonly #child: ChildProcess;

  static async start(): Promise<CloudProcess> {
    const process = new CloudProcess(fork(import.meta.filename, [MARK]));
    await process.#answer();
    return process;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  async ask(ask: Ask): Promise<number> {
    this.#child.send(ask);
    return (await this.#answer()).rate;
  }

  async #answer(): Promise<Told> {
    const ended = new AbortController();
    const died = once(this.#child, 'exit', { signal: ended.signal }).then(([code]) => {
      throw new Error(`the cloud to be measured ended with ${code}`);
    });
    try {
      const [told] = await Promise.race([once(this.#child, 'message', { signal: ended.signal }), died]);
      return told as Told;
    } finally {
      ended.abort();
      died.catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.send({ ask: 'close' } satisfies Ask);
    await gone;
  }
}

class Asked {
  readonly #cloud: BenchCloud;
  #banks: BenchBank[] = [];
  #few: BenchBank[] = [];
  #queued: Prepared[][] = [];
  #plain: Prepared[][] = [];

  constructor(cloud: BenchCloud) {
    this.#cloud = cloud;
  }

  async do(ask: Ask): Promise<number> {
    switch (ask.ask) {
      case 'enrol':
        for (let n = 0; n < ask.banks; n++) this.#banks.push(await this.#cloud.newBank(n + 1));
        for (let n = 0; n < CONNECTIONS; n++) this.#few.push(await this.#cloud.newBank(1_000 + n));
        return 0;
      case 'prepare':
        this.#queued = await prepare(this.#banks, { batches: 1, records: ask.queued, wishes: false });
        this.#plain = await prepare(this.#few, { batches: 3, wishes: false });
        return 0;
      case 'ingest':
        return ingestRate(this.#cloud, this.#plain);
      case 'drain': {
        const rate = await ingestRate(this.#cloud, this.#queued);
        await this.#cloud.check(this.#banks);
        return rate;
      }
      case 'close':
        await this.#cloud.close();
        // Nobody is asked any more, and so this process ends.
        process.disconnect();
        return 0;
    }
  }
}

if (process.argv[2] === MARK) {
  // As `up` starts its cloud.
  goesLater(process.pid);
  const asked = new Asked(await BenchCloud.open());
  process.on('message', async (ask: Ask) => {
    const rate = await asked.do(ask);
    if (process.connected) process.send?.({ rate } satisfies Told);
  });
  process.send?.({ rate: 0 } satisfies Told);
}

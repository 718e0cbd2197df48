/**
 * Leases: which of the cloud processes serves which bank. MQTT 3.1.1 has no shared subscriptions, so two
 * processes on one topic would both do all the work, and their answers would cross. At any time one process
 * listens to a bank, answers it and tells it things; the banks are spread evenly over the processes that live.
 *
 * A process says every two seconds, in one row, that it lives; the database's clock counts. One that stays
 * silent is struck out, and the others take its banks. Nothing hangs on a session of the database, so a pool
 * between may change connections as it likes, and a restart of the database changes nothing.
 *
 * A process that was paused believes in leases that are long gone. So whatever changes something for a bank
 * locks the lease's row first, and finds out there (`fence`); and nothing is sent when this process has not
 * renewed in time by its own steady clock (`holds`), which goes on while it is paused.
 *
 * Correctness never rests on a lease: the chain check in the transaction that takes a batch is the truth.
 */
import { base64url } from '../../crypto/bytes.ts';
import type { BankId } from '../../domain/ids.ts';
import type { Cancel } from '../../platform/clock.ts';
import { notify, type Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Noun } from '../noun.ts';
import { migrations } from './migrations.ts';
import * as store from './store.ts';

const LEASE_MS = 8_000;
const RENEW_MS = 2_000;
/** Before the database says that a lease is over, its holder has stopped sending: a message takes its time. */
const MARGIN_MS = 2_000;
const CHANNEL = 'holdfast_leases';

/** What the intake asks. */
export type LeaseView = {
  /** True while messages of this bank are for this process. */
  accepts(bank: string): boolean;
  /** True while this process may still answer this bank. */
  holds(bank: string): boolean;
  /** In the transaction that acts: true when the lease is still ours, and it is until that transaction ends. */
  fence(tx: Tx, bank: BankId): Promise<boolean>;
};

export type LeasesDeps = {
  cloud: Pick<Cloud, 'clock' | 'database' | 'log' | 'random'>;
  /** This process runs a broker of its own. */
  embedded: boolean;
  /** True while this process reaches the broker. */
  reachesBroker(): boolean;
  /** The names in which this process locks jobs. */
  workers(): readonly string[];
  /** These banks are ours now, or again after a time of which we know nothing. */
  onTaken(banks: readonly BankId[]): void;
  /** Stops to hear these banks; answers when what was heard has been dealt with. */
  onLeaving(banks: readonly BankId[]): Promise<void>;
};

type Held = { term: number; leaving: boolean };

export class Leases implements LeaseView {
  readonly #deps: LeasesDeps;
  readonly #process: string;
  readonly #held = new Map<string, Held>();
  #born = 0;
  #goodUntilMs = 0;
  #ticking: Promise<void> | null = null;
  #tickAgain = false;
  #stopped = false;
  readonly #leaving = new Set<Promise<void>>();
  #cancels: Cancel[] = [];

  constructor(deps: LeasesDeps) {
    this.#deps = deps;
    this.#process = base64url(deps.cloud.random.bytes(12));
  }

  async start(): Promise<void> {
    const { clock, database } = this.#deps.cloud;
    this.#born = await database.estate(async (tx) => {
      const born = await store.nextBirth(tx);
      if (this.#deps.embedded) await store.freeJobs(tx, await store.buryEmbedded(tx));
      return born;
    });
    const heard = await database.listen(CHANNEL, (from) => {
      if (from !== this.#process) this.poke();
    });
    this.#cancels = [heard, clock.every(RENEW_MS, () => this.poke())];
    this.poke();
  }

  /** The number of banks that this process serves. */
  get count(): number {
    return this.#isGood ? this.#held.size : 0;
  }

  get banks(): BankId[] {
    return [...this.#held.keys()] as BankId[];
  }

  accepts(bank: string): boolean {
    return this.holds(bank) && this.#held.get(bank)?.leaving === false;
  }

  holds(bank: string): boolean {
    return this.#isGood && this.#held.has(bank);
  }

  get #isGood(): boolean {
    return this.#deps.cloud.clock.monotonicMs() < this.#goodUntilMs;
  }

  async fence(tx: Tx, bank: BankId): Promise<boolean> {
    const held = this.#held.get(bank);
    return held !== undefined && (await store.lock(tx, { process: this.#process, bank, term: held.term }));
  }

  /** Looks at once, for something has changed. One look at a time. */
  poke(): void {
    if (this.#stopped) return;
    if (this.#ticking) {
      this.#tickAgain = true;
      return;
    }
    this.#ticking = this.#tick()
      .catch((error: Error) =>
        this.#deps.cloud.log.warn('leases were not renewed', { error: error.name, message: error.message }),
      )
      .then(() => {
        this.#ticking = null;
        if (this.#tickAgain) {
          this.#tickAgain = false;
          this.poke();
        }
      });
  }

  /** Serves no bank any more, and lets the others have them at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    await this.#ticking;
    await Promise.all(this.#leaving);
    const banks = [...this.#held.keys()] as BankId[];
    for (const held of this.#held.values()) held.leaving = true;
    await this.#deps.onLeaving(banks);
    this.#held.clear();
    try {
      await this.#deps.cloud.database.estate(async (tx) => {
        await store.leave(tx, this.#process);
        await notify(tx, CHANNEL, this.#process);
      });
    } catch (error) {
      // Then they run out by themselves.
      this.#deps.cloud.log.warn('leases were not given back', { error: (error as Error).name });
    }
  }

  async #tick(): Promise<void> {
    const { cloud } = this.#deps;
    const askedMs = cloud.clock.monotonicMs();
    const wasGood = this.#isGood;
    const { found, serving } = await cloud.database.estate((tx) => this.#renew(tx));
    this.#goodUntilMs = askedMs + LEASE_MS - MARGIN_MS;
    const changed = this.#adopt(found.mine, wasGood);
    if (changed.lost.length > 0) {
      cloud.log.warn('banks are served by another process now', { banks: changed.lost.length });
      // What we still have of them fails at the fence; there is nothing to wait for.
      void this.#deps.onLeaving(changed.lost);
    }
    const quota = serving
      ? quotaOf({ banks: found.banks, processes: found.serving, process: this.#process })
      : 0;
    const staying = [...this.#held].filter(([, held]) => !held.leaving).map(([bank]) => bank as BankId);
    if (staying.length > quota) this.#giveUp(staying.slice(quota));
    const room = quota - this.#held.size;
    const taken = room > 0 ? await this.#take(room) : [];
    const fresh = [...changed.again, ...taken];
    if (fresh.length > 0) this.#deps.onTaken(fresh);
  }

  async #renew(tx: Tx): Promise<{ found: store.Standing; serving: boolean }> {
    const process = this.#process;
    const serving = await store.renew(tx, {
      process,
      born: this.#born,
      serving: this.#deps.reachesBroker(),
      embedded: this.#deps.embedded,
      workers: this.#deps.workers(),
      leaseMs: LEASE_MS,
    });
    await store.freeJobs(tx, await store.buryOthers(tx, { process, leaseMs: LEASE_MS }));
    return { found: await store.standing(tx, process), serving };
  }

  /** Makes what the database says what we believe. What we did not renew in time counts as newly taken. */
  #adopt(mine: readonly store.Lease[], wasGood: boolean): { lost: BankId[]; again: BankId[] } {
    const terms = new Map(mine.map(({ bank, term }) => [bank as string, term]));
    const lost: BankId[] = [];
    const again: BankId[] = [];
    for (const [bank, held] of this.#held) {
      if (held.leaving) continue;
      if (terms.get(bank) !== held.term) {
        this.#held.delete(bank);
        lost.push(bank as BankId);
      } else if (!wasGood) again.push(bank as BankId);
    }
    // Ours without our knowing: the connection broke over the answer.
    for (const { bank, term } of mine) {
      if (this.#held.has(bank)) continue;
      this.#held.set(bank, { term, leaving: false });
      again.push(bank);
    }
    return { lost, again };
  }

  async #take(count: number): Promise<BankId[]> {
    const { cloud } = this.#deps;
    const taken = await cloud.database.estate((tx) => store.take(tx, { process: this.#process, count }));
    for (const { bank, term } of taken) this.#held.set(bank, { term, leaving: false });
    if (taken.length > 0) cloud.log.info('banks taken', { banks: taken.length, held: this.#held.size });
    return taken.map(({ bank }) => bank);
  }

  /** Others have fewer: these banks are theirs, once what we have heard of them is dealt with. */
  #giveUp(banks: readonly BankId[]): void {
    for (const bank of banks) {
      const held = this.#held.get(bank);
      if (held) held.leaving = true;
    }
    const leaving = this.#release(banks)
      .catch((error: Error) =>
        this.#deps.cloud.log.warn('banks were not given up; tried again', { error: error.name }),
      )
      .then(() => {
        for (const bank of banks) this.#held.delete(bank);
        this.#leaving.delete(leaving);
      });
    this.#leaving.add(leaving);
  }

  async #release(banks: readonly BankId[]): Promise<void> {
    await this.#deps.onLeaving(banks);
    await this.#deps.cloud.database.estate(async (tx) => {
      await store.release(tx, { process: this.#process, banks });
      await notify(tx, CHANNEL, this.#process);
    });
    this.#deps.cloud.log.info('banks given up', { banks: banks.length });
  }
}

/** How many banks are a process's: all shares differ by one at most, and together they are all banks. */
export function quotaOf(of: { banks: number; processes: readonly string[]; process: string }): number {
  const { banks, processes } = of;
  const at = [...processes].sort().indexOf(of.process);
  if (at < 0) return 0;
  const rest = banks % processes.length;
  return Math.floor(banks / processes.length) + (at < rest ? 1 : 0);
}

/** There is another bank: somebody has to serve it before it first speaks. */
export async function bankAdded(tx: Tx): Promise<void> {
  await notify(tx, CHANNEL, '');
}

const FREE_JOBS = 'leases.free-jobs';
const ORPHANED_MS = 300_000;

export const leases: Noun = {
  migrations,
  jobs: {
    [FREE_JOBS]: (cloud) => cloud.database.estate((tx) => store.freeOrphanedJobs(tx, ORPHANED_MS)),
  },
  schedule: [{ job: FREE_JOBS, cron: '*/5 * * * *' }],
};

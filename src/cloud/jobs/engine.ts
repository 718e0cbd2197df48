/**
 * Keeps the engine of the jobs going. It gives up when it could not note how a job ended, which says so; and, as
 * fifty sudden ends of a database have shown, it may wait for ever within its own end, or its beginning, which
 * says nothing. So it is listened to: an engine that was not heard for longer than its work explains is left
 * alone, and another is begun. What the one before had locked is given back; a job is tried again, and finds
 * what was done already.
 */
import type { Clock } from '../../platform/clock.ts';
import type { Log } from '../../platform/log.ts';

export type Engine = { promise: Promise<unknown>; stop(): Promise<unknown> };

/** What an engine tells of itself. Its workers ask for a job every second while they have none. */
export type Life = { asked(): void; began(): void; ended(): void };

export type Keeping = {
  clock: Clock;
  log: Log;
  begin(life: Life): Promise<Engine>;
  /** Gives back what the engines of this process have locked. */
  unlock(): Promise<unknown>;
};

export const AGAIN_MS = 1_000;
export const SILENT_MS_MAX = 30_000;
/** No job of ours takes so long: each of its calls has its own, shorter patience. */
export const BUSY_MS_MAX = 300_000;
const LOOK_MS = 5_000;

/** Begins the first engine, which has to succeed, and keeps one going until stopped. */
export async function keepEngine(of: Keeping): Promise<{ stop(): Promise<void> }> {
  const kept = new KeptEngine(of);
  await kept.start();
  return kept;
}

class Pulse implements Life {
  readonly #clock: Clock;
  #heardMs: number;
  #active = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#heardMs = clock.monotonicMs();
  }

  asked(): void {
    this.#heardMs = this.#clock.monotonicMs();
  }

  began(): void {
    this.#active += 1;
    this.asked();
  }

  ended(): void {
    this.#active -= 1;
    this.asked();
  }

  get isLost(): boolean {
    const silentMs = this.#clock.monotonicMs() - this.#heardMs;
    return silentMs > (this.#active > 0 ? BUSY_MS_MAX : SILENT_MS_MAX);
  }
}

class KeptEngine {
  readonly #of: Keeping;
  readonly #cancels: (() => void)[] = [];
  /** The newest beginning. What an older one comes to is nobody's. */
  #pulse: Pulse;
  #engine: Engine | undefined;
  #stopped = false;

  constructor(of: Keeping) {
    this.#of = of;
    this.#pulse = new Pulse(of.clock);
  }

  async start(): Promise<void> {
    this.#take(this.#pulse, await this.#of.begin(this.#pulse));
    this.#cancels.push(this.#of.clock.every(LOOK_MS, () => this.#look()));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#cancels) cancel();
    // One that has ended by itself refuses to be stopped, and that is as good.
    await this.#engine?.stop().catch(() => undefined);
  }

  #look(): void {
    if (!this.#pulse.isLost) return;
    this.#of.log.error('the job engine says nothing; another is begun');
    void this.#engine?.stop().catch(() => undefined);
    this.#again(this.#pulse);
  }

  #again(after: Pulse): void {
    if (this.#stopped || this.#pulse !== after) return;
    const pulse = new Pulse(this.#of.clock);
    this.#pulse = pulse;
    this.#engine = undefined;
    this.#cancels.push(this.#of.clock.after(AGAIN_MS, () => void this.#begin(pulse)));
  }

  async #begin(pulse: Pulse): Promise<void> {
    try {
      await this.#of.unlock();
      this.#take(pulse, await this.#of.begin(pulse));
    } catch {
      // The database is away, or is again: what follows is the same.
      this.#giveUp(pulse);
    }
  }

  #take(pulse: Pulse, engine: Engine): void {
    if (this.#stopped || this.#pulse !== pulse) {
      void engine.stop().catch(() => undefined);
      return;
    }
    this.#engine = engine;
    const ended = () => this.#giveUp(pulse);
    engine.promise.then(ended, ended);
  }

  #giveUp(pulse: Pulse): void {
    if (this.#stopped || this.#pulse !== pulse) return;
    this.#of.log.warn('the job engine gave up; it is begun anew');
    this.#again(pulse);
  }
}

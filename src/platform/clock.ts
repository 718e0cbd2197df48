/**
 * The one clock. Nothing else in the house reads `Date.now`, `performance.now` or sets a timer of its
 * own; what needs time takes a `Clock`, so that a test can hand it seven days in a millisecond.
 */

export type Cancel = () => void;

export type Clock = {
  /** Milliseconds since the Unix epoch, as this machine believes. It may step. */
  nowMs(): number;
  /** Milliseconds since an arbitrary moment; never steps, never runs backwards, restarts at boot. */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`. The process may exit while it waits. */
  after(delayMs: number, run: () => void): Cancel;
  /** Calls `run` every `periodMs` until cancelled. The process may exit while it waits. */
  every(periodMs: number, run: () => void): Cancel;
};

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** Resolves after `delayMs` of `clock`'s time. */
export function sleep(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (clock !== systemClock) {
      clock.after(delayMs, resolve);
      return;
    }
    // A sleeper keeps the process alive, unlike a background timer.
    setTimeout(resolve, delayMs);
  });
}

/** Lets what else waits in this process have its turn; no time has to pass for it, so it takes no clock. */
export function breath(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A clock that a test moves by hand. Timers run in order of their time, during `advance`. */
export class ManualClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  #timers: { atMs: number; periodMs: number | null; run: () => void }[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#add(delayMs, null, run);
  }

  every(periodMs: number, run: () => void): Cancel {
    return this.#add(periodMs, periodMs, run);
  }

  /** Steps the wall clock only, as a wrong time server or a hand would. */
  step(byMs: number): void {
    this.#nowMs += byMs;
  }

  advance(byMs: number): void {
    const endMs = this.#monotonicMs + byMs;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#nowMs += due.atMs - this.#monotonicMs;
      this.#monotonicMs = due.atMs;
      if (due.periodMs === null) this.#timers = this.#timers.filter((timer) => timer !== due);
      else due.atMs += due.periodMs;
      due.run();
    }
    this.#nowMs += endMs - this.#monotonicMs;
    this.#monotonicMs = endMs;
  }

  #add(delayMs: number, periodMs: number | null, run: () => void): Cancel {
    const timer = { atMs: this.#monotonicMs + delayMs, periodMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
}

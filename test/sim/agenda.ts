/** Virtual time: what happens next, in order of its moment, and in the order of asking within one. */
import type { Cancel, Clock } from '../../src/platform/clock.ts';

type Entry = { atMs: number; order: number; run: (() => void) | null };

export class Agenda {
  nowMs: number;
  /** A promise was settled or may have been: what waits for it runs before the next entry. */
  restless = false;
  #order = 0;
  readonly #heap: Entry[] = [];

  constructor(startMs: number) {
    this.nowMs = startMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const entry: Entry = { atMs: this.nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#push(entry);
    return () => {
      entry.run = null;
    };
  }

  /** Runs the next entry that nobody cancelled; false when there is none before `untilMs`. */
  step(untilMs: number): boolean {
    for (;;) {
      const first = this.#heap[0];
      if (!first || first.atMs > untilMs) return false;
      this.#pop();
      if (first.run === null) continue;
      this.nowMs = first.atMs;
      first.run();
      return true;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as Entry;
      if (before(other, entry)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && before(heap[below + 1] as Entry, heap[below] as Entry)) below++;
      if (before(last, heap[below] as Entry)) break;
      heap[at] = heap[below] as Entry;
      at = below;
    }
    heap[at] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/**
 * The two clocks of one machine. The monotonic one begins anew at each boot; the wall clock is off by what
 * faults made of it. Timers die with the process that set them.
 */
export class MachineClock implements Clock {
  /** Wall clock minus true time. */
  offMs = 0;
  #bootMs: number;
  #life = 0;
  readonly #agenda: Agenda;

  constructor(agenda: Agenda) {
    this.#agenda = agenda;
    this.#bootMs = agenda.nowMs;
  }

  boot(): void {
    this.#life++;
    this.#bootMs = this.#agenda.nowMs - 5;
  }

  /** The process ended: none of its timers will run. */
  die(): void {
    this.#life++;
  }

  nowMs(): number {
    return this.#agenda.nowMs + this.offMs;
  }

  monotonicMs(): number {
    return this.#agenda.nowMs - this.#bootMs;
  }

  after(delayMs: number, run: () => void): Cancel {
    const life = this.#life;
    return this.#agenda.after(delayMs, () => {
      if (life === this.#life) run();
    });
  }

  every(periodMs: number, run: () => void): Cancel {
    let cancel: Cancel = () => {};
    const again = () => {
      cancel = this.after(periodMs, () => {
        run();
        again();
      });
    };
    again();
    return () => cancel();
  }
}

/**
 * What one board senses, lock by lock. A changed state is believed when as many looks in a row agree on it
 * as the profile asks for: no family's check finds every fault of the wire, and one wrong frame must not
 * force a door in the records.
 */
import type { BoardStatus, Locks } from './lockboard.ts';

type Lock = { believed: number | null; seen: number | null; times: number };

export class SensedLocks {
  readonly #confirmLooks: number;
  readonly #locks: Lock[];

  constructor(of: { locks: number; confirmLooks: number }) {
    this.#confirmLooks = of.confirmLooks;
    this.#locks = Array.from({ length: of.locks }, () => ({ believed: null, seen: null, times: 0 }));
  }

  /** Answers what is believed after this look, and whether a further look would settle something. */
  take(locks: Locks): { status: Omit<BoardStatus, 'board'>; settled: boolean } {
    let settled = true;
    this.#locks.forEach((lock, n) => {
      const now = Number(locks.closed[n] ?? false) + 2 * Number(locks.occupied?.[n] ?? false);
      lock.times = now === lock.seen ? lock.times + 1 : 1;
      lock.seen = now;
      if (lock.times >= this.#confirmLooks) lock.believed = now;
      if (lock.believed !== now) settled = false;
    });
    const bit = (mask: number) =>
      this.#locks.map(({ believed }) => (believed === null ? null : (believed & mask) !== 0));
    return { status: { closed: bit(1), occupied: locks.occupied === null ? null : bit(2) }, settled };
  }
}

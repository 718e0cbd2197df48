/** How often, and after which pauses, what crashed is started again before it is left down. */
import type { Clock } from '../platform/clock.ts';

/** Before each start; what crashes once more within the window stays down. */
const PAUSES_MS = [0, 1_000, 2_000, 4_000, 8_000];
const CRASH_WINDOW_MS = 60_000;

export class Patience {
  readonly #clock: Clock;
  #crashes: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a crash. Without a pause there is no further start. */
  after(): { pauseMs: number | undefined; crashes: number } {
    const nowMs = this.#clock.monotonicMs();
    this.#crashes = [...this.#crashes.filter((atMs) => nowMs - atMs < CRASH_WINDOW_MS), nowMs];
    const crashes = this.#crashes.length;
    return { pauseMs: PAUSES_MS[crashes - 1], crashes };
  }
}

/**
 * Answers that come on a beat. What a sign-in does for a known address takes a little longer than for an
 * unknown one (a row lock, a record); waiting for the next beat hides how long it took.
 */
import { type Clock, sleep } from '../../platform/clock.ts';

const BEAT_MS = 250;

/** Runs `work` and settles, in success and failure alike, on a whole number of beats after the call. */
export async function onBeat<T>(clock: Clock, work: () => Promise<T>): Promise<T> {
  const startedMs = clock.monotonicMs();
  try {
    return await work();
  } finally {
    const tookMs = clock.monotonicMs() - startedMs;
    await sleep(clock, Math.max(1, Math.ceil(tookMs / BEAT_MS)) * BEAT_MS - tookMs);
  }
}

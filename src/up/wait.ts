/** Waiting for something that another process does, with a bound and a sentence when it is not done. */
import { HoldfastError } from '../domain/errors.ts';
import { type Clock, sleep } from '../platform/clock.ts';

const LOOK_MS = 60;

/** A question that throws counts as "not yet": the process asked may still be starting. */
export async function waitFor(of: {
  clock: Clock;
  what: string;
  msMax: number;
  holds: () => Promise<boolean>;
  /** Ends the waiting before its time. */
  signal?: AbortSignal | undefined;
}): Promise<void> {
  const endMs = of.clock.monotonicMs() + of.msMax;
  let last: unknown;
  while (of.clock.monotonicMs() < endMs) {
    try {
      // The process asked may hang, and an answer that never comes is not waited for either.
      if (await unlessAborted(of.holds(), of.signal)) return;
    } catch (error) {
      of.signal?.throwIfAborted();
      last = error;
    }
    await sleep(of.clock, LOOK_MS);
  }
  throw new HoldfastError('unavailable', `waited ${of.msMax / 1000} s for ${of.what}`, { cause: last });
}

/** What `work` answers; throws the signal's reason as soon as it is given, while the work goes on by itself. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

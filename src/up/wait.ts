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
}): Promise<void> {
  const endMs = of.clock.monotonicMs() + of.msMax;
  let last: unknown;
  while (of.clock.monotonicMs() < endMs) {
    try {
      if (await of.holds()) return;
    } catch (error) {
      last = error;
    }
    await sleep(of.clock, LOOK_MS);
  }
  throw new HoldfastError('unavailable', `waited ${of.msMax / 1000} s for ${of.what}`, { cause: last });
}

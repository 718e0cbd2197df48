/**
 * How a cloud process stops: readiness says no first, then each part takes nothing more and finishes what it
 * has begun, in an order in which nothing loses what it stands on. All of it within a bounded time: what is not
 * done by then is named and cut off. That loses no effect, because each is one transaction, and a job that is
 * cut off goes back to the queue.
 */
import { HoldfastError } from '../domain/errors.ts';
import { type Clock, sleep } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import { traceOf } from './http/http.ts';

export type Part = {
  name: string;
  /** Takes nothing more, and resolves once what had begun is finished. */
  stop(): Promise<void>;
  /** Gives up what is not finished. A part without it holds nothing that outlives the process. */
  cut?(): Promise<void>;
};

export type Stopping = { clock: Clock; log: Log; finishMsMax: number };

/** Cutting off is itself a few statements; a database that is gone must not hold the process. */
const CUT_MS_MAX = 3_000;
/** A part whose turn comes late gets this long to put down what is idle. */
const GRACE_MS = 500;

/**
 * Stops the parts in this order, whatever becomes of each: a fault in one is no reason for another to leave its
 * batch, its leases or its jobs as they are. Throws the first fault, or the names of those that were cut off.
 */
export async function stopParts(
  parts: readonly Part[],
  { clock, log, finishMsMax }: Stopping,
): Promise<void> {
  const endMs = clock.monotonicMs() + finishMsMax;
  const late: string[] = [];
  const faults: unknown[] = [];
  for (const part of parts) {
    const leftMs = Math.max(GRACE_MS, endMs - clock.monotonicMs());
    try {
      if (await isDoneWithin(clock, part.stop(), leftMs)) continue;
      late.push(part.name);
      log.error('a part did not finish in time and is cut off', { part: part.name });
      if (part.cut) await isDoneWithin(clock, part.cut(), CUT_MS_MAX);
    } catch (fault) {
      faults.push(fault);
      log.error('a part broke while it stopped', { part: part.name, ...traceOf(fault) });
    }
  }
  if (faults.length > 0) throw faults[0];
  if (late.length > 0)
    throw new HoldfastError('unavailable', `Stopped before this was finished: ${late.join(', ')}.`);
}

/** A fault of a part that is already given up has nobody to tell; one in time is thrown. */
async function isDoneWithin(clock: Clock, work: Promise<void>, msMax: number): Promise<boolean> {
  work.catch(() => undefined);
  return await Promise.race([work.then(() => true), sleep(clock, msMax).then(() => false)]);
}

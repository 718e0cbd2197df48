/**
 * When a session ends, and whether that has to be said now: at least two minutes before, so that there is time to go on
 * or to save (WCAG 2.2, success criterion 2.2.1). Only the server knows: a page beside this one may have used the
 * session, or nobody has. Pure.
 */
import type { z } from 'zod';
import type { sessionLeft } from '../../../src/contract/http/common.ts';

const MINUTE_MS = 60_000;

export type Left = z.infer<typeof sessionLeft>;
/** `askedAtMs`: when that was true. */
type Told = { left: Left; askedAtMs: number };

export type Ending = { by: 'idle' | 'age'; atMs: number };

/** One is mended by a press. Before the other, something has to be finished and saved. */
const WARN_MS = { idle: 3 * MINUTE_MS, age: 10 * MINUTE_MS };
/** It is asked a little before it would be said, as somebody may have used the session meanwhile. */
const AHEAD_MS = 30_000;
const AGAIN_MS = 20_000;
/** While somebody is there and only types, the server hears of them this often. */
const ATTENDED_MS = 5 * MINUTE_MS;

export function endingOf({ left, askedAtMs }: Told, nowMs: number): Ending | null {
  const [idleAtMs, ageAtMs] = [askedAtMs + left.idleLeftMs, askedAtMs + left.ageLeftMs];
  if (idleAtMs < ageAtMs && idleAtMs - nowMs <= WARN_MS.idle) return { by: 'idle', atMs: idleAtMs };
  return ageAtMs - nowMs <= WARN_MS.age ? { by: 'age', atMs: ageAtMs } : null;
}

export type Asked = { told: Told | undefined; triedAtMs: number; isAttended: boolean };

/** Whether the page asks now. What it asks while somebody is at it is a use of the session, like any other. */
export function isToBeAsked({ told, triedAtMs, isAttended }: Asked, nowMs: number): boolean {
  const sinceMs = nowMs - triedAtMs;
  if (isAttended && sinceMs >= ATTENDED_MS) return true;
  if (!told || sinceMs < AGAIN_MS) return false;
  const { left, askedAtMs } = told;
  return (
    nowMs >= askedAtMs + left.idleLeftMs - WARN_MS.idle - AHEAD_MS || nowMs >= askedAtMs + left.ageLeftMs
  );
}

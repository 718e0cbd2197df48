/**
 * Scans that were denied, in one ten minutes: each costs records, so a scanner that is fed without end would
 * fill the disk and the ledger. Beyond any person's patience a scan is not looked at until the time is over.
 */
import type { Draft } from './draft.ts';

const SPAN_MS = 10 * 60_000;
export const DENIED_SCANS_MAX = 120;

export function isFlooded(draft: Draft): boolean {
  const { sinceMs, count } = draft.state.volatile.denied;
  return count >= DENIED_SCANS_MAX && draft.moment.monotonicMs - sinceMs < SPAN_MS;
}

/** Counts what this event had denied, whichever scan it was an answer to. */
export function countDenied(draft: Draft): void {
  const denied = draft.records.filter(
    ({ kind, decision }) => kind === 'attempt.decided' && decision?.allow === false,
  ).length;
  if (denied === 0) return;
  const { monotonicMs } = draft.moment;
  const { sinceMs, count } = draft.state.volatile.denied;
  const isNew = monotonicMs - sinceMs >= SPAN_MS;
  draft.volatile({
    denied: { sinceMs: isNew ? monotonicMs : sinceMs, count: (isNew ? 0 : count) + denied },
  });
}

/** Whether what a page shows is true now, or was true at a moment that has to be said. Pure. */
export type Dated = { dataUpdatedAt: number; isKnown: boolean; isUnanswered: boolean };

/** Pages ask again every half a minute; after three times that, what they show is not "now" any more. */
const CURRENT_MS = 90_000;

/** The moment of the oldest thing shown, or null while all of it is current. */
export function asOfMs(shown: readonly Dated[], now: { online: boolean; nowMs: number }): number | null {
  const known = shown.filter(({ isKnown }) => isKnown);
  const [first, ...rest] = known.map(({ dataUpdatedAt }) => dataUpdatedAt);
  if (first === undefined) return null;
  const oldest = Math.min(first, ...rest);
  const isCurrent =
    now.online && known.every(({ isUnanswered }) => !isUnanswered) && now.nowMs - oldest < CURRENT_MS;
  return isCurrent ? null : oldest;
}

/** The first moment of the day that it is on this phone. */
export function dayBeganMs(nowMs: number): number {
  return new Date(nowMs).setHours(0, 0, 0, 0);
}

/**
 * A scanner that poses as a keyboard ("keyboard wedge") types a code within milliseconds and ends it
 * with Enter; fingers leave several times as long between keys. The gaps tell them apart, wherever the
 * focus is. Until the Enter comes, a scan's characters also count as typed: whoever fills a field from
 * them clears it again when the scan is complete.
 */
export type Wedge = { burst: string; lastAtMs: number };

export type Heard = { is: 'typed'; text: string } | { is: 'enter' } | { is: 'scan'; text: string };

export const WEDGE_START: Wedge = { burst: '', lastAtMs: Number.NEGATIVE_INFINITY };

/** Fast typists leave 80 ms and more; scanners 1 to 20 ms, slow ones behind a USB hub up to 40. */
export const FAST_MS = 50;
/** The shortest label that a carrier prints has more; a person's two quick keys have fewer. */
const SCAN_LENGTH_MIN = 6;
/** What the agent takes as one scan. */
export const SCAN_LENGTH_MAX = 512;

/** What a key press means; keys that type nothing (Shift, arrows) mean nothing and break no burst. */
export function hear(wedge: Wedge, key: string, atMs: number): { wedge: Wedge; heard: Heard | null } {
  const fast = atMs - wedge.lastAtMs <= FAST_MS;
  if (key === 'Enter') {
    const scanned = fast && wedge.burst.length >= SCAN_LENGTH_MIN;
    return { wedge: WEDGE_START, heard: scanned ? { is: 'scan', text: wedge.burst } : { is: 'enter' } };
  }
  if ([...key].length !== 1) return { wedge, heard: null };
  const burst = (fast ? wedge.burst + key : key).slice(0, SCAN_LENGTH_MAX);
  return { wedge: { burst, lastAtMs: atMs }, heard: { is: 'typed', text: key } };
}

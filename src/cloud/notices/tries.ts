/**
 * When a notice that was not taken is tried again. The pauses double and are bounded, and the giving up comes
 * late: RFC 5321 section 4.5.4.1 asks for a pause of about half an hour and for four to five days before a
 * message is given up, so a mail server that is down for a day costs nobody their code.
 */
const FIRST_PAUSE_MS = 5_000;
export const PAUSE_MS_MAX = 30 * 60_000;
export const GIVE_UP_MS = 5 * 86_400_000;

/** Up to a quarter longer by `chance` (0 to 1): what failed together does not come back together. */
export function pauseMs(tries: number, chance: number): number {
  const pause = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** Math.min(tries - 1, 20));
  return Math.round(pause * (1 + chance / 4));
}

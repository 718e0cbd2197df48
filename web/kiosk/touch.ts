/**
 * A person's touch: a finger on the screen, or a key that a hand pressed. A scanner's keys are nobody's, because a
 * label that is stuck before it is read again and again, and would hold an attended door, or a courier's sign-in, for
 * whoever comes next. What is told here keeps a screen where it is.
 */
import { after } from '../kit/clock.ts';
import { FAST_MS, type Heard, SCAN_LENGTH_MIN } from './wedge.ts';

const TOUCHED = 'kiosk-touched';

function tellTouch(): void {
  document.dispatchEvent(new Event(TOUCHED));
}

/** Calls `listener` for each touch, until what it answers is called. */
export function onTouch(listener: () => void): () => void {
  const away = new AbortController();
  for (const name of ['pointerdown', TOUCHED])
    document.addEventListener(name, listener, { signal: away.signal });
  return () => away.abort();
}

/** Scanners press them before each capital; alone they do nothing. */
const HELD_KEYS = new Set(['Shift', 'Control', 'Alt', 'AltGraph', 'Meta', 'CapsLock']);

/** Timers may fire a little early by the clock that stamps events. */
export const TIMER_MS = 20;

/** Longer than a busy page may take from one key of a scan to the next; nothing that a touch keeps hangs on it. */
const PAUSE_MS = 500;

/** Tells a hand by the pause that it leaves: a key counts once none has followed it at a scanner's pace. */
export function hands(tell: () => void = tellTouch) {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let waits = false;
  let cancel = (): void => undefined;
  const told = (): void => {
    waits = false;
    tell();
  };
  return {
    /** `burst`: how many keys have come at that pace, this one with them. */
    pressed(key: string, at: { atMs: number; heard: Heard | null; burst: number }): void {
      cancel();
      const isFollowing = at.atMs - lastAtMs <= FAST_MS;
      if (waits && !isFollowing) tell();
      const isScan = at.heard?.is === 'scan' || at.heard?.is === 'swallowed' || at.burst >= SCAN_LENGTH_MIN;
      lastAtMs = at.atMs;
      waits = !isScan && !HELD_KEYS.has(key);
      cancel = waits ? after(PAUSE_MS, told) : () => undefined;
    },
    stop: () => cancel(),
  };
}

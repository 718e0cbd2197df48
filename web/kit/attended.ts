/**
 * Whether somebody is at this page. Pages ask again by themselves whenever something has changed; the server
 * counts that as no use of the session, so that a screen which somebody left signs out in its time.
 */
import { steadyMs } from './clock.ts';

/** A question that a touch leads to follows it at once; slow lines and second tries are within this. */
const LATELY_MS = 60_000;

let touchedAtMs = steadyMs();
/** A press that comes by no finger and no key, as from a screen reader, is said by whom it reaches. */
export const touched = (): void => {
  touchedAtMs = steadyMs();
};
for (const kind of ['pointerdown', 'keydown', 'wheel'])
  globalThis.addEventListener?.(kind, touched, { capture: true, passive: true });

export function isAttended(): boolean {
  return steadyMs() - touchedAtMs < LATELY_MS;
}

/**
 * The start while nobody is at it: drawn large, to be read from across the room. It is no screen before the start,
 * because a tap that only says “I am here” would be one more than a code and a tap. Languages and keys are those of
 * the start, in their places, so that the first key is already the first digit and a scan goes straight on; what a
 * touch changes is what stands around them.
 *
 * It ends with the first touch or key and begins again with the page, which `fresh.ts` replaces when a person has
 * gone. Nothing is remembered for it.
 */
import { useEffect, useState } from 'react';
import { after } from '../kit/clock.ts';

/**
 * A touch ends it by its click, when the finger has left: what a press began on must not move before it is through.
 * A press that is long, or slips, makes no click and ends it this much later.
 */
const SLIPPED_MS = 250;

/** A picture that never moves burns into a display; two pixels every two minutes disturb nobody (`rest.css`). */
export const DRIFT_AGAIN_MS = 120_000;
export const DRIFT_STEPS = 8;

export function useResting(): boolean {
  const [rests, setRests] = useState(true);
  useEffect(() => {
    if (!rests) return;
    const away = new AbortController();
    let cancel = (): void => {};
    const begin = (): void => setRests(false);
    const slip = (): void => {
      cancel();
      cancel = after(SLIPPED_MS, begin);
    };
    for (const name of ['click', 'keydown']) document.addEventListener(name, begin, { signal: away.signal });
    for (const name of ['pointerup', 'pointercancel'])
      document.addEventListener(name, slip, { signal: away.signal });
    return () => {
      cancel();
      away.abort();
    };
  }, [rests]);
  return rests;
}

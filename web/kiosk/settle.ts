/**
 * A finger that taps twice is meant for one button. Where the first tap has changed the screen, the second would land
 * on whatever stands there now: behind “Open my door” on “Something is wrong”, behind “Small” on “It does not fit”.
 * So a screen that has just come takes no pointer for a moment (`kiosk.css`). Keys go on, and so does who presses a
 * button by keyboard or by assistive technology: they name what they press.
 */
import { useEffect, useState } from 'react';
import { after } from '../kit/clock.ts';

/** Two taps of one hand are closer than this; nobody reads a new screen as fast. */
const SETTLE_MS = 400;

/** True just after `screen` has changed; not for the one that the page begins with. */
export function useSettling(screen: string | undefined): boolean {
  const [settled, setSettled] = useState(screen);
  useEffect(() => after(SETTLE_MS, () => setSettled(screen)), [screen]);
  return settled !== screen;
}

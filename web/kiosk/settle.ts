/**
 * A finger that taps twice is meant for one button. Where the first tap has changed the screen, the second would land
 * on whatever stands there now: behind “Open my door” on “Something is wrong”, behind “Small” on “It does not fit”.
 * So it is at a door where a button goes while its pulse is at work, and comes again: what is below moves into its place.
 * A screen that has just come, or whose buttons have, takes no pointer for a moment (`kiosk.css`). Keys go on, and so does who presses a
 * button by keyboard or by assistive technology: they name what they press.
 */
import { useEffect, useState } from 'react';
import type { KioskScreen } from '../../src/contract/kiosk.ts';
import { after } from '../kit/clock.ts';
import { isStuck } from './screens/door.tsx';

/** Two taps of one hand are closer than this; nobody reads a new screen as fast. */
const SETTLE_MS = 400;

/** True just after the screen or its buttons have changed; not for those that the page begins with. */
export function useSettling(show: KioskScreen | undefined): boolean {
  const stands = show && buttonsOf(show);
  const [settled, setSettled] = useState(stands);
  useEffect(() => after(SETTLE_MS, () => setSettled(stands)), [stands]);
  return settled !== stands;
}

/** The same as long as every button stays where it is. */
function buttonsOf(show: KioskScreen): string {
  if (!('door' in show)) return show.screen;
  const { screen, door, ask } = show;
  return [screen, ask, door.again, isStuck(door), 'otherDoor' in show && show.otherDoor].join();
}

/**
 * Whether this page is in sight. A browser has six connections to a host over HTTP/1.1 (RFC 9112, section 9.4, leaves
 * the number to it), and a page that holds one for news takes it from all others: only a page in sight may.
 */
import { useEffect, useState } from 'react';
import { after } from './clock.ts';

/** Who leafs through the tabs of a window shows each for less. */
const STAYS_MS = 250;

const isInSight = (): boolean => document.visibilityState === 'visible';

/** False as soon as the page is hidden; true again once it was in sight for a moment. */
export function useShown(): boolean {
  const [shown, setShown] = useState(isInSight);
  useEffect(() => {
    let stopWaiting = (): void => {};
    const look = (): void => {
      stopWaiting();
      if (isInSight()) stopWaiting = after(STAYS_MS, () => setShown(true));
      else setShown(false);
    };
    document.addEventListener('visibilitychange', look);
    return () => {
      stopWaiting();
      document.removeEventListener('visibilitychange', look);
    };
  }, []);
  return shown;
}

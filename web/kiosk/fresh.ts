/**
 * The page forgets a person by being replaced. Measured with heap snapshots after each way in which a session
 * can end: React keeps the last drawing of every part beside the present one, so that a tracking number was
 * still reachable minutes after its courier had gone. A new document has no such memory. The screen shows the
 * start before it is replaced, and browsers keep that picture until the new page has drawn its own.
 */
import { useEffect, useRef } from 'react';
import type { KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import { after } from '../kit/clock.ts';

/** Screens that say nothing about anybody: a new page shows them as well as the old one. */
const WITHOUT_PERSON: ReadonlySet<KioskScreen['screen']> = new Set([
  'home',
  'closed',
  'pick-up-done',
  'reported',
  'staff-done',
]);

/** What was typed at the start and left must not wait for the next person; nor how they liked the keys. */
const FORGET_MS = 20_000;

/** True while the page is being replaced: it shows what comes next and takes no key that would be lost. */
export function useFreshPage(view: KioskView | null): boolean {
  const served = useRef(false);
  const touched = useRef(false);
  const isLost = view === null;
  const isServing = view !== null && !WITHOUT_PERSON.has(view.show.screen);
  useEffect(() => {
    if (isServing) served.current = true;
    if (isLost || isServing) return;
    if (served.current) return void replacePage();
    let cancel = touched.current ? after(FORGET_MS, replacePage) : () => {};
    const onTouch = (): void => {
      touched.current = true;
      cancel();
      cancel = after(FORGET_MS, replacePage);
    };
    document.addEventListener('keydown', onTouch);
    document.addEventListener('pointerdown', onTouch);
    return () => {
      cancel();
      document.removeEventListener('keydown', onTouch);
      document.removeEventListener('pointerdown', onTouch);
    };
  }, [isLost, isServing]);
  return served.current && !isLost && !isServing;
}

const AGAIN_MS = 1_000;

async function replacePage(): Promise<void> {
  // While its agent starts again there is no page to load, and the browser would show an error of its own.
  const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (answer?.ok) location.replace(location.pathname);
  else after(AGAIN_MS, () => void replacePage());
}

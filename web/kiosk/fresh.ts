/**
 * The page forgets a person by being replaced. Measured with heap snapshots after each way in which a session
 * can end: React keeps the last drawing of every part beside the present one, so that a tracking number was
 * still reachable minutes after its courier had gone. A new document has no such memory. The screen shows the
 * start before it is replaced, and browsers keep that picture until the new page has drawn its own.
 */
import { useEffect, useRef, useState } from 'react';
import type { KioskScreen, KioskView } from '../../src/contract/kiosk.ts';
import { after } from '../kit/clock.ts';
import { handOver } from './languages.ts';
import { onTouch } from './touch.ts';

type Name = KioskScreen['screen'];

/** Where the next person begins. */
const STARTS: ReadonlySet<Name> = new Set(['home', 'closed']);
/** The last words to a person, in their language; they say nothing about anybody. */
const ENDS: ReadonlySet<Name> = new Set(['pick-up-done', 'reported', 'staff-done']);

export function isStart(name: Name): boolean {
  return STARTS.has(name);
}

/** What was typed at the start and left must not wait for the next person; nor how they liked the keys. */
const FORGET_MS = 20_000;
/** Before anything goes by itself there is this long a warning. */
export const WARN_MS = 10_000;

/**
 * `isOver` while the page is being replaced: it shows what comes next and takes no key that would be lost.
 * `forgetsSoon`: it will be, unless somebody touches it. `inLanguageOf`: the page began in the language of a person who is being told the last words.
 */
export function useFreshPage(
  view: KioskView | null,
  inLanguageOf: boolean,
): { isOver: boolean; forgetsSoon: boolean } {
  const [forgetsSoon, setForgetsSoon] = useState(false);
  const served = useRef(false);
  const touched = useRef(false);
  const name = view?.show.screen;
  const isLost = name === undefined;
  const isEnd = name !== undefined && ENDS.has(name);
  const isServing = name !== undefined && !isEnd && !isStart(name);
  useEffect(() => {
    if (isServing) served.current = true;
    if (isLost || isServing) return;
    const renew = (): void => void replacePage(isEnd);
    if (served.current || (inLanguageOf && !isEnd)) return renew();
    let cancels: (() => void)[] = [];
    const forgetLater = (): void => {
      touched.current = true;
      if (cancels.length > 0) return;
      cancels = [after(FORGET_MS - WARN_MS, () => setForgetsSoon(true)), after(FORGET_MS, renew)];
    };
    const goOn = (): void => {
      for (const cancel of cancels) cancel();
      cancels = [];
      setForgetsSoon(false);
    };
    if (touched.current) forgetLater();
    const stop = onTouch(() => {
      goOn();
      forgetLater();
    });
    // A scan leaves something to forget as well, and is no reason to wait longer.
    document.addEventListener('keydown', forgetLater);
    return () => {
      goOn();
      stop();
      document.removeEventListener('keydown', forgetLater);
    };
  }, [isLost, isServing, isEnd, inLanguageOf]);
  return { isOver: !isLost && !isServing && (served.current || (inLanguageOf && !isEnd)), forgetsSoon };
}

const AGAIN_MS = 1_000;

async function replacePage(isEnd: boolean): Promise<void> {
  // While its agent starts again there is no page to load, and the browser would show an error of its own.
  const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return void after(AGAIN_MS, () => void replacePage(isEnd));
  if (isEnd) handOver();
  location.replace(`${location.pathname}${location.search}`);
}

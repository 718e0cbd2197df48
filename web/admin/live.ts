/**
 * Keeps the pages as the cloud has them: `changed` events name topics, and every question of a topic that a page shows
 * is asked again. A page that is hidden holds no stream and asks nothing; shown again, it asks everything anew. While
 * there is no stream, everything shown is asked for again now and then.
 */
import { useEffect, useRef, useState } from 'react';
import { after, every, nowMs, steadyMs } from '../kit/clock.ts';
import { useEvents } from '../kit/events.ts';
import { useShown } from '../kit/shown.ts';
import { Renewal } from './renewal.ts';
import { SECTIONS, type Section } from './routes.ts';
import { session } from './session.ts';

const WITHOUT_STREAM_MS = 10_000;
/**
 * The cloud ends each stream after minutes, so that a session is looked at again, and a browser takes three seconds to
 * come back; what nobody would notice is not announced.
 */
const CUT_AFTER_MS = 10_000;

/** Topics of pages that stand under another section: what is told of them bears on nothing else. */
const PAGES: readonly string[] = ['exports'];
const EVERYTHING: ReadonlySet<string> = new Set([...SECTIONS, ...PAGES]);

/** One for as long as the page lives: who turns to another window and back finds what has just been asked still resting. */
const renewal = new Renewal({ client: session.client, after, steadyMs });

/** Since when nothing new is told, once that has lasted; null while it is, and in a window that nobody sees. */
export function useLive(): number | null {
  const shown = useShown();
  // Once for each time that it is shown, when its stream is there or cannot be had: whichever comes first.
  const isAnew = useRef(true);
  useEffect(() => {
    if (!shown) return;
    isAnew.current = true;
    return () => renewal.rest();
  }, [shown]);
  const askAll = (): void => {
    isAnew.current = false;
    renewal.owe(EVERYTHING);
  };
  const up = useEvents(
    shown ? session.path('events') : null,
    { changed: ({ topics }: { topics: string[] }) => renewal.owe(topicsAskedAgain(new Set(topics))) },
    askAll,
    () => {
      if (isAnew.current) askAll();
    },
  );
  useEffect(() => {
    if (shown && !up) return every(WITHOUT_STREAM_MS, () => renewal.owe(EVERYTHING));
  }, [shown, up]);
  return useCut(shown, up);
}

/** Also where a page has just been loaded: what it shows is as old as that. */
function useCut(shown: boolean, up: boolean): number | null {
  const [cutSinceMs, setCutSinceMs] = useState<number | null>(null);
  const toldUntilMs = useRef(nowMs());
  useEffect(() => {
    if (up)
      return () => {
        toldUntilMs.current = nowMs();
      };
    if (!shown) return;
    const stopWaiting = after(CUT_AFTER_MS, () => setCutSinceMs(toldUntilMs.current));
    return () => {
      stopWaiting();
      setCutSinceMs(null);
    };
  }, [shown, up]);
  return cutSinceMs;
}

/** What else a topic bears on: the odds follow the parcels that wait, and a parcel may be what does not fit. */
const ALSO: Readonly<Record<string, readonly Section[]>> = {
  parcels: ['odds', 'banks', 'reconciliation'],
  banks: ['reconciliation'],
};

/**
 * What needs attention depends on all topics. One without a section of its own may bear on any page. The plots are
 * not asked again for each parcel: they look back over days, and renew themselves.
 */
export function topicsAskedAgain(topics: ReadonlySet<string>): ReadonlySet<string> {
  if (![...topics].every((topic) => EVERYTHING.has(topic))) return EVERYTHING;
  return new Set([...topics, 'attention', ...[...topics].flatMap((topic) => ALSO[topic] ?? [])]);
}

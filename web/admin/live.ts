/**
 * Keeps the pages as the cloud has them: `changed` events name topics, and every question of a topic that
 * a page shows is asked again. Events come in bursts (one opening writes many records), so topics are
 * gathered for a moment first. While the stream is down, everything shown is asked for again now and then.
 */
import { useEffect, useRef } from 'react';
import { after, every } from '../kit/clock.ts';
import { useEvents } from '../kit/events.ts';
import { SECTIONS, type Section } from './routes.ts';
import { session } from './session.ts';

const GATHER_MS = 150;
const WITHOUT_STREAM_MS = 10_000;

/** Topics of pages that stand under another section: what is told of them bears on nothing else. */
const PAGES: readonly string[] = ['exports'];

/** Returns whether the stream is up. */
export function useLive(): boolean {
  const gathered = useRef(new Set<string>());
  const waiting = useRef(false);
  const take = (topics: readonly string[]): void => {
    for (const topic of topics) gathered.current.add(topic);
    if (waiting.current) return;
    waiting.current = true;
    after(GATHER_MS, () => {
      waiting.current = false;
      askAgain(gathered.current);
      gathered.current = new Set();
    });
  };
  const up = useEvents(
    session.path('events'),
    { changed: ({ topics }: { topics: string[] }) => take(topics) },
    () => take([...SECTIONS, ...PAGES]),
  );
  useEffect(
    () => (up ? undefined : every(WITHOUT_STREAM_MS, () => askAgain(new Set([...SECTIONS, ...PAGES])))),
    [up],
  );
  return up;
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
  const sections = new Set<string>(SECTIONS);
  if (![...topics].every((topic) => sections.has(topic) || PAGES.includes(topic)))
    return new Set([...sections, ...PAGES]);
  return new Set([...topics, 'attention', ...[...topics].flatMap((topic) => ALSO[topic] ?? [])]);
}

function askAgain(topics: ReadonlySet<string>): void {
  const asked = topicsAskedAgain(topics);
  void session.client.invalidateQueries({ predicate: ({ queryKey }) => asked.has(String(queryKey[0])) });
}

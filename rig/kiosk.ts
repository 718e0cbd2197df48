/**
 * What the kiosk's screen shows, as somebody sees it who walks past the cabinet. The rig asks the kiosk's own
 * server, as any browser on this machine may, and keeps which screen it is and of which door; names, numbers and
 * what was said to the person are dropped where they come in. It begins to look with the first page that listens.
 */
import { type KioskView, kioskView } from '../src/contract/kiosk.ts';
import type { RigKiosk } from '../src/contract/rig.ts';
import type { Clock } from '../src/platform/clock.ts';
import { LOOPBACK } from './config.ts';

export type Onlooker = {
  /** Null while no screen is seen. */
  seen(): RigKiosk | null;
  /** Begins to look, where nobody has asked before. */
  look(): void;
  /** Calls `listener` after every change, until the returned function is called. */
  onChange(listener: () => void): () => void;
  stop(): void;
};

const LOOK_AGAIN_MS = 1_000;

/** A view is some hundred bytes; what says so much without an end is no kiosk. */
const EVENT_LENGTH_MAX = 65_536;

export function onlooker({ port, clock }: { port: number | null; clock: Clock }): Onlooker {
  const listeners = new Set<() => void>();
  const stopping = new AbortController();
  let looking = false;
  let shown: RigKiosk | null = null;
  /** Outlives a dark screen: the same words after it are not said a second time. */
  let last: RigKiosk | null = null;
  let cancelRetry = (): void => {};

  function take(next: RigKiosk | null): void {
    const same = JSON.stringify(next) === JSON.stringify(shown);
    last = next ?? last;
    shown = next;
    if (!same) for (const listener of listeners) listener();
  }

  async function connect(url: string): Promise<void> {
    // Whatever ends the stream, a dark screen is what is seen of it; who looks again finds out more.
    await readEvents(url, stopping.signal, (data) => take(sightOf(data, last))).catch(() => undefined);
    if (stopping.signal.aborted) return;
    take(null);
    cancelRetry = clock.after(LOOK_AGAIN_MS, () => void connect(url));
  }

  return {
    seen: () => shown,
    look() {
      if (looking || port === null) return;
      looking = true;
      void connect(`http://${LOOPBACK}:${port}/api/events`);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop() {
      cancelRetry();
      stopping.abort();
    },
  };
}

/** Hands on the data of each event (HTML Living Standard, 9.2.6); the kiosk sends one line of it. */
async function readEvents(url: string, signal: AbortSignal, take: (data: string) => void): Promise<void> {
  const answer = await fetch(url, { signal });
  if (!answer.ok || !answer.body) return;
  let rest = '';
  for await (const text of answer.body.pipeThrough(new TextDecoderStream())) {
    const events = `${rest}${text}`.split('\n\n');
    rest = events.pop() ?? '';
    if (rest.length > EVENT_LENGTH_MAX) return;
    for (const event of events) {
      const data = event.split('\n').find((line) => line.startsWith('data: '));
      if (data !== undefined) take(data.slice('data: '.length));
    }
  }
}

/** What is seen of a view, and counted after what was seen before; null where it is no view that we know. */
export function sightOf(data: string, before: RigKiosk | null): RigKiosk | null {
  const { success, data: view } = kioskView.safeParse(JSON.parse(data));
  if (!success) return null;
  const { screen } = view.show;
  const isNew = before !== null && before.screen !== screen;
  return {
    screen,
    compartment: doorOf(view),
    deposits: (before?.deposits ?? 0) + (isNew && screen === 'drop-off-done' ? 1 : 0),
    collections: (before?.collections ?? 0) + (isNew && screen === 'pick-up-done' ? 1 : 0),
  };
}

function doorOf({ show }: KioskView): number | null {
  return 'door' in show ? show.door.compartment : null;
}

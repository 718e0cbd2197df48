/** Server-sent events as a hook: subscribes, hands on each event's JSON, and comes back after any cut. */
import { useEffect, useRef, useState } from 'react';
import { after } from './clock.ts';

type EventHandlers = Readonly<Record<string, (data: never) => void>>;

const RETRY_MS = 2_000;

/**
 * Returns whether the stream is up. `onUp` runs after every (re)connection, to fetch what was missed; `onDown` after
 * every cut and each try that failed. Without an address there is no stream.
 */
export function useEvents(
  url: string | null,
  handlers: EventHandlers,
  onUp?: () => void,
  onDown?: () => void,
): boolean {
  const [up, setUp] = useState(false);
  const latest = useRef({ handlers, onUp, onDown });
  latest.current = { handlers, onUp, onDown };
  const names = Object.keys(handlers).sort().join(' ');

  useEffect(() => {
    if (url === null) return;
    let cancelRetry: (() => void) | undefined;
    let source: EventSource | undefined;
    const connect = (): void => {
      const opened = new EventSource(url);
      source = opened;
      opened.onopen = () => {
        setUp(true);
        latest.current.onUp?.();
      };
      opened.onerror = () => {
        setUp(false);
        latest.current.onDown?.();
        // A browser retries a cut line by itself, but gives up for good on an error status.
        if (opened.readyState === EventSource.CLOSED) cancelRetry = after(RETRY_MS, connect);
      };
      for (const name of names.split(' ').filter((part) => part !== '')) {
        opened.addEventListener(name, (event) => {
          latest.current.handlers[name]?.(JSON.parse(event.data) as never);
        });
      }
    };
    connect();
    return () => {
      cancelRetry?.();
      source?.close();
      setUp(false);
    };
  }, [url, names]);

  return up;
}

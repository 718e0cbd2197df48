/**
 * What the database tells while nobody asks: NOTIFY, over one connection of its own that is made again when it breaks or
 * falls silent. What was told meanwhile is gone; `onGap` says that there may have been something.
 */
import pg from 'pg';
import type { Cancel, Clock } from './clock.ts';
import type { Log } from './log.ts';
import { askWhenSilent, CONNECT_MS_MAX, KEEP_ALIVE_MS } from './silence.ts';

export type Listen = (
  channel: string,
  onPayload: (payload: string) => void,
  onGap?: () => void,
) => Promise<Cancel>;

const RECONNECT_MS = 1_000;
const CHANNEL = /^[a-z_]{1,60}$/;

type Listening = { url: string; clock: Clock; log: Log; silentMsMax: number };
type Listener = { listen: Listen; close(): Promise<void> };
type Hearer = { onPayload(payload: string): void; onGap: (() => void) | undefined };

export function openListener({ url, clock, log, silentMsMax }: Listening): Listener {
  const heard = new Map<string, Set<Hearer>>();
  let client: Promise<pg.Client> | undefined;
  let closed = false;
  let cancelRetry: Cancel | undefined;

  async function connect(): Promise<pg.Client> {
    const next = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS_MAX,
      application_name: 'holdfast listen',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    });
    next.on('notification', ({ channel, payload }) => {
      for (const { onPayload } of heard.get(channel) ?? []) onPayload(payload ?? '');
    });
    // A failure to connect is the caller's to hear; one after that is told by `end`, once.
    next.on('error', () => {});
    await next.connect();
    // Who only listens would never learn that nothing can come any more.
    askWhenSilent(next, { silentMsMax: silentMsMax / 2 });
    let ended = false;
    let listening = false;
    next.once('end', () => {
      ended = true;
      if (listening && !closed) retry();
    });
    try {
      for (const channel of heard.keys()) await next.query(`listen ${channel}`);
    } catch (error) {
      await next.end();
      throw error;
    }
    if (ended) throw new Error('the listening connection broke at once');
    listening = true;
    return next;
  }

  function retry(): void {
    if (closed) return;
    log.warn('the listening connection broke; it is made again');
    cancelRetry = clock.after(RECONNECT_MS, () => {
      client = connect();
      client.then(() => {
        for (const hearers of heard.values()) for (const { onGap } of hearers) onGap?.();
      }, retry);
    });
  }

  return {
    async listen(channel, onPayload, onGap) {
      if (!CHANNEL.test(channel)) throw new Error('a channel is lower-case letters');
      const hearers = heard.get(channel) ?? new Set();
      heard.set(channel, hearers);
      const hearer = { onPayload, onGap };
      hearers.add(hearer);
      client ??= connect();
      await (await client).query(`listen ${channel}`);
      return () => void hearers.delete(hearer);
    },
    async close() {
      closed = true;
      cancelRetry?.();
      const last = await client?.catch(() => undefined);
      await last?.end();
    },
  };
}

/**
 * Server-sent events (HTML standard, section 9.2): a page holds one stream open and is told which topics
 * changed, never what they now say; it then asks again through the ordinary, checked routes. One process
 * listens to the database once, and hands on to the streams of that tenant.
 */
import type { FastifyReply } from 'fastify';
import type { TenantId } from '../../domain/ids.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';

/** Below the idle time after which proxies cut a silent connection. */
const HEARTBEAT_MS = 20_000;
/** A person has a window or two in sight, and no other page holds one; a fault opens hundreds. */
const STREAMS_PER_TENANT_MAX = 200;
/** Then a page connects anew, and is asked anew who it is: a session that has ended is told nothing for long. */
export const STREAM_MS_MAX = 5 * 60_000;
/**
 * A page that hangs reads nothing, and what waits for it would grow until this process has no memory left. That many
 * bytes are thousands of changes, more than the database tells at once; a page that wakes up connects anew and asks anew.
 */
const UNREAD_BYTES_MAX = 262_144;
/** What is ended closes once its page has read the rest. One that reads nothing never would. */
export const CLOSING_MS_MAX = 5_000;

export type EventHub = {
  /** Hands topics to every open stream of the tenant. */
  publish(tenant: TenantId, topics: readonly string[]): void;
  /** To every stream: what changed was not heard, so everything may have. */
  publishAll(topics: readonly string[]): void;
  /** Answers with a stream, or false when the tenant has too many. */
  open(tenant: TenantId, reply: FastifyReply): boolean;
  close(): void;
};

type Stream = { write(text: string): void; end(): void };

export function openEventHub(clock: Clock): EventHub {
  const streams = new Map<TenantId, Set<Stream>>();
  let closed = false;
  const each = (text: string): void => {
    for (const set of streams.values()) for (const stream of set) stream.write(text);
  };
  const stopHeartbeat: Cancel = clock.every(HEARTBEAT_MS, () => each(': still here\n\n'));
  const changed = (topics: readonly string[]) => `event: changed\ndata: ${JSON.stringify({ topics })}\n\n`;
  return {
    publish(tenant, topics) {
      for (const stream of streams.get(tenant) ?? []) stream.write(changed(topics));
    },
    publishAll: (topics) => each(changed(topics)),
    open(tenant, reply) {
      // Whoever left while their session was looked up has closed already, which nobody is told twice: a stream for them
      // would keep its place. There is nobody to answer either.
      if (reply.raw.destroyed) {
        reply.hijack();
        return true;
      }
      const set = streams.get(tenant) ?? new Set<Stream>();
      if (set.size >= STREAMS_PER_TENANT_MAX) return false;
      const stream = begin(clock, reply, () => {
        // It leaves when it is ended and comes by here again when it closes; others may have a new set by then.
        if (set.delete(stream) && set.size === 0) streams.delete(tenant);
      });
      // The page connects again by itself, to a process that stays.
      if (closed) {
        stream.end();
        return true;
      }
      streams.set(tenant, set);
      set.add(stream);
      return true;
    },
    close() {
      closed = true;
      stopHeartbeat();
      for (const set of [...streams.values()]) for (const stream of [...set]) stream.end();
    },
  };
}

/** `leave` takes the stream from among those that are written to. It is called before anything ends it, and maybe again. */
function begin(clock: Clock, reply: FastifyReply, leave: () => void): Stream {
  reply.hijack();
  const { raw } = reply;
  const cut = () => {
    leave();
    raw.destroy();
  };
  let stopEnding: Cancel;
  const end = () => {
    // First: a write behind the end is an error, and would cut off a page that still reads.
    leave();
    stopEnding();
    stopEnding = clock.after(CLOSING_MS_MAX, cut);
    raw.end();
  };
  stopEnding = clock.after(STREAM_MS_MAX, end);
  raw.on('close', () => {
    stopEnding();
    leave();
  });
  // What fails of one page is no fault of this process, which an error that nobody hears would end.
  raw.on('error', cut);
  const write = (text: string) => {
    raw.write(text);
    if (raw.writableLength > UNREAD_BYTES_MAX) cut();
  };
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
  raw.writeHead(200, headers as Record<string, string>);
  raw.write('retry: 3000\n\n');
  return { write, end };
}

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
/** A person has a few tabs open; a fault opens hundreds. */
const STREAMS_PER_TENANT_MAX = 200;
/** Then a page connects anew, and is asked anew who it is: a session that has ended is told nothing for long. */
export const STREAM_MS_MAX = 5 * 60_000;

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
      const set = streams.get(tenant) ?? new Set<Stream>();
      if (set.size >= STREAMS_PER_TENANT_MAX) return false;
      const stream = begin(reply);
      // The page connects again by itself, to a process that stays.
      if (closed) {
        stream.end();
        return true;
      }
      streams.set(tenant, set);
      set.add(stream);
      const stopEnding = clock.after(STREAM_MS_MAX, () => stream.end());
      reply.raw.on('close', () => {
        stopEnding();
        set.delete(stream);
        if (set.size === 0) streams.delete(tenant);
      });
      return true;
    },
    close() {
      closed = true;
      stopHeartbeat();
      for (const set of [...streams.values()]) for (const stream of [...set]) stream.end();
    },
  };
}

function begin(reply: FastifyReply): Stream {
  reply.hijack();
  const headers = {
    ...reply.getHeaders(),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  };
  reply.raw.writeHead(200, headers as Record<string, string>);
  reply.raw.write('retry: 3000\n\n');
  return {
    write: (text) => void reply.raw.write(text),
    end: () => void reply.raw.end(),
  };
}

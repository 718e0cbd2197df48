/**
 * Server-sent events for the rig page (HTML Living Standard, 9.2): the whole state at once and after
 * every change, and every new message. Whoever missed some is right again with the next state.
 */
import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { RigState } from '../src/contract/rig.ts';
import type { Clock } from '../src/platform/clock.ts';
import type { Cabinet } from './cabinet.ts';
import type { Onlooker } from './kiosk.ts';
import type { MessageBox } from './messages.ts';

export type EventStreams = {
  /** Takes the reply over and streams to it; false when there are too many streams already. */
  open(reply: Hijacked): boolean;
  /** Something of the state has changed that tells nobody by itself. */
  tellState(): void;
  stop(): void;
};

type Hijacked = Pick<FastifyReply, 'hijack' | 'raw' | 'getHeaders'>;

const STREAMS_MAX = 32;

/** A page that lets this much lie unread is gone; if not, it connects again and has the state at once. */
const UNREAD_BYTES_MAX = 8_000_000;

/** A comment now and then keeps the line from looking dead. */
const HEARTBEAT_MS = 15_000;

export function eventStreams(deps: {
  cabinet: Cabinet;
  box: MessageBox;
  kiosk: Onlooker;
  clock: Clock;
  state: () => RigState;
}): EventStreams {
  const open = new Set<ServerResponse>();
  const tellAll = (text: string) => {
    for (const stream of open) {
      if (stream.writableLength > UNREAD_BYTES_MAX) stream.destroy();
      else stream.write(text);
    }
  };
  const tellState = () => tellAll(eventOf('state', deps.state()));
  const cancels = [
    deps.cabinet.onChange(tellState),
    deps.kiosk.onChange(tellState),
    deps.box.onMessage((message) => tellAll(eventOf('message', message))),
    deps.clock.every(HEARTBEAT_MS, () => tellAll(': still here\n\n')),
  ];
  return {
    open(reply) {
      if (open.size >= STREAMS_MAX) return false;
      deps.kiosk.look();
      reply.hijack();
      const stream = reply.raw;
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) stream.setHeader(name, value);
      }
      stream.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      open.add(stream);
      stream.on('close', () => open.delete(stream));
      stream.write(eventOf('state', deps.state()));
      return true;
    },
    tellState,
    stop() {
      for (const cancel of cancels) cancel();
      for (const stream of open) stream.end();
    },
  };
}

function eventOf(name: 'state' | 'message', data: unknown): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

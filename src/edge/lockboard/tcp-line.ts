/** A serial line carried over TCP, as serial device servers do. Reconnects by itself, with a growing pause. */
import { connect, type Socket } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import type { Line } from './lockboard.ts';

const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 5_000;

export function tcpLine(deps: { host: string; port: number; clock: Clock }): Line {
  const { host, port, clock } = deps;
  let socket: Socket | null = null;
  let up = false;
  let closed = false;
  let pauseMs = PAUSE_MS_FIRST;

  return {
    open(listener) {
      const dial = () => {
        if (closed) return;
        const dialled = connect({ host, port, noDelay: true });
        socket = dialled;
        dialled.on('connect', () => {
          up = true;
          pauseMs = PAUSE_MS_FIRST;
          listener.onUp();
        });
        dialled.on('data', (bytes) => listener.onBytes(new Uint8Array(bytes)));
        // `close` always follows an error, and says all that matters here: the line is down.
        dialled.on('error', () => dialled.destroy());
        dialled.on('close', () => {
          if (up) listener.onDown();
          up = false;
          pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX);
          clock.after(pauseMs, dial);
        });
      };
      dial();
    },
    write(bytes) {
      if (!up || !socket) return false;
      socket.write(bytes);
      return true;
    },
    async close() {
      closed = true;
      up = false;
      socket?.destroy();
    },
  };
}

/** A serial line carried over TCP, as serial device servers do. */
import { connect } from 'node:net';
import type { Clock } from '../../platform/clock.ts';
import { keptOpen } from './line.ts';
import type { Line } from './lockboard.ts';

export function tcpLine(deps: { host: string; port: number; clock: Clock }): Line {
  const { host, port, clock } = deps;
  return keptOpen({
    clock,
    attempt(listener) {
      const socket = connect({ host, port, noDelay: true });
      socket.on('connect', () => listener.onUp());
      socket.on('data', (bytes) => listener.onBytes(new Uint8Array(bytes)));
      // `close` always follows an error, and says all that matters here: the line is down.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => listener.onDown());
      return {
        write: (bytes) => void socket.write(bytes),
        // An ordinary end would still deliver what the kernel holds; a reset throws it away (RFC 9293, 3.10.5).
        hangUp: () => void (socket.connecting ? socket.destroy() : socket.resetAndDestroy()),
      };
    },
  });
}

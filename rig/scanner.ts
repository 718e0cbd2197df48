/**
 * The barcode reader at the cabinet, in serial mode over TCP: each scan goes to every connected client
 * as UTF-8 text with a carriage return behind it. It says nothing else and listens to nothing.
 */
import type { Cabinet } from './cabinet.ts';
import { listenLoopback } from './loopback.ts';

export type Scanner = {
  port: number;
  /** Holds `text` under the reader; says how many clients were connected to hear it. */
  scan(text: string): number;
  stop(): Promise<void>;
};

const CONNECTIONS_MAX = 8;

export async function startScanner(deps: { port: number; cabinet: Cabinet }): Promise<Scanner> {
  const { cabinet } = deps;
  const server = await listenLoopback({
    what: 'The scanner',
    port: deps.port,
    connectionsMax: CONNECTIONS_MAX,
    accepting: () => cabinet.powered(),
    onSocket(socket) {
      socket.on('end', () => socket.end());
      socket.resume();
    },
  });
  const forget = cabinet.onChange(() => {
    if (!cabinet.powered()) server.cut();
  });
  return {
    port: server.port,
    scan: (text) => server.tellAll(Buffer.from(`${text}\r`, 'utf8')),
    async stop() {
      forget();
      await server.stop();
    },
  };
}

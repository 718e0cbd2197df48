/**
 * The cabinet's router: what the agent sends to the uplink port goes on to the broker, byte for byte.
 * TLS passes through untouched, so the relay can cut the line and read nothing.
 */
import { connect, type Socket } from 'node:net';
import type { Cabinet } from './cabinet.ts';
import { LOOPBACK } from './config.ts';
import { listenLoopback } from './loopback.ts';

export type Relay = { port: number; stop(): Promise<void> };

const CONNECTIONS_MAX = 64;

export async function startRelay(deps: {
  port: number;
  brokerPort: number;
  cabinet: Cabinet;
}): Promise<Relay> {
  const { cabinet } = deps;
  const server = await listenLoopback({
    what: 'The cabinet’s router',
    port: deps.port,
    connectionsMax: CONNECTIONS_MAX,
    accepting: () => cabinet.online(),
    onSocket: (inside) => passOn(inside, deps.brokerPort),
  });
  const forget = cabinet.onChange(() => {
    if (!cabinet.online()) server.cut();
  });
  return {
    port: server.port,
    async stop() {
      forget();
      await server.stop();
    },
  };
}

function passOn(inside: Socket, brokerPort: number): void {
  const outside = connect({ port: brokerPort, host: LOOPBACK, noDelay: true, allowHalfOpen: true });
  // Either end that breaks takes the other with it; an orderly end passes through, one way at a time.
  outside.on('error', () => inside.resetAndDestroy());
  inside.on('close', () => outside.destroy());
  inside.pipe(outside);
  outside.pipe(inside);
}

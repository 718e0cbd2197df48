/** A TCP server on the loopback interface that knows its connections and can cut them all. */
import { createServer, type Server, type Socket } from 'node:net';
import { LOOPBACK } from './config.ts';

export type LoopbackServer = {
  port: number;
  /** Sends `bytes` to everyone who is connected, and says how many that are. */
  tellAll(bytes: Uint8Array): number;
  /** Resets every connection; a peer notices at once. */
  cut(): void;
  stop(): Promise<void>;
};

export type LoopbackDeps = {
  /** What listens, for the message when the port is taken. */
  what: string;
  port: number;
  connectionsMax: number;
  /** While false, whoever connects is reset before a byte is read. */
  accepting(): boolean;
  onSocket(socket: Socket): void;
};

/** Whoever lets this much lie unread is not listening. */
const UNREAD_BYTES_MAX = 65_536;

/**
 * While a part is off its port stays bound and newcomers are reset. Giving the port up would show a
 * purer refusal, and let another program take it in the meantime.
 */
export async function listenLoopback(deps: LoopbackDeps): Promise<LoopbackServer> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    // A reset by the peer ends in 'close' like any other end, and is no fault of ours.
    socket.on('error', () => socket.destroy());
    if (!deps.accepting() || open.size >= deps.connectionsMax) {
      socket.resetAndDestroy();
      return;
    }
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    deps.onSocket(socket);
  });
  const port = await bind(server, deps);
  const cut = () => {
    for (const socket of open) socket.resetAndDestroy();
  };
  return {
    port,
    tellAll(bytes) {
      for (const socket of open) {
        if (socket.writableLength > UNREAD_BYTES_MAX) socket.resetAndDestroy();
        else if (socket.writable) socket.write(bytes);
      }
      return open.size;
    },
    cut,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}

function bind(server: Server, deps: { what: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => reject(cannotListen(deps, cause)));
    server.listen({ port: deps.port, host: LOOPBACK }, () => resolve(portOf(server)));
  });
}

export function cannotListen(deps: { what: string; port: number }, cause: unknown): Error {
  const taken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  const why = taken ? 'the port is taken' : String(cause);
  return new Error(`${deps.what} cannot listen on ${LOOPBACK}:${deps.port}: ${why}`, { cause });
}

export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server is not listening on TCP');
  return address.port;
}

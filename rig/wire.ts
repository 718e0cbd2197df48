/**
 * What the lock boards' line is made of on this machine: a serial-to-TCP adapter, as serial device servers
 * are, or a pseudo-terminal, which a program opens as it opens a serial port.
 */
import type { SerialLine } from './config.ts';
import { listenLoopback } from './loopback.ts';
import { openPty } from './pty.ts';

export type Wire = {
  /** 0 where the line has no port. */
  port: number;
  /** What a program opens as a serial port; null where the line has none. */
  path: string | null;
  /** Sends `bytes` to everyone who listens. */
  tellAll(bytes: Uint8Array): void;
  /** The boards have lost their power: what was half said is forgotten. */
  cut(): void;
  stop(): Promise<void>;
};

export type WireDeps = {
  line: SerialLine;
  /** False while the boards are dark. */
  accepting(): boolean;
  /** Gives what hears the bytes of one connection. */
  listener(): (bytes: Uint8Array) => void;
};

const CONNECTIONS_MAX = 8;

export async function openWire(deps: WireDeps): Promise<Wire> {
  switch (deps.line.kind) {
    case 'tcp':
      return overTcp(deps.line.port, deps);
    case 'pty':
      return overPty(deps);
  }
}

async function overTcp(port: number, { accepting, listener }: WireDeps): Promise<Wire> {
  const server = await listenLoopback({
    what: 'The lock boards’ line',
    port,
    connectionsMax: CONNECTIONS_MAX,
    accepting,
    onSocket(socket) {
      // A serial adapter has no half-open state: who stops sending has hung up.
      socket.on('end', () => socket.end());
      socket.on('data', listener());
    },
  });
  return { ...server, path: null };
}

/** A wire stays where it is when the boards lose their power: they hear nothing on it, and say nothing. */
async function overPty({ accepting, listener }: WireDeps): Promise<Wire> {
  let heard = listener();
  const pty = await openPty((bytes) => {
    if (accepting()) heard(bytes);
  });
  return {
    port: 0,
    path: pty.path,
    tellAll: (bytes) => pty.write(bytes),
    cut() {
      heard = listener();
    },
    stop: () => pty.stop(),
  };
}

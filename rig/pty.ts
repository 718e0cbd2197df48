/**
 * A bare pseudo-terminal: what is written into one end comes out of the other, byte for byte.
 *
 * A terminal is opened for a program, so one runs on it that does nothing but keep it open: otherwise the
 * line would hang up with each program that closes it. The terminal is raw (POSIX.1-2017, 11.1.7,
 * non-canonical mode): no echo, no line, no byte with a meaning of its own.
 *
 * What is said while nobody has the other end open waits in it, about four thousand bytes of it, as in no
 * serial port. A program that opens it empties it first, as it should any port.
 */
import type { IPty } from '@lydell/node-pty';

export type Pty = {
  /** The end that a program opens. */
  path: string;
  write(bytes: Uint8Array): void;
  stop(): Promise<void>;
};

/** Says that the terminal is raw, once it is; it reads nothing, so that it takes nothing from the line. */
const HOLDER = 'tty && stty raw -echo && printf "\\006" && exec sleep 2147483647';
const RAW_NOW = 0x06;

export async function openPty(onBytes: (bytes: Uint8Array) => void): Promise<Pty> {
  const { spawn } = await import('@lydell/node-pty');
  const terminal = spawn('/bin/sh', ['-c', HOLDER], { encoding: null });
  let stopping = false;
  const ended = new Promise<void>((resolve) => {
    terminal.onExit(({ exitCode }) => {
      resolve();
      if (!stopping) throw new Error(`What holds the pseudo-terminal open ended with ${exitCode}`);
    });
  });
  const path = await pathOf(terminal);
  bytesOf(terminal, onBytes);
  return {
    path,
    // Typed as text only; it goes to a socket, and text would be written as UTF-8.
    write: (bytes) => terminal.write(Buffer.from(bytes) as unknown as string),
    async stop() {
      stopping = true;
      terminal.kill();
      await ended;
    },
  };
}

/** Typed as text only; without an encoding it is bytes. */
function bytesOf(terminal: IPty, take: (bytes: Uint8Array) => void): { dispose(): void } {
  return terminal.onData((data: unknown) => {
    if (!(data instanceof Uint8Array)) throw new Error('The pseudo-terminal gave text, and no bytes');
    take(data);
  });
}

/** The holder's first line names the terminal, and its mark says that nothing more comes from it. */
function pathOf(terminal: IPty): Promise<string> {
  return new Promise((resolve) => {
    let heard = Buffer.alloc(0);
    const listening = bytesOf(terminal, (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      if (heard.at(-1) !== RAW_NOW) return;
      listening.dispose();
      resolve(heard.subarray(0, -1).toString('latin1').trim());
    });
  });
}

/**
 * A real pseudo-terminal: the driver opens its slave as the serial port that it is, and the test holds its
 * master. The path given is a link, as udev makes them, so that a new one can take the place of a lost one.
 */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReadStream } from 'node:tty';
import * as nodePty from '@lydell/node-pty';

/** `open` makes a pair without a process on it; the package's types leave it out. */
type Pair = { master: Socket; slave: ReadStream; _pty: string };
const { open } = nodePty as unknown as { open(options: { encoding: null }): Pair };

export class Pty {
  readonly #dir = mkdtempSync(join(tmpdir(), 'holdfast-pty-'));
  readonly path = join(this.#dir, 'lockboards');
  readonly #onBytes: (bytes: Uint8Array) => void;
  #pair: Pair | null = null;

  constructor(onBytes: (bytes: Uint8Array) => void) {
    this.#onBytes = onBytes;
  }

  plug(): void {
    const pair = open({ encoding: null });
    this.#pair = pair;
    // Held open and never read here: whatever is for the slave is for the driver.
    pair.slave.pause();
    pair.slave.setRawMode(true);
    pair.master.on('data', (bytes) => this.#onBytes(bytes));
    // The kernel reports the end of a pair as an error of either side; it ends, and that is all.
    for (const side of [pair.master, pair.slave]) side.on('error', () => side.destroy());
    symlinkSync(pair._pty, this.path);
  }

  unplug(): void {
    rmSync(this.path, { force: true });
    this.#pair?.slave.destroy();
    this.#pair?.master.destroy();
    this.#pair = null;
  }

  write(bytes: Uint8Array): void {
    this.#pair?.master.write(bytes);
  }

  stop(): void {
    this.unplug();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

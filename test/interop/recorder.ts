/**
 * Stands between a driver and the rig's boards, counts what the driver writes, and cuts the line. Its far
 * end is the rig's TCP line; its near end is what is under test: TCP, or a pseudo-terminal.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPty, type Pty } from '../../rig/pty.ts';
import { until } from '../../rig/test-rig.ts';
import type { BoardsConfig } from '../../src/edge/config.ts';

export type Near = 'tcp' | 'pty';
type LineConfig = BoardsConfig['line'];

/** Every request of both families has so many bytes. */
const REQUEST_BYTES = 5;
const REDIAL_MS = 50;

export type Recorder = {
  line: LineConfig;
  /** Unlock frames that were written since the last `forget`. */
  pulses(): string[];
  forget(): void;
  cut(): Promise<void>;
  /** Undoes a `cut` that does not undo itself. */
  mend(): Promise<void>;
  stop(): Promise<void>;
};

export async function startRecorder(of: {
  near: Near;
  rigPort: number;
  isPulse: (frame: Buffer) => boolean;
}): Promise<Recorder> {
  let written = Buffer.alloc(0);
  const record = (bytes: Uint8Array) => {
    written = Buffer.concat([written, bytes]);
  };
  const near = of.near === 'tcp' ? await tcpNear(of.rigPort, record) : await ptyNear(of.rigPort, record);
  return {
    ...near,
    pulses() {
      const frames: Buffer[] = [];
      for (let at = 0; at < written.length; at += REQUEST_BYTES)
        frames.push(written.subarray(at, at + REQUEST_BYTES));
      assert.ok(
        frames.every((frame) => frame.length === REQUEST_BYTES),
        'the driver writes whole frames and nothing between',
      );
      return frames.filter(of.isPulse).map((frame) => frame.toString('hex'));
    },
    forget() {
      written = Buffer.alloc(0);
    },
  };
}

type NearEnd = Omit<Recorder, 'pulses' | 'forget'>;

async function tcpNear(rigPort: number, record: (bytes: Uint8Array) => void): Promise<NearEnd> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host: '127.0.0.1', port: rigPort, noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (from === near) record(bytes);
        to.write(bytes);
      });
      // Either end's failure ends both; that is all there is to say.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = async () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    line: { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    cut,
    // Whoever dials again is let through again.
    mend: async () => {},
    async stop() {
      await cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Any rate will do: a pseudo-terminal has none. */
const BAUD = 9600;

async function ptyNear(rigPort: number, record: (bytes: Uint8Array) => void): Promise<NearEnd> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-line-'));
  /** A link, as udev makes them, so that a new terminal can take the place of a lost one. */
  const path = join(dir, 'lockboards');
  let pty: Pty | null = null;
  let far: Socket | null = null;
  let stopped = false;
  const dial = () => {
    if (stopped) return;
    const dialled = connect({ host: '127.0.0.1', port: rigPort, noDelay: true });
    far = dialled;
    dialled.on('data', (bytes) => pty?.write(bytes));
    dialled.on('error', () => dialled.destroy());
    // A cabinet without power hangs up; a serial cable does not, it is just silent.
    dialled.on('close', () => setTimeout(dial, REDIAL_MS));
  };
  const plug = async () => {
    pty = await openPty((bytes) => {
      record(bytes);
      far?.write(bytes);
    });
    symlinkSync(pty.path, path);
  };
  const unplug = async () => {
    rmSync(path, { force: true });
    const unplugged = pty;
    pty = null;
    await unplugged?.stop();
  };
  dial();
  await until(() => far?.readyState === 'open');
  await plug();
  return {
    line: { kind: 'serial', path, baud: BAUD },
    cut: unplug,
    mend: plug,
    async stop() {
      stopped = true;
      far?.destroy();
      await unplug();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

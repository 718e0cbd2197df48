/** A wire for the drivers' unit tests: the test holds its other end, and moves the time. */
import { hex } from '../../crypto/bytes.ts';
import { ManualClock } from '../../platform/clock.ts';
import type { BusDeps } from './bus.ts';
import { FrameReader, type Judge } from './frame-reader.ts';
import type { BoardStatus, Line, LockBoard, PulseAnswer } from './lockboard.ts';

type Far = Parameters<Line['open']>[0];

export type Wire = ReturnType<typeof wire>;

/** Opens a driver for boards 0 and 1, or others, looked at every second. */
export function wire(open: (deps: BusDeps) => LockBoard, boards: readonly number[] = [0, 1]) {
  const clock = new ManualClock(0);
  const written: { atMs: number; text: string }[] = [];
  const presence: [number, boolean][] = [];
  const looks: BoardStatus[] = [];
  const garbled: [number, number][] = [];
  let far: Far | null = null;
  let up = false;
  let renewals = 0;
  const wired = {
    clock,
    written,
    presence,
    looks,
    garbled,
    renewals: () => renewals,
    /** What the boards say to a frame, one millisecond later; null is silence. */
    answer: null as ((frame: Uint8Array) => Uint8Array | null) | null,
    say: (bytes: Uint8Array) => far?.onBytes(bytes),
    connect() {
      up = true;
      far?.onUp();
    },
    cut() {
      up = false;
      far?.onDown();
    },
  };
  const line: Line = {
    open(listener) {
      far = listener;
    },
    write(bytes) {
      if (!up) return false;
      written.push({ atMs: clock.monotonicMs(), text: hex(bytes) });
      const said = wired.answer?.(bytes);
      if (said) clock.after(1, () => far?.onBytes(said));
      return true;
    },
    renew() {
      renewals++;
    },
    close: async () => {},
  };
  const board = open({
    line,
    boards,
    pollMs: 1000,
    clock,
    listener: {
      onStatus: (status) => looks.push(status),
      onPresence: (n, present) => presence.push([n, present]),
      onGarbled: (n, bytes) => garbled.push([n, bytes]),
    },
  });
  board.start();
  return Object.assign(wired, { board });
}

/** The answer if it is there by now. */
export async function now(answer: Promise<PulseAnswer>): Promise<PulseAnswer | 'waiting'> {
  const soon = async () => {
    for (let turn = 0; turn < 8; turn++) await null;
    return 'waiting' as const;
  };
  return Promise.race([answer, soon()]);
}

/** Everything that a reader finds in `parts`, as nothing in particular is awaited. */
export function readAll<Frame>(judge: Judge<Frame>, parts: readonly Uint8Array[]) {
  const frames: Frame[] = [];
  let garbled = 0;
  const reader = new FrameReader(judge, {
    onFrame: (frame) => frames.push(frame),
    isAwaited: () => false,
    onGarbled: (bytes) => {
      garbled += bytes;
    },
  });
  for (const part of parts) reader.take(part);
  return { frames, garbled };
}

/** `bytes` cut into pieces of the lengths in `cuts`, over and over. */
export function torn(bytes: readonly number[], cuts: readonly number[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let at = 0, cut = 0; at < bytes.length; cut++) {
    const length = cuts[cut % cuts.length] ?? 1;
    parts.push(Uint8Array.from(bytes.slice(at, at + length)));
    at += length;
  }
  return parts;
}

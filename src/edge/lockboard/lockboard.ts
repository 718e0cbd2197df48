/**
 * The port behind which every lock board stands. A driver sends one unlock frame for one `pulse` and never
 * a second by itself; it reports what the board said, and apart from that what the board senses.
 */
import type { Outcome } from '../../domain/outcome.ts';

export type PulseAnswer = {
  outcome: Outcome;
  /** From the frame's last byte on the wire to the answer, or to the end of the wait. */
  afterMs: number;
  by: 'board' | 'time';
};

/** One look at one board. Bit `lock` of each list; `occupied` is null where no sensor is fitted. */
export type BoardStatus = { board: number; closed: readonly boolean[]; occupied: readonly boolean[] | null };

export type LockBoardListener = {
  onStatus(status: BoardStatus): void;
  /** A board answers, or has stopped answering. */
  onPresence(board: number, present: boolean): void;
  /** Bytes that were no frame of ours: noise, a torn frame, a wrong sum. */
  onGarbled(bytes: number): void;
};

export type LockBoard = {
  start(): void;
  stop(): Promise<void>;
  /** Resolves once; `unknown` when no answer came in time, `failed` when nothing was sent. Never throws for what a board does. */
  pulse(target: { board: number; lock: number }): Promise<PulseAnswer>;
};

/** A serial line: bytes both ways, half duplex by agreement. Reopens itself; what is lost is lost. */
export type Line = {
  open(listener: { onBytes(bytes: Uint8Array): void; onUp(): void; onDown(): void }): void;
  /** False when the line is down: nothing was sent. */
  write(bytes: Uint8Array): boolean;
  close(): Promise<void>;
};

/**
 * The port behind which every lock board stands. A driver sends one unlock frame for one `pulse` and never
 * a second by itself; it reports what the board said, and apart from that what the board senses.
 */
import type { Outcome } from '../../domain/outcome.ts';

/** One lock, as the layout counts: boards and locks from 0. A driver turns this into what its wire says. */
export type Target = { board: number; lock: number };

export type PulseAnswer = {
  outcome: Outcome;
  /** From the frame's last byte on the wire to the answer, or to the end of the wait. */
  afterMs: number;
  by: 'board' | 'time';
};

/** What one look shows. Bit `lock` of each list; `occupied` is null where no sensor is fitted. */
export type Locks = { closed: readonly boolean[]; occupied: readonly boolean[] | null };

/** What a board senses, confirmed. A lock is null until as many looks as the profile asks for agreed on it. */
export type BoardStatus = {
  board: number;
  closed: readonly (boolean | null)[];
  occupied: readonly (boolean | null)[] | null;
};

export type LockBoardListener = {
  onStatus(status: BoardStatus): void;
  /** A board answers, or has stopped answering. */
  onPresence(board: number, present: boolean): void;
  /** Bytes that were no frame: noise, a torn frame, a wrong sum. `board` is the one asked last. */
  onGarbled(board: number, bytes: number): void;
};

export type LockBoard = {
  start(): void;
  stop(): Promise<void>;
  /** Resolves once; `unknown` when no answer came in time, `failed` when nothing was sent. Never throws for what a board does. */
  pulse(target: Target): Promise<PulseAnswer>;
};

/** A serial line: bytes both ways, half duplex by agreement. Reopens itself; what is lost is lost. */
export type Line = {
  open(listener: { onBytes(bytes: Uint8Array): void; onUp(): void; onDown(): void }): void;
  /** False when the line is down: nothing was sent. */
  write(bytes: Uint8Array): boolean;
  /** Hangs up and opens anew; what was written and is not on the wire yet is thrown away. */
  renew(): void;
  close(): Promise<void>;
};

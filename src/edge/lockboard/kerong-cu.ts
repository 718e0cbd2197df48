/**
 * Driver for KERONG CU12 and CU16 boards on one RS-485 bus. Frame: `02 ADDR CMD [DATA] 03 SUM`, SUM the low
 * byte of the sum of all bytes before it, ADDR `board << 4 | lock`. Sources and vectors stand in
 * contract/vectors/lockboard/kerong-cu16.json; what they leave open is in the board's profile.
 *
 * One exchange at a time is on the bus. An unlock goes before any waiting look, is written once, and is
 * answered by the board or by time.
 */
import type { Cancel, Clock } from '../../platform/clock.ts';
import type { BoardProfile } from '../config.ts';
import type { Line, LockBoard, LockBoardListener, PulseAnswer } from './lockboard.ts';

const STX = 0x02;
const ETX = 0x03;
const STATUS = 0x30;
const UNLOCK = 0x31;
const STATUS_REPLY = 0x35;
const STATUS_ALL_REPLY = 0x36;
const REPLY_BYTES = 9;
/** A board that missed this many looks in a row is gone. */
const MISSES_MAX = 3;

export function encodeUnlock(board: number, lock: number): Uint8Array {
  return frame([STX, (board << 4) | lock, UNLOCK, ETX]);
}

export function encodeStatus(board: number): Uint8Array {
  return frame([STX, board << 4, STATUS, ETX]);
}

function frame(bytes: number[]): Uint8Array {
  return Uint8Array.from([...bytes, sum(bytes)]);
}

function sum(bytes: Iterable<number>): number {
  let total = 0;
  for (const byte of bytes) total += byte;
  return total & 0xff;
}

export type StatusReply = { board: number; lock: number; command: number; hooks: number; infrared: number };

/**
 * Takes bytes as they come and gives whole, sound replies. After noise, a torn frame or a wrong sum it
 * drops one byte and looks for the next beginning, so that one bad byte never costs a good frame.
 */
export class ReplyReader {
  #held: number[] = [];
  readonly #onReply: (reply: StatusReply) => void;
  readonly #onGarbled: (bytes: number) => void;

  constructor(on: { reply: (reply: StatusReply) => void; garbled: (bytes: number) => void }) {
    this.#onReply = on.reply;
    this.#onGarbled = on.garbled;
  }

  take(bytes: Uint8Array): void {
    for (const byte of bytes) this.#held.push(byte);
    let dropped = 0;
    while (this.#held.length > 0) {
      const verdict = judgeReply(this.#held);
      if (verdict === 'more') break;
      if (verdict === 'no') {
        this.#held.shift();
        dropped++;
        continue;
      }
      this.#held.splice(0, REPLY_BYTES);
      this.#onReply(verdict);
    }
    if (dropped > 0) this.#onGarbled(dropped);
  }

  /** Nothing more comes for what is held: the bus fell silent, or the exchange is over. */
  reset(): void {
    this.#held = [];
  }
}

function judgeReply(held: readonly number[]): StatusReply | 'more' | 'no' {
  const [start, address = 0, command, low = 0, high = 0, infraredLow = 0, infraredHigh = 0, end, check] =
    held;
  if (start !== STX) return 'no';
  if (command !== undefined && command !== STATUS_REPLY && command !== STATUS_ALL_REPLY) return 'no';
  if (held.length < REPLY_BYTES) return 'more';
  if (end !== ETX || check !== sum(held.slice(0, REPLY_BYTES - 1))) return 'no';
  return {
    board: address >> 4,
    lock: address & 0x0f,
    command: command ?? 0,
    hooks: low | (high << 8),
    infrared: infraredLow | (infraredHigh << 8),
  };
}

/** How an exchange ended. `unsent`: the line was down, so nothing was written. */
type End = { reply: StatusReply | null; afterMs: number; unsent: boolean };
type Exchange = {
  board: number;
  lock: number;
  bytes: Uint8Array;
  expectReply: boolean;
  end: (end: End) => void;
};

export type KerongDeps = {
  line: Line;
  boards: readonly number[];
  profile: BoardProfile;
  pollMs: number;
  clock: Clock;
  listener: LockBoardListener;
};

export function kerongCu(deps: KerongDeps): LockBoard {
  return new KerongCu(deps);
}

class KerongCu implements LockBoard {
  readonly #deps: KerongDeps;
  readonly #reader: ReplyReader;
  #urgent: Exchange[] = [];
  #looks: Exchange[] = [];
  #current: { exchange: Exchange; sentMs: number; unsent: boolean; cancel: Cancel } | null = null;
  /** Between two exchanges the bus rests for `quietMs`. */
  #resting = false;
  #misses = new Map<number, number>();
  #present = new Map<number, boolean>();
  #cancelPoll: Cancel = () => {};
  #stopped = false;

  constructor(deps: KerongDeps) {
    this.#deps = deps;
    this.#reader = new ReplyReader({
      reply: (reply) => this.#replied(reply),
      garbled: (bytes) => deps.listener.onGarbled(bytes),
    });
  }

  start(): void {
    const { line, clock, pollMs } = this.#deps;
    line.open({
      onBytes: (bytes) => this.#reader.take(bytes),
      onUp: () => this.#look(),
      onDown: () => this.#lineDown(),
    });
    this.#cancelPoll = clock.every(pollMs, () => this.#look());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPoll();
    this.#current?.cancel();
    const current = this.#current;
    current?.exchange.end({ reply: null, afterMs: 0, unsent: current.unsent });
    for (const exchange of this.#urgent) exchange.end({ reply: null, afterMs: 0, unsent: true });
    this.#urgent = [];
    await this.#deps.line.close();
  }

  pulse(target: { board: number; lock: number }): Promise<PulseAnswer> {
    const { profile } = this.#deps;
    return new Promise((resolve) => {
      this.#urgent.push({
        ...target,
        bytes: encodeUnlock(target.board, target.lock),
        expectReply: profile.unlockReply === 'status',
        end: (end) => {
          resolve(pulseAnswer(end));
          this.#look();
        },
      });
      this.#next();
    });
  }

  #look(): void {
    if (this.#stopped) return;
    for (const board of this.#deps.boards) {
      if (this.#looks.some((exchange) => exchange.board === board)) continue;
      this.#looks.push({
        board,
        lock: 0,
        bytes: encodeStatus(board),
        expectReply: true,
        end: ({ reply }) => this.#looked(board, reply),
      });
    }
    this.#next();
  }

  #looked(board: number, reply: StatusReply | null): void {
    if (this.#stopped) return;
    const misses = reply ? 0 : (this.#misses.get(board) ?? 0) + 1;
    this.#misses.set(board, misses);
    if (reply) this.#presence(board, true);
    else if (misses >= MISSES_MAX) this.#presence(board, false);
    if (reply) this.#report(reply);
  }

  #presence(board: number, present: boolean): void {
    if (this.#present.get(board) === present) return;
    this.#present.set(board, present);
    this.#deps.listener.onPresence(board, present);
  }

  #report(reply: StatusReply): void {
    const { locksPerBoard, hookBitWhenClosed, infraredBitWhenOccupied } = this.#deps.profile;
    const locks = Array.from({ length: locksPerBoard }, (_, lock) => lock);
    const closed = locks.map((lock) => ((reply.hooks >> lock) & 1) === hookBitWhenClosed);
    const occupied =
      infraredBitWhenOccupied === null
        ? null
        : locks.map((lock) => ((reply.infrared >> lock) & 1) === infraredBitWhenOccupied);
    this.#deps.listener.onStatus({ board: reply.board, closed, occupied });
  }

  #next(): void {
    if (this.#current || this.#resting || this.#stopped) return;
    const exchange = this.#urgent.shift() ?? this.#looks.shift();
    if (!exchange) return;
    const { line, clock, profile } = this.#deps;
    this.#reader.reset();
    const sentMs = clock.monotonicMs();
    const sent = line.write(exchange.bytes);
    const waitMs = exchange.expectReply && sent ? profile.replyMs : profile.quietMs;
    this.#current = { exchange, sentMs, unsent: !sent, cancel: clock.after(waitMs, () => this.#end(null)) };
  }

  #replied(reply: StatusReply): void {
    const exchange = this.#current?.exchange;
    // A frame that nobody asked for, from another board or lock, is a late answer: it settles nothing.
    if (!exchange?.expectReply || reply.command !== STATUS_REPLY) return;
    if (reply.board !== exchange.board || reply.lock !== exchange.lock) return;
    this.#end(reply);
  }

  #end(reply: StatusReply | null): void {
    const current = this.#current;
    if (!current) return;
    current.cancel();
    this.#current = null;
    const { clock, profile } = this.#deps;
    this.#resting = profile.quietMs > 0;
    if (this.#resting) clock.after(profile.quietMs, () => this.#rested());
    current.exchange.end({ reply, afterMs: clock.monotonicMs() - current.sentMs, unsent: current.unsent });
    this.#next();
  }

  #rested(): void {
    this.#resting = false;
    this.#next();
  }

  #lineDown(): void {
    this.#reader.reset();
    for (const board of this.#deps.boards) this.#presence(board, false);
    this.#end(null);
  }
}

function pulseAnswer({ reply, afterMs, unsent }: End): PulseAnswer {
  if (reply) return { outcome: 'released', afterMs, by: 'board' };
  // Without an answer nobody knows whether the latch moved: the frame may have been heard, or not. Only a
  // frame that was never written moved nothing.
  return { outcome: unsent ? 'failed' : 'unknown', afterMs, by: 'time' };
}

/**
 * One half-duplex bus with lock boards of one family. Everything that is the same for all families is here:
 * one exchange at a time, a pulse before any waiting look, silence between frames, read-back after each
 * pulse, presence, and what is not believed. A family says how its frames look and what they answer.
 *
 * A pulse is written once. Nothing in this file writes one again: not after silence, not after a failure,
 * not after the line came back.
 */
import type { Outcome } from '../../domain/outcome.ts';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { FrameReader, type Judge } from './frame-reader.ts';
import type { Line, LockBoard, LockBoardListener, Locks, PulseAnswer, Target } from './lockboard.ts';
import { SensedLocks } from './sensed.ts';

export type Family<Frame> = {
  judge: Judge<Frame>;
  encodePulse(target: Target): Uint8Array;
  encodeLook(board: number): Uint8Array;
  /** False: the board says nothing to a pulse, and only the door can tell. */
  answersPulse: boolean;
  /** What `frame` says to a pulse for `target`; null when it is no answer to that. */
  readPulse(frame: Frame, target: Target): Outcome | null;
  /** What `frame` shows of the locks of `board`; null when it is no answer to a look at that. */
  readLook(frame: Frame, board: number): Locks | null;
  /** The form of the answer to an exchange: two that could be taken for one another have the same. */
  answerForm(board: number, lock: number | 'look'): string;
  /** The form of the answer that `frame` is. */
  formOf(frame: Frame): string;
  /** The board that said something unasked with `frame`; null for every other frame. */
  spokeUnasked(frame: Frame): number | null;
};

/** What every profile declares of timing and caution. */
export type BusProfile = {
  locksPerBoard: number;
  replyMs: number;
  quietMs: number;
  confirmLooks: number;
  echo: boolean;
};

export type BusDeps = {
  line: Line;
  boards: readonly number[];
  pollMs: number;
  clock: Clock;
  listener: LockBoardListener;
};

type Exchange =
  | { do: 'pulse'; board: number; lock: number; resolve: (answer: PulseAnswer) => void }
  | { do: 'look'; board: number };
type Current = { exchange: Exchange; sentMs: number; unsent: boolean; cancel: Cancel };
type Answer = { outcome: Outcome } | { locks: Locks };

/** A board that missed this many looks in a row is gone; a line on which all did is opened anew. */
const MISSES_MAX = 3;
/** So long after its time an answer may still come in, and be taken for the answer to the next pulse. */
const LATE_MS_MAX = 5_000;

export class Bus<Frame> implements LockBoard {
  readonly #family: Family<Frame>;
  readonly #profile: BusProfile;
  readonly #deps: BusDeps;
  readonly #reader: FrameReader<Frame>;
  readonly #sensed: ReadonlyMap<number, SensedLocks>;
  #pulses: Extract<Exchange, { do: 'pulse' }>[] = [];
  #looks: number[] = [];
  #current: Current | null = null;
  /** Between two exchanges the bus rests for `quietMs`. */
  #resting = false;
  /** Until when an answer that was missed may still come, by its form, and what it would answer. */
  #owed = new Map<string, { untilMs: number; to: Exchange['do'] }>();
  #misses = new Map<number, number>();
  #present = new Map<number, boolean>();
  /** Written exchanges since any sound frame came. */
  #unheard = 0;
  /** A pulse was written, and nothing since says that what was written then is not waiting somewhere on the line. */
  #pulseMayWait = false;
  #noise = 0;
  #askedLast: number | null = null;
  #cancelPoll: Cancel = () => {};
  #stopped = false;

  constructor(family: Family<Frame>, profile: BusProfile, deps: BusDeps) {
    this.#family = family;
    this.#profile = profile;
    this.#deps = deps;
    this.#sensed = new Map(
      deps.boards.map((board) => [
        board,
        new SensedLocks({ locks: profile.locksPerBoard, confirmLooks: profile.confirmLooks }),
      ]),
    );
    this.#reader = new FrameReader(family.judge, {
      onFrame: (frame) => this.#heard(frame),
      isAwaited: (frame) => this.#answerIn(frame) !== null,
      onGarbled: (bytes) => {
        this.#noise += bytes;
      },
    });
  }

  start(): void {
    const { line, clock, pollMs } = this.#deps;
    line.open({
      onBytes: (bytes) => this.#reader.take(bytes),
      onUp: () => this.#lookAtAll(),
      onDown: () => this.#lineDown(),
    });
    this.#cancelPoll = clock.every(pollMs, () => this.#lookAtAll());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelPoll();
    this.#looks = [];
    this.#end(null);
    for (const { resolve } of this.#pulses) resolve({ outcome: 'failed', afterMs: 0, by: 'time' });
    this.#pulses = [];
    this.#tellNoise();
    await this.#deps.line.close();
  }

  async pulse({ board, lock }: Target): Promise<PulseAnswer> {
    // An address outside would reach another lock on some wires: a bug, and it must not move anything.
    if (!this.#deps.boards.includes(board) || lock < 0 || lock >= this.#profile.locksPerBoard)
      throw new Error(`there is no lock ${lock} on board ${board}`);
    if (this.#stopped) return { outcome: 'failed', afterMs: 0, by: 'time' };
    return new Promise((resolve) => {
      this.#pulses.push({ do: 'pulse', board, lock, resolve });
      this.#next();
    });
  }

  #lookAtAll(): void {
    for (const board of this.#deps.boards) if (!this.#looks.includes(board)) this.#looks.push(board);
    this.#next();
  }

  #next(): void {
    if (this.#current || this.#resting || this.#stopped) return;
    const exchange = this.#takeNext();
    if (!exchange) return;
    const { line, clock } = this.#deps;
    const { replyMs, quietMs, echo } = this.#profile;
    const bytes =
      exchange.do === 'pulse' ? this.#family.encodePulse(exchange) : this.#family.encodeLook(exchange.board);
    this.#reader.begin(echo ? bytes : null);
    this.#tellNoise();
    this.#askedLast = exchange.board;
    const sentMs = clock.monotonicMs();
    const sent = line.write(bytes);
    const waitMs = sent && this.#expectsAnswer(exchange) ? replyMs : quietMs;
    this.#current = { exchange, sentMs, unsent: !sent, cancel: clock.after(waitMs, () => this.#end(null)) };
  }

  #takeNext(): Exchange | undefined {
    const pulse = this.#pulses.shift();
    if (pulse) return pulse;
    const board = this.#looks.shift();
    return board === undefined ? undefined : { do: 'look', board };
  }

  #expectsAnswer(exchange: Exchange): boolean {
    return exchange.do === 'look' || this.#family.answersPulse;
  }

  /** What `frame` answers of the exchange under way; null for one that is late, foreign or unasked. */
  #answerIn(frame: Frame): Answer | null {
    if (!this.#current || this.#current.unsent) return null;
    const { exchange } = this.#current;
    if (!this.#expectsAnswer(exchange)) return null;
    if (exchange.do === 'look') {
      const locks = this.#family.readLook(frame, exchange.board);
      return locks && { locks };
    }
    const outcome = this.#family.readPulse(frame, exchange);
    return outcome && { outcome };
  }

  #heard(frame: Frame): void {
    this.#unheard = 0;
    const answer = this.#answerIn(frame);
    // An answer that was missed before has the very form of this one: the first to come may be the old.
    const late = (!answer || 'outcome' in answer) && this.#payOwed(frame);
    if (answer && !late) {
      // The line keeps the order of what is written: what stood before this exchange has arrived too.
      this.#pulseMayWait = false;
      return this.#end(answer);
    }
    const board = this.#family.spokeUnasked(frame);
    // Behind the looks that wait: a board that never stops talking must not hide the others.
    if (board === null || !this.#deps.boards.includes(board) || this.#looks.includes(board)) return;
    this.#looks.push(board);
    this.#next();
  }

  #payOwed(frame: Frame): boolean {
    const form = this.#family.formOf(frame);
    const owed = this.#owed.get(form);
    this.#owed.delete(form);
    return owed !== undefined && this.#deps.clock.monotonicMs() <= owed.untilMs;
  }

  #end(answer: Answer | null): void {
    const current = this.#current;
    if (!current) return;
    current.cancel();
    this.#current = null;
    const { exchange, unsent } = current;
    const { clock } = this.#deps;
    const afterMs = clock.monotonicMs() - current.sentMs;
    if (!unsent) this.#account(exchange, answer);
    this.#rest();
    if (exchange.do === 'pulse') {
      exchange.resolve(pulseAnswer(answer, { afterMs, unsent }));
      // Read-back: what the board said, or did not say, is one fact; what its door does is another.
      if (!unsent) this.#lookSoon(exchange.board);
    } else this.#looked(exchange.board, answer && 'locks' in answer ? answer.locks : null);
    this.#next();
  }

  #account(exchange: Exchange, answer: Answer | null): void {
    if (exchange.do === 'pulse' && !answer) this.#pulseMayWait = true;
    if (!this.#expectsAnswer(exchange)) return;
    const { replyMs } = this.#profile;
    const nowMs = this.#deps.clock.monotonicMs();
    const form = this.#family.answerForm(exchange.board, exchange.do === 'pulse' ? exchange.lock : 'look');
    const owed = this.#owed.get(form);
    if (!answer) {
      this.#unheard++;
      // A look that is missed does not shorten the wait for the answer to a pulse.
      if (exchange.do === 'pulse' || owed?.to !== 'pulse')
        this.#owed.set(form, { untilMs: nowMs + LATE_MS_MAX, to: exchange.do });
    } else if (exchange.do === 'look' && owed?.to === 'look') {
      // Looks are answered in order: if this was the missed answer, this look's own is not far behind.
      this.#owed.set(form, { ...owed, untilMs: Math.min(owed.untilMs, nowMs + replyMs) });
    }
  }

  #rest(): void {
    const { quietMs } = this.#profile;
    if (quietMs === 0 || this.#stopped) return;
    this.#resting = true;
    this.#deps.clock.after(quietMs, () => {
      this.#resting = false;
      this.#next();
    });
  }

  #lookSoon(board: number): void {
    this.#looks = [board, ...this.#looks.filter((waiting) => waiting !== board)];
    this.#next();
  }

  #looked(board: number, locks: Locks | null): void {
    if (this.#stopped) return;
    const misses = locks ? 0 : (this.#misses.get(board) ?? 0) + 1;
    this.#misses.set(board, misses);
    if (locks) this.#setPresent(board, true);
    else if (misses >= MISSES_MAX) this.#setPresent(board, false);
    if (locks) this.#believe(board, locks);
    else this.#renewDeadLine(board);
  }

  #believe(board: number, locks: Locks): void {
    const seen = this.#sensed.get(board)?.take(locks);
    if (!seen) return;
    this.#deps.listener.onStatus({ board, ...seen.status });
    // Behind the looks that wait: one switch that flutters must not hide the other boards.
    if (!seen.settled && !this.#looks.includes(board)) this.#looks.push(board);
  }

  /**
   * A line whose far end is gone without a word would keep our frames, and deliver them some day. While an unlock may
   * be among them it is asked at once, one board after the other, and not given the time of all of them: whoever
   * stood at that door is let go after a few seconds.
   */
  #renewDeadLine(missed: number): void {
    const { boards, line } = this.#deps;
    if (this.#unheard < MISSES_MAX * (this.#pulseMayWait ? 1 : boards.length)) {
      if (this.#pulseMayWait) this.#lookSoon(boards[(boards.indexOf(missed) + 1) % boards.length] ?? missed);
      return;
    }
    this.#unheard = 0;
    this.#pulseMayWait = false;
    line.renew();
  }

  #setPresent(board: number, present: boolean): void {
    if (this.#present.get(board) === present) return;
    this.#present.set(board, present);
    this.#deps.listener.onPresence(board, present);
  }

  #tellNoise(): void {
    const board = this.#askedLast ?? this.#deps.boards[0];
    const bytes = this.#noise;
    this.#noise = 0;
    if (bytes > 0 && board !== undefined) this.#deps.listener.onGarbled(board, bytes);
  }

  #lineDown(): void {
    this.#unheard = 0;
    this.#pulseMayWait = false;
    if (this.#stopped) return;
    for (const board of this.#deps.boards) this.#setPresent(board, false);
    this.#end(null);
  }
}

function pulseAnswer(answer: Answer | null, of: { afterMs: number; unsent: boolean }): PulseAnswer {
  const { afterMs, unsent } = of;
  if (answer && 'outcome' in answer) return { outcome: answer.outcome, afterMs, by: 'board' };
  // Without an answer nobody knows whether the latch moved: the frame may have been heard, or not. Only a
  // frame that was never written moved nothing.
  return { outcome: unsent ? 'failed' : 'unknown', afterMs, by: 'time' };
}

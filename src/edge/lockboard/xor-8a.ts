/**
 * The "0x8A" XOR boards. Frame: `HEAD BOARD LOCK FN XOR`, XOR the exclusive or of all bytes before it; the
 * answer to a look is longer, `80 BOARD STATES 33 XOR`. On the wire boards and locks count from 1, and lock
 * 0 means all: it is never sent. Sources and vectors stand in contract/vectors/lockboard/xor-8a.json; what
 * they leave open is in the board's profile.
 *
 * XOR finds every single wrong bit and misses any even number of them in one column, so the profile asks
 * for looks that agree. Two answers share their bytes with requests: the open that failed equals the open.
 */
import type { Outcome } from '../../domain/outcome.ts';
import type { Xor8aProfile } from '../config.ts';
import { Bus, type BusDeps, type Family } from './bus.ts';
import type { Verdict } from './frame-reader.ts';
import type { LockBoard, Locks } from './lockboard.ts';

const OPEN = 0x8a;
const QUERY = 0x80;
const UNASKED = 0x82;
const FN_OPEN = 0x11;
const FN_QUERY = 0x33;
const ALL_LOCKS = 0;
const STATE_00 = 0x00;
const STATE_11 = 0x11;
const SHORT_BYTES = 5;
/** Beside the states: head, board, function and check. */
const QUERY_EXTRA_BYTES = 4;

/** The switch on the board has five positions, and 0 is no address. */
export const XOR_8A_BOARDS_MAX = 31;

export type Xor8aFrame =
  | { is: 'opened' | 'unasked'; board: number; lock: number; state: number }
  | { is: 'states'; board: number; states: readonly number[] };

export function xor8a(deps: BusDeps & { profile: Xor8aProfile }): LockBoard {
  return new Bus(xor8aFamily(deps.profile), deps.profile, deps);
}

export function xor8aFamily(profile: Xor8aProfile): Family<Xor8aFrame> {
  return {
    judge: (held) => judgeFrame(held, profile.stateBytes),
    encodePulse: ({ board, lock }) => frame([OPEN, board + 1, lock + 1, FN_OPEN]),
    encodeLook: (board) => frame([QUERY, board + 1, ALL_LOCKS, FN_QUERY]),
    answersPulse: true,
    readPulse(heard, { board, lock }) {
      if (heard.is !== 'opened' || heard.board !== board + 1 || heard.lock !== lock + 1) return null;
      return outcomeOf(heard.state, profile);
    },
    readLook(heard, board) {
      return heard.is === 'states' && heard.board === board + 1 ? locksIn(heard.states, profile) : null;
    },
    answerForm: (board, lock) => `${board}.${lock}`,
    formOf: (heard) =>
      heard.is === 'states'
        ? `${heard.board - 1}.look`
        : `${heard.board - 1}.${heard.is === 'opened' ? heard.lock - 1 : 'unasked'}`,
    // What a board says unasked is not believed, only looked into: no source shows such a frame whole.
    spokeUnasked: (heard) => (heard.is === 'unasked' ? heard.board - 1 : null),
  };
}

function outcomeOf(state: number, { answer00, answer11, oddAnswer }: Xor8aProfile): Outcome | null {
  if (state === STATE_00) return answer00;
  if (state === STATE_11) return answer11;
  return oddAnswer === 'released' ? 'released' : null;
}

function frame(bytes: number[]): Uint8Array {
  return Uint8Array.from([...bytes, xor(bytes)]);
}

function xor(bytes: readonly number[]): number {
  return bytes.reduce((check, byte) => check ^ byte, 0);
}

/**
 * The answer to a query of one lock is not known here, because none is asked: it has the head of the longer
 * answer, and the two cannot always be told apart.
 */
export function judgeFrame(held: readonly number[], stateBytes: number): Verdict<Xor8aFrame> {
  const [head, board = 0, lock = 0, state = 0] = held;
  if (head === QUERY) return judgeStates(held, stateBytes);
  if (head !== OPEN && head !== UNASKED) return 'no';
  if (held.length < SHORT_BYTES) return 'more';
  if (xor(held.slice(0, SHORT_BYTES)) !== 0) return 'no';
  return { frame: { is: head === OPEN ? 'opened' : 'unasked', board, lock, state }, bytes: SHORT_BYTES };
}

function judgeStates(held: readonly number[], stateBytes: number): Verdict<Xor8aFrame> {
  const fn = held[2 + stateBytes];
  const bytes = stateBytes + QUERY_EXTRA_BYTES;
  if (fn !== undefined && fn !== FN_QUERY) return 'no';
  if (held.length < bytes) return 'more';
  if (xor(held.slice(0, bytes)) !== 0) return 'no';
  return { frame: { is: 'states', board: held[1] ?? 0, states: held.slice(2, 2 + stateBytes) }, bytes };
}

function locksIn(states: readonly number[], profile: Xor8aProfile): Locks {
  const { locksPerBoard, stateBytes, stateOrder, stateBitWhenClosed } = profile;
  const closed = Array.from({ length: locksPerBoard }, (_, lock) => {
    const byte = lock >> 3;
    const states8 = states[stateOrder === 'first-first' ? byte : stateBytes - 1 - byte] ?? 0;
    return ((states8 >> (lock & 7)) & 1) === stateBitWhenClosed;
  });
  // No source shows a sensor for what is inside.
  return { closed, occupied: null };
}

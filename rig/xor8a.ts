/**
 * The wire format of the "0x8A" XOR lock boards, seen from the board: requests in, replies out.
 *
 * Written from the vectors in `contract/vectors/lockboard/xor-8a.json` and from nothing else, apart from
 * the cabinet's driver, which was written from the same file by other hands.
 *
 *   request     8A BOARD LOCK 11 XOR   open; lock 0 is every lock
 *               80 BOARD LOCK 33 XOR   query; lock 0 is every lock
 *   reply       8A BOARD LOCK STATE XOR, 80 BOARD LOCK STATE XOR, 80 BOARD STATES 33 XOR
 *   unasked     82 BOARD LOCK STATE XOR
 *
 * Boards and locks count from 1; XOR is the exclusive or of all bytes before it. STATE is 00 where the
 * latch stands open and 11 where it holds.
 */
import { z } from 'zod';
import vectors from '../src/contract/vectors/lockboard/xor-8a.json' with { type: 'json' };
import type { BoardFamily, BoardRequest, SeenLock } from './family.ts';
import { FrameReader } from './frames.ts';

const meaning = z.enum(['released', 'failed', 'unknown']);

/** What sources say differently of these boards; what concerns a driver alone is left out. */
export const xor8aProfile = z.object({
  locksPerBoard: z.int().min(1).max(50),
  baud: z.int().positive(),
  /** How many state bytes the answer to query-all has; it does not follow from the number of locks. */
  stateBytes: z.int().min(1).max(7),
  stateOrder: z.enum(['last-first', 'first-first']),
  stateBitWhenClosed: z.union([z.literal(0), z.literal(1)]),
  /** What the two state bytes mean in the answer to an open. */
  answer00: meaning,
  answer11: meaning,
  /** True where the adapter hears what it sends itself, and passes it on. */
  echo: z.boolean(),
  quietMs: z.int().nonnegative(),
  /** The state in the answer to an open can only be known after the pulse, so the answer comes then. */
  pulseMs: z.int().nonnegative(),
  /** True where a board speaks up by itself when a door changes. Not every board does. */
  unsolicited: z.boolean(),
});
export type Xor8aProfile = z.infer<typeof xor8aProfile>;

export const XOR8A: Xor8aProfile = xor8aProfile.parse({ ...vectors.profile, unsolicited: false });

const OPEN = 0x8a;
const QUERY = 0x80;
const UNASKED = 0x82;
const FN_OPEN = 0x11;
const FN_QUERY = 0x33;
const EVERY_LOCK = 0;

const STANDS_OPEN = 0x00;
const HOLDS = 0x11;

const REQUEST_BYTES = 5;

export function xor8aFamily(profile: Xor8aProfile): BoardFamily {
  return {
    baud: profile.baud,
    quietMs: profile.quietMs,
    requestBytes: REQUEST_BYTES,
    answerAfterMs: profile.pulseMs,
    echo: profile.echo,
    deafWhileSpeaking: true,
    decoder: () => new FrameReader(SHAPE),
    unlockAnswer: ({ board, of, names, seen }) =>
      of < profile.locksPerBoard
        ? framed(OPEN, board + 1, names + 1, answerByte(profile, seen(of).closed))
        : null,
    // One source shows it: the board gives the request back.
    unlockAllAnswer: ({ board }) => framed(OPEN, board + 1, EVERY_LOCK, FN_OPEN),
    statusAnswer({ request, board, seen }) {
      const lock = request.do === 'status' ? request.lock : undefined;
      if (lock === undefined) return framed(QUERY, board + 1, ...statesOf(profile, seen), FN_QUERY);
      return lock < profile.locksPerBoard
        ? framed(QUERY, board + 1, lock + 1, stateByte(seen(lock).closed))
        : null;
    },
    stateChange: ({ board, lock, seen }) =>
      profile.unsolicited ? framed(UNASKED, board + 1, lock + 1, stateByte(seen(lock).closed)) : null,
  };
}

function framed(...body: readonly number[]): Buffer {
  return Buffer.from([...body, xorOf(body)]);
}

function stateByte(closed: boolean): number {
  return closed ? HOLDS : STANDS_OPEN;
}

/** Sources disagree on what 11 means after an open, so a board says it with the byte that its profile names. */
function answerByte({ answer00, answer11 }: Xor8aProfile, closed: boolean): number {
  const meant = closed ? 'failed' : 'released';
  if (answer00 === meant) return STANDS_OPEN;
  if (answer11 === meant) return HOLDS;
  return stateByte(closed);
}

/** One bit a lock, lock 1 in the lowest bit of its byte; the order of the bytes is the profile's. */
function statesOf(profile: Xor8aProfile, seen: (lock: number) => SeenLock): number[] {
  const states = Array.from({ length: profile.stateBytes }, (_, at) => {
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) {
      const lock = at * 8 + bit;
      // A channel that the board does not have is never 1.
      if (lock >= profile.locksPerBoard) break;
      byte |= (seen(lock).closed ? profile.stateBitWhenClosed : 1 - profile.stateBitWhenClosed) << bit;
    }
    return byte;
  });
  return profile.stateOrder === 'last-first' ? states.reverse() : states;
}

const SHAPE = {
  bytes: REQUEST_BYTES,
  isFrame: (bytes: readonly number[]) => xorOf(bytes) === 0 && [OPEN, QUERY].includes(bytes[0] ?? -1),
  requestIn,
};

/**
 * Boards do open every lock when they are asked to, and so does this one: a driver that counts its locks
 * from the wrong number has to be seen to open a whole cabinet, and not to open nothing.
 */
function requestIn(frame: readonly number[]): BoardRequest | null {
  const [head, board1 = 0, lock1 = 0, fn] = frame;
  if (board1 === 0) return null;
  const [board, lock] = [board1 - 1, lock1 - 1];
  if (head === OPEN && fn === FN_OPEN)
    return lock1 === EVERY_LOCK ? { do: 'unlock-all', board } : { do: 'unlock', board, lock };
  if (head === QUERY && fn === FN_QUERY)
    return lock1 === EVERY_LOCK ? { do: 'status', board } : { do: 'status', board, lock };
  return null;
}

function xorOf(bytes: readonly number[]): number {
  return bytes.reduce((xor, byte) => xor ^ byte, 0);
}

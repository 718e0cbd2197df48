/**
 * The wire format of a KERONG CU16 lock board, seen from the board: requests in, replies out.
 *
 * Written from the vectors in `contract/vectors/lockboard/kerong-cu16.json` and from nothing else. The
 * cabinet's driver was written from the same file by other hands, so that a misreading shows as a
 * failing conversation and not as two programs wrong in the same way.
 *
 *   request  02 ADDR CMD 03 SUM
 *   reply    02 ADDR CMD HOOKS-LOW HOOKS-HIGH INFRARED-LOW INFRARED-HIGH 03 SUM
 *
 * ADDR is board << 4 | lock, both from 0; SUM is the low byte of the sum of all bytes before it.
 */
import { z } from 'zod';
import vectors from '../src/contract/vectors/lockboard/kerong-cu16.json' with { type: 'json' };
import type { BoardFamily, BoardRequest, SeenLock } from './family.ts';
import { FrameReader } from './frames.ts';

const bit = z.union([z.literal(0), z.literal(1)]);

/** What no public source says of these boards, and therefore differs from installation to installation. */
export const cu16Profile = z.strictObject({
  name: z.string(),
  locksPerBoard: z.int().min(1).max(16),
  baud: z.int().positive(),
  hookBitWhenClosed: bit,
  infraredBitWhenOccupied: bit,
  unlockReply: z.enum(['none', 'status']),
  replyMs: z.int().positive(),
  quietMs: z.int().nonnegative(),
  pulseMs: z.int().positive(),
});
export type Cu16Profile = z.infer<typeof cu16Profile>;

export const CU16: Cu16Profile = cu16Profile.parse(vectors.profile);

export type Cu16Reply = {
  /** Which request it answers: 35 to an unlock or the status of one board, 36 to the status of all. */
  command: typeof STATUS_ANSWER | typeof STATUS_ALL_ANSWER;
  board: number;
  /** The lock that an unlock named; 0 in the answer to a status. */
  lock: number;
  /** One bit a lock, bit 0 for lock 0. */
  hooks: number;
  infrared: number;
};

export const STATUS_ANSWER = 0x35;
export const STATUS_ALL_ANSWER = 0x36;

const STX = 0x02;
const ETX = 0x03;
const STATUS = 0x30;
const UNLOCK = 0x31;
const STATUS_ALL = 0x32;
const EVERY_BOARD = 0xf0;

const REQUEST_BYTES = 5;

/** What a board of this family does and says, as far as it differs from other families. */
export function cu16Family(profile: Cu16Profile): BoardFamily {
  return {
    baud: profile.baud,
    quietMs: profile.quietMs,
    requestBytes: REQUEST_BYTES,
    answerAfterMs: 0,
    echo: false,
    deafWhileSpeaking: false,
    decoder: () => new FrameReader(SHAPE),
    unlockAnswer({ board, names, seen }) {
      if (profile.unlockReply === 'none') return null;
      return encodeReply({ command: STATUS_ANSWER, board, lock: names, ...bitsOf(profile, seen) });
    },
    statusAnswer({ request, board, seen }) {
      const command = request.do === 'status-all' ? STATUS_ALL_ANSWER : STATUS_ANSWER;
      return encodeReply({ command, board, lock: 0, ...bitsOf(profile, seen) });
    },
    unlockAllAnswer: () => null,
    stateChange: () => null,
  };
}

function bitsOf(profile: Cu16Profile, seen: (lock: number) => SeenLock): { hooks: number; infrared: number } {
  let hooks = 0;
  let infrared = 0;
  for (let position = 0; position < profile.locksPerBoard; position++) {
    const { closed, occupied } = seen(position);
    hooks |= bitOf(closed, profile.hookBitWhenClosed) << position;
    infrared |= bitOf(occupied, profile.infraredBitWhenOccupied) << position;
  }
  return { hooks, infrared };
}

/** The bit that says `fact`, on a board that says it with `bitWhenTrue`. */
function bitOf(fact: boolean, bitWhenTrue: 0 | 1): number {
  return fact ? bitWhenTrue : 1 - bitWhenTrue;
}

export function encodeReply(reply: Cu16Reply): Buffer {
  const { hooks, infrared } = reply;
  const address = (reply.board << 4) | reply.lock;
  const body = [STX, address, reply.command, hooks & 0xff, hooks >> 8, infrared & 0xff, infrared >> 8, ETX];
  return Buffer.from([...body, sumOf(body)]);
}

const SHAPE = {
  bytes: REQUEST_BYTES,
  isFrame: (bytes: readonly number[]) =>
    bytes[0] === STX && bytes[3] === ETX && bytes[4] === sumOf(bytes.slice(0, 4)),
  requestIn,
};

function requestIn(frame: readonly number[]): BoardRequest | null {
  const [, address = 0, command] = frame;
  const board = address >> 4;
  const lock = address & 0x0f;
  if (command === UNLOCK) return { do: 'unlock', board, lock };
  // No source shows a status request that names a lock.
  if (command === STATUS && lock === 0) return { do: 'status', board };
  if (command === STATUS_ALL && address === EVERY_BOARD) return { do: 'status-all' };
  return null;
}

function sumOf(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte) => sum + byte, 0) & 0xff;
}

/**
 * KERONG CU12 and CU16 boards. Frame: `02 ADDR CMD [DATA] 03 SUM`, SUM the low byte of the sum of all bytes
 * before it, ADDR `board << 4 | lock`. Sources and vectors stand in
 * contract/vectors/lockboard/kerong-cu16.json; what they leave open is in the board's profile.
 */
import type { KerongCuProfile } from '../config.ts';
import { Bus, type BusDeps, type Family } from './bus.ts';
import type { Verdict } from './frame-reader.ts';
import type { LockBoard, Locks } from './lockboard.ts';

const STX = 0x02;
const ETX = 0x03;
const STATUS = 0x30;
const UNLOCK = 0x31;
const STATUS_REPLY = 0x35;
const STATUS_ALL_REPLY = 0x36;
const REPLY_BYTES = 9;

/** What an address has room for: four bits for the board, four for the lock. */
export const KERONG_BOARDS_MAX = 16;

export function kerongCu(deps: BusDeps & { profile: KerongCuProfile }): LockBoard {
  return new Bus(kerongFamily(deps.profile), { ...deps.profile, echo: false }, deps);
}

export function kerongFamily(profile: KerongCuProfile): Family<KerongReply> {
  return {
    judge: judgeReply,
    encodePulse: ({ board, lock }) => encodeUnlock(board, lock),
    encodeLook: encodeStatus,
    answersPulse: profile.unlockReply === 'status',
    readPulse(reply, { board, lock }) {
      if (!answers(reply, board, lock)) return null;
      const closed = ((reply.hooks >> lock) & 1) === profile.hookBitWhenClosed;
      return closed ? profile.answerStillClosed : 'released';
    },
    readLook: (reply, board) => (answers(reply, board, 0) ? locksIn(reply, profile) : null),
    // A look is answered from lock 0, and so is an unlock of lock 0: the bytes are the same.
    answerForm: (board, lock) => `${board}.${lock === 'look' ? 0 : lock}`,
    formOf: ({ board, lock }) => `${board}.${lock}`,
    spokeUnasked: () => null,
  };
}

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

export type KerongReply = { board: number; lock: number; command: number; hooks: number; infrared: number };

export function judgeReply(held: readonly number[]): Verdict<KerongReply> {
  const [start, address = 0, command, low = 0, high = 0, infraredLow = 0, infraredHigh = 0, end, check] =
    held;
  if (start !== STX) return 'no';
  if (command !== undefined && command !== STATUS_REPLY && command !== STATUS_ALL_REPLY) return 'no';
  if (held.length < REPLY_BYTES) return 'more';
  if (end !== ETX || check !== sum(held.slice(0, REPLY_BYTES - 1))) return 'no';
  const reply = {
    board: address >> 4,
    lock: address & 0x0f,
    command: command ?? 0,
    hooks: low | (high << 8),
    infrared: infraredLow | (infraredHigh << 8),
  };
  return { frame: reply, bytes: REPLY_BYTES };
}

/** Nobody here asks all boards at once, so an answer to that is no answer to us. */
function answers(reply: KerongReply, board: number, lock: number): boolean {
  return reply.command === STATUS_REPLY && reply.board === board && reply.lock === lock;
}

function locksIn(reply: KerongReply, profile: KerongCuProfile): Locks {
  const { locksPerBoard, hookBitWhenClosed, infraredBitWhenOccupied } = profile;
  const locks = Array.from({ length: locksPerBoard }, (_, lock) => lock);
  return {
    closed: locks.map((lock) => ((reply.hooks >> lock) & 1) === hookBitWhenClosed),
    occupied:
      infraredBitWhenOccupied === null
        ? null
        : locks.map((lock) => ((reply.infrared >> lock) & 1) === infraredBitWhenOccupied),
  };
}

/** The families as the contract suite needs them: one function each, for either line. */

import kerong from '../../src/contract/vectors/lockboard/kerong-cu16.json' with { type: 'json' };
import xor from '../../src/contract/vectors/lockboard/xor-8a.json' with { type: 'json' };
import {
  type KerongCuProfile,
  kerongCuProfile,
  type Xor8aProfile,
  xor8aProfile,
} from '../../src/edge/config.ts';
import type { ContractOf } from './lockboard-contract.ts';
import type { Near } from './recorder.ts';

const POLL_MS = 40;
/** Shorter than the vectors' times: what is tested is order, not speed. */
const PULSE_MS = 20;
const REPLY_MS = 300;

/** The vectors' profile without what only the boards and the line need. */
function declared<T>(profile: T & { baud: number; pulseMs: number }): Omit<T, 'baud' | 'pulseMs'> {
  const { baud: _, pulseMs: __, ...rest } = profile;
  return rest;
}

const CU16: KerongCuProfile = kerongCuProfile.parse({
  ...declared(kerong.profile),
  answerStillClosed: 'failed',
  replyMs: REPLY_MS,
});
const XOR_8A: Xor8aProfile = xor8aProfile.parse({ ...declared(xor.profile), replyMs: REPLY_MS });

const hex = (bytes: readonly number[]) => Buffer.from(bytes).toString('hex');

export function kerongCu(near: Near): ContractOf {
  return {
    near,
    boards: { family: 'kerong-cu', profile: { pulseMs: PULSE_MS } },
    config: (line, flipped) => ({
      family: 'kerong-cu',
      line,
      pollMs: POLL_MS,
      profile: flipped ? { ...CU16, hookBitWhenClosed: 0, infraredBitWhenOccupied: 0 } : CU16,
    }),
    isPulse: (frame) => frame[0] === 0x02 && frame[2] === 0x31,
    sensesInside: true,
    pulseFrame({ board, lock }) {
      const body = [0x02, board * 16 + lock, 0x31, 0x03];
      return hex([...body, body.reduce((sum, byte) => sum + byte, 0) % 256]);
    },
  };
}

export function xor8a(near: Near): ContractOf {
  return {
    near,
    boards: { family: 'xor-8a', profile: { pulseMs: PULSE_MS } },
    config: (line, flipped) => ({
      family: 'xor-8a',
      line,
      pollMs: POLL_MS,
      profile: flipped ? { ...XOR_8A, stateBitWhenClosed: 0 } : XOR_8A,
    }),
    isPulse: (frame) => frame[0] === 0x8a,
    sensesInside: false,
    pulseFrame({ board, lock }) {
      const body = [0x8a, board + 1, lock + 1, 0x11];
      return hex([...body, body.reduce((check, byte) => check ^ byte, 0)]);
    },
  };
}

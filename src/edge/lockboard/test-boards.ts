/**
 * The far ends of the drivers' unit tests: what boards of each family say, written anew from the vectors'
 * descriptions, so that reader and writer are two.
 */
import type { KerongCuProfile, Xor8aProfile } from '../config.ts';
import type { BusDeps, BusProfile } from './bus.ts';
import { kerongCu } from './kerong-cu.ts';
import type { LockBoard, Target } from './lockboard.ts';
import { xor8a } from './xor-8a.ts';

export const KERONG_PROFILE: KerongCuProfile = {
  name: 'test',
  locksPerBoard: 16,
  hookBitWhenClosed: 1,
  infraredBitWhenOccupied: 1,
  unlockReply: 'status',
  answerStillClosed: 'released',
  confirmLooks: 1,
  replyMs: 100,
  quietMs: 5,
};

export const XOR_PROFILE: Xor8aProfile = {
  name: 'test',
  locksPerBoard: 24,
  stateBytes: 3,
  stateOrder: 'last-first',
  stateBitWhenClosed: 1,
  answer00: 'released',
  answer11: 'failed',
  oddAnswer: 'ignored',
  echo: false,
  confirmLooks: 1,
  replyMs: 100,
  quietMs: 5,
};

export function kerongReply(reply: {
  board: number;
  lock: number;
  hooks: number;
  infrared: number;
  command?: number;
}): Uint8Array {
  const { board, lock, hooks, infrared, command = 0x35 } = reply;
  const body = [
    0x02,
    board * 16 + lock,
    command,
    hooks % 256,
    Math.floor(hooks / 256),
    infrared % 256,
    Math.floor(infrared / 256),
    0x03,
  ];
  return Uint8Array.from([...body, body.reduce((total, byte) => total + byte, 0) % 256]);
}

/** Five or more bytes and their XOR; board and lock are the wire's own here, from 1. */
export function xorFrame(bytes: readonly number[]): Uint8Array {
  let check = 0;
  for (const byte of bytes) check ^= byte;
  return Uint8Array.from([...bytes, check]);
}

/** One family as the tests of the bus need it; boards and locks count from 0. */
export type TestFamily = {
  name: string;
  open(deps: BusDeps, change?: Partial<Pick<BusProfile, 'confirmLooks'>>): LockBoard;
  profile: BusProfile;
  isPulse(text: string): boolean;
  pulseFrame(target: Target): string;
  /** Says that the pulse was carried out. */
  released(target: Target): Uint8Array;
  /** Shows every lock of `board` shut but those in `open`. */
  look(board: number, open?: readonly number[]): Uint8Array;
};

const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

export const FAMILIES: readonly TestFamily[] = [
  {
    name: 'kerong-cu',
    open: (deps, change) => kerongCu({ ...deps, profile: { ...KERONG_PROFILE, ...change } }),
    profile: { ...KERONG_PROFILE, echo: false },
    isPulse: (text) => text.slice(4, 6) === '31',
    pulseFrame({ board, lock }) {
      const body = [0x02, board * 16 + lock, 0x31, 0x03];
      return hexOf(Uint8Array.from([...body, body.reduce((total, byte) => total + byte, 0) % 256]));
    },
    released: ({ board, lock }) => kerongReply({ board, lock, hooks: 0, infrared: 0 }),
    look: (board, open = []) =>
      kerongReply({
        board,
        lock: 0,
        hooks: open.reduce((hooks, lock) => hooks - 2 ** lock, 0xffff),
        infrared: 0,
      }),
  },
  {
    name: 'xor-8a',
    open: (deps, change) => xor8a({ ...deps, profile: { ...XOR_PROFILE, ...change } }),
    profile: XOR_PROFILE,
    isPulse: (text) => text.startsWith('8a'),
    pulseFrame: ({ board, lock }) => hexOf(xorFrame([0x8a, board + 1, lock + 1, 0x11])),
    released: ({ board, lock }) => xorFrame([0x8a, board + 1, lock + 1, 0x00]),
    look(board, open = []) {
      const shut = open.reduce((states, lock) => states - 2 ** lock, 0xffffff);
      const bytes = [Math.floor(shut / 65_536), Math.floor(shut / 256) % 256, shut % 256];
      return xorFrame([0x80, board + 1, ...bytes, 0x33]);
    },
  },
];

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYOUT_24 } from '../../domain/bank.ts';
import { ManualClock } from '../../platform/clock.ts';
import { type BoardsConfig, edgeConfig } from '../config.ts';
import { openBoards } from './boards.ts';
import { KERONG_PROFILE, XOR_PROFILE } from './test-boards.ts';

const LINE = { kind: 'tcp', host: '127.0.0.1', port: 4001 } as const;

function opened(config: BoardsConfig): void {
  const clock = new ManualClock(0);
  openBoards({
    config,
    clock,
    layout: LAYOUT_24,
    dispatch: () => assert.fail('nothing is sensed before it is started'),
    fresh: () => assert.fail('nothing is drawn'),
  });
}

test('a layout with a lock that the profile does not have is refused at the start', () => {
  opened({ family: 'kerong-cu', line: LINE, profile: KERONG_PROFILE, pollMs: 200 });
  opened({ family: 'xor-8a', line: LINE, profile: XOR_PROFILE, pollMs: 200 });
  const cu12 = { ...KERONG_PROFILE, name: 'cu12', locksPerBoard: 12 };
  assert.throws(
    () => opened({ family: 'kerong-cu', line: LINE, profile: cu12, pollMs: 200 }),
    /compartment 13 is lock 12 of board 0, which "cu12" does not have/,
  );
});

/** A configuration as it was written before there was a second family, with the sealing key that every bank names now. */
const WRITTEN_BEFORE = {
  dataDir: 'bank',
  commissioningFile: 'commissioning.json',
  sealingKey: { kind: 'file', path: 'bank.key' },
  kiosk: { port: 4000, webDir: null },
  boards: {
    family: 'kerong-cu',
    line: LINE,
    profile: {
      name: 'kerong-cu16',
      locksPerBoard: 16,
      hookBitWhenClosed: 1,
      infraredBitWhenOccupied: 1,
      unlockReply: 'status',
      replyMs: 500,
      quietMs: 10,
    },
    pollMs: 200,
  },
  scanner: null,
  uplink: null,
  logPath: null,
  logLevel: 'info',
};

test('a configuration that was written before the second family still holds', () => {
  const { boards } = edgeConfig.parse(WRITTEN_BEFORE);
  assert.deepEqual(boards, {
    ...WRITTEN_BEFORE.boards,
    profile: { ...WRITTEN_BEFORE.boards.profile, answerStillClosed: 'released', confirmLooks: 2 },
  });
});

test('a profile of another family, and locks that an address has no room for, are refused', () => {
  const refused = (boards: unknown) =>
    assert.equal(edgeConfig.safeParse({ ...WRITTEN_BEFORE, boards }).success, false);
  refused({ family: 'xor-8a', line: LINE, profile: KERONG_PROFILE, pollMs: 200 });
  refused({ family: 'kerong-cu', line: LINE, profile: XOR_PROFILE, pollMs: 200 });
  refused({ family: 'wkly', line: LINE, profile: KERONG_PROFILE, pollMs: 200 });
  // Lock 16 of board 0 would have the address of lock 0 of board 1.
  refused({
    family: 'kerong-cu',
    line: LINE,
    profile: { ...KERONG_PROFILE, locksPerBoard: 17 },
    pollMs: 200,
  });
  refused({ family: 'xor-8a', line: LINE, profile: { ...XOR_PROFILE, locksPerBoard: 25 }, pollMs: 200 });
});

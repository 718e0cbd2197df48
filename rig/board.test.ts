import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LAYOUT_24 } from '../src/domain/bank.ts';
import { ManualClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';
import { startBoards } from './board.ts';
import { Cabinet } from './cabinet.ts';
import { CU16, type Cu16Profile, cu16Family } from './cu16.ts';
import type { BoardFamily } from './family.ts';
import { Line, until } from './test-rig.ts';
import { XOR8A, xor8aFamily } from './xor8a.ts';

/** At 19200 baud, 8N1. */
const REQUEST_MS = 2.605;
const REPLY_MS = 4.688;

/** Long enough for a byte to cross the loopback interface and not be missed. */
const CROSSED_MS = 40;

async function lineTo(family: BoardFamily) {
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-board-'));
  after(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  const clock = new ManualClock(0);
  const cabinet = await Cabinet.open({ layout: LAYOUT_24, dataDir });
  const boards = await startBoards({
    line: { kind: 'tcp', port: 0 },
    family,
    cabinet,
    clock,
    random: systemRandom,
    log: silentLog,
  });
  after(() => boards.stop());
  const line = await Line.to(boards.port);
  const advance = async (ms: number) => {
    clock.advance(ms);
    return (await line.heardAfter(CROSSED_MS)).length;
  };
  return { cabinet, line, advance };
}

test('a request and its answer take the time that the line needs, one after the other', async () => {
  const { cabinet, line, advance } = await lineTo(cu16Family(CU16));
  line.say('02 00 31 03 36');
  line.say('02 00 30 03 35');
  assert.equal(await advance(0), 0);
  assert.equal(await advance(REQUEST_MS - 0.1), 0);
  assert.equal(cabinet.compartment(1)?.door, 'closed');
  assert.equal(await advance(0.1), 0);
  assert.equal(cabinet.compartment(1)?.door, 'open');
  assert.equal(await advance(REPLY_MS - 0.1), 0);
  assert.equal(await advance(0.1), 9);
  assert.equal((await line.hear(9))[2], 0x35);
  // The second answer waits for the pause, its own request's time, and its own.
  assert.equal(await advance(REQUEST_MS), 0);
  assert.equal(await advance(REPLY_MS), 0);
  assert.equal(await advance(CU16.quietMs - REQUEST_MS - REPLY_MS), 0);
  assert.equal(await advance(REQUEST_MS), 0);
  assert.equal(await advance(REPLY_MS), 9);
});

test('what was on the line when the power went is not carried out when it returns', async () => {
  const { cabinet, line, advance } = await lineTo(cu16Family(CU16));
  line.say('02 00 31 03 36');
  line.say('02 01 31 03 37');
  assert.equal(await advance(REQUEST_MS / 2), 0);
  cabinet.turn('power', false);
  cabinet.turn('power', true);
  await until(() => line.closed);
  await advance(60_000);
  assert.deepEqual([cabinet.compartment(1)?.pulses, cabinet.compartment(2)?.pulses], [0, 0]);
});

test('a board of another profile says the same things with other bits, or nothing', async () => {
  const other: Cu16Profile = {
    ...CU16,
    hookBitWhenClosed: 0,
    infraredBitWhenOccupied: 0,
    unlockReply: 'none',
  };
  const { line, advance } = await lineTo(cu16Family(other));
  line.say('02 00 31 03 36');
  await advance(0);
  assert.equal(await advance(REQUEST_MS), 0);
  assert.equal(await advance(1_000), 0);
  line.say('02 00 30 03 35');
  await advance(0);
  await advance(REQUEST_MS);
  assert.equal(await advance(REPLY_MS), 9);
  // Only lock 0 is not closed; nothing is inside anywhere.
  assert.equal((await line.hear(9)).toString('hex'), '0200350100ffff0339');
});

test('an answer that is late is lost when the power goes in the meantime', async () => {
  const { cabinet, line, advance } = await lineTo(cu16Family(CU16));
  await cabinet.hand(1, { do: 'fault', fault: 'late' });
  const unlock = async () => {
    line.say('02 00 31 03 36');
    await advance(0);
    assert.equal(await advance(REQUEST_MS), 0);
    assert.equal(cabinet.compartment(1)?.door, 'open');
  };
  await unlock();
  const { lateMs } = cabinet.line();
  assert.ok(lateMs > 2 * CU16.replyMs);
  assert.equal(await advance(lateMs - 1), 0);
  await advance(1);
  assert.equal(await advance(REPLY_MS), 9);
  await line.hear(9);
  await unlock();
  cabinet.turn('power', false);
  cabinet.turn('power', true);
  assert.equal(await advance(2 * lateMs), 0);
});

test('boards that are deaf while they speak miss a request that falls into their answer', async () => {
  const { cabinet, line, advance } = await lineTo(xor8aFamily(XOR8A));
  const [requestMs, stateMs] = [5.3, 7.3];
  line.say('80 01 00 33 b2');
  await advance(0);
  assert.equal(await advance(requestMs), 0);
  line.say('8a 01 01 11 9b');
  assert.equal(await advance(0), 0);
  assert.equal(await advance(stateMs), 7);
  await advance(60_000);
  assert.equal(cabinet.compartment(1)?.pulses, 0);
  line.say('8a 01 01 11 9b');
  await advance(0);
  await advance(requestMs);
  assert.equal(cabinet.compartment(1)?.pulses, 1);
  // The state in the answer can only be known after the pulse.
  assert.equal(await advance(XOR8A.pulseMs - 1), 7);
  await advance(1);
  assert.equal(await advance(requestMs), 12);
});

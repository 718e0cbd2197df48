import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type DoorFault, doorFault, type RigDoor, type RigState } from '../src/contract/rig.ts';
import { Line, startTestRig, until } from './test-rig.ts';

const rig = await startTestRig();
const line = await Line.to(rig.ports.serial);

const WELL = { noise: false, split: false, mute: false, lateMs: 200 };

/** Hooks of board 0: all shut, its first lock let go, its second. */
const BOTH_SHUT = '020035ffff00000338';
const FIRST_OPEN = '020035feff00000337';
const SECOND_OPEN = '020035fdff00000336';

/** The answer of board 1, on which nothing happens here. */
const BOARD_1 = '021035ff0000000349';

beforeEach(async () => {
  await rig.ask('/line', WELL);
  for (const n of [1, 2]) {
    await rig.ask(`/doors/${n}/fault`, { fault: 'none' });
    await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  }
});

/** What was said until now: a request is answered after all that came before it, so board 1 ends it. */
async function said(): Promise<string> {
  line.say('02 10 30 03 45');
  let heard = '';
  while (!heard.includes(BOARD_1)) heard += (await line.hear(1)).toString('hex');
  return heard.replace(BOARD_1, '');
}

async function open(): Promise<number[]> {
  const doors = (await rig.ask('/doors')).body as RigDoor[];
  return doors.filter(({ door }) => door === 'open').map(({ n }) => n);
}

/** Unlocks door 1, which has `fault`: what is said at once, and which doors stand open then. */
async function unlockedWith(fault: DoorFault): Promise<{ said: string; opened: number[] }> {
  await rig.ask('/doors/1/fault', { fault });
  line.say('02 00 31 03 36');
  return { said: await said(), opened: await open() };
}

const AT_ONCE: Record<DoorFault, { said: string; opened: number[] }> = {
  none: { said: FIRST_OPEN, opened: [1] },
  jammed: { said: BOTH_SHUT, opened: [] },
  silent: { said: '', opened: [] },
  'acts-then-silent': { said: '', opened: [1] },
  late: { said: '', opened: [1] },
  twice: { said: FIRST_OPEN + FIRST_OPEN, opened: [1] },
  corrupted: { said: '020035feff00000336', opened: [1] },
  'wrong-door': { said: '020135feff00000338', opened: [1] },
  'acts-then-fails': { said: BOTH_SHUT, opened: [1] },
  'wrong-latch': { said: SECOND_OPEN, opened: [2] },
};

for (const fault of doorFault.options) {
  test(`a door with the fault ${fault} does and says what the contract says`, async () => {
    assert.deepEqual(await unlockedWith(fault), AT_ONCE[fault]);
    // The line served board 1 before the answer that was kept back.
    if (fault === 'late') assert.equal((await line.hear(9)).toString('hex'), FIRST_OPEN);
    assert.equal(await said(), '');
  });
}

test('a fault of an answer leaves the next look truthful', async () => {
  for (const fault of ['acts-then-fails', 'corrupted', 'wrong-door'] as const) {
    await unlockedWith(fault);
    line.say('02 00 30 03 35');
    assert.equal((await line.hear(9)).toString('hex'), FIRST_OPEN, fault);
    await rig.ask('/doors/1/close', undefined, 'POST');
  }
});

test('a mute line drops every answer, and the boards act all the same', async () => {
  await rig.ask('/line', { mute: true });
  line.say('02 00 31 03 36');
  line.say('02 01 31 03 37');
  // When the second latch moves, the first answer has had its time.
  await until(async () => (await open()).length === 2);
  await rig.ask('/line', { mute: false });
  const heard = await said();
  assert.ok(!heard.includes(FIRST_OPEN), heard);
  line.say('02 00 30 03 35');
  assert.equal((await line.hear(9)).toString('hex'), '020035fcff00000335');
});

test('on a split line an answer comes whole, one byte at a time', async () => {
  await rig.ask('/line', { split: true });
  const pieces: number[] = [];
  const count = (bytes: Uint8Array) => void pieces.push(bytes.length);
  line.socket.on('data', count);
  line.say('02 00 30 03 35');
  assert.equal((await line.hear(9)).toString('hex'), BOTH_SHUT);
  line.socket.off('data', count);
  assert.ok(pieces.length > 1, `it came in ${pieces.length} piece`);
});

test('a noisy line has bytes before and behind each answer, and the answer is whole', async () => {
  await rig.ask('/line', { noise: true });
  for (let round = 0; round < 10; round++) {
    line.say('02 00 30 03 35');
    const heard = await said();
    const at = heard.indexOf(BOTH_SHUT);
    assert.ok(at > 0 && at + BOTH_SHUT.length < heard.length, heard);
  }
});

test('what the line ails stands in the state, and what is not named stays', async () => {
  const ailing = async (change: object) => ((await rig.ask('/line', change)).body as RigState).line;
  assert.deepEqual(await ailing({ noise: true }), { ...WELL, noise: true });
  assert.deepEqual(await ailing({ mute: true, lateMs: 900 }), {
    noise: true,
    split: false,
    mute: true,
    lateMs: 900,
  });
  assert.equal((await rig.ask('/line', { noise: 'much' })).status, 422);
  assert.equal((await rig.ask('/line', { lateMs: 0 })).status, 422);
});

/** The 0x8A boards on a line: the same faults as every family has, said in this family's own words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DoorFault, doorFault, type RigDoor, type RigState } from '../src/contract/rig.ts';
import { Line, startTestRig, type TestRig } from './test-rig.ts';

/** Short enough for a test; the vectors' board takes half a second. */
const PULSE_MS = 10;

/** Board 2 has eight doors on this cabinet, all shut; bits of locks that are not there are 0. */
const ASK_BOARD_2 = '80 02 00 33 b1';
const BOARD_2 = '80020000ff334e';

async function lineOf(profile: object = {}): Promise<{ rig: TestRig; line: Line }> {
  const boards = { family: 'xor-8a', profile: { pulseMs: PULSE_MS, ...profile } } as const;
  const rig = await startTestRig({ boards });
  return { rig, line: await Line.to(rig.ports.serial) };
}

/** What was said until now: a request is answered after all that came before it, so board 2 ends it. */
async function saidOn(line: Line): Promise<string> {
  line.say(ASK_BOARD_2);
  let heard = '';
  while (!heard.endsWith(BOARD_2)) heard += (await line.hear(1)).toString('hex');
  return heard.slice(0, -BOARD_2.length);
}

async function openDoors(rig: TestRig): Promise<number[]> {
  const doors = (await rig.ask('/doors')).body as RigDoor[];
  return doors.filter(({ door }) => door === 'open').map(({ n }) => n);
}

const OPENED = '8a0101008a';
const HOLDS = '8a0101119b';

const AT_ONCE: Record<DoorFault, { said: string; opened: number[] }> = {
  none: { said: OPENED, opened: [1] },
  jammed: { said: HOLDS, opened: [] },
  silent: { said: '', opened: [] },
  'acts-then-silent': { said: '', opened: [1] },
  late: { said: '', opened: [1] },
  twice: { said: OPENED + OPENED, opened: [1] },
  corrupted: { said: '8a0101008b', opened: [1] },
  'wrong-door': { said: '8a01020089', opened: [1] },
  'acts-then-fails': { said: HOLDS, opened: [1] },
  'wrong-latch': { said: HOLDS, opened: [2] },
};

test('each fault does and says what the contract says, in this family’s frames', async () => {
  const { rig, line } = await lineOf();
  await rig.ask('/line', { lateMs: 100 });
  for (const fault of doorFault.options) {
    await rig.ask('/doors/1/fault', { fault });
    line.say('8a 01 01 11 9b');
    // These boards are deaf while they speak, so the next request waits for what this one causes.
    const said = (await line.hear(AT_ONCE[fault].said.length / 2)).toString('hex');
    const more = await saidOn(line);
    const opened = await openDoors(rig);
    assert.deepEqual({ said: said + more, opened }, AT_ONCE[fault], fault);
    if (fault === 'late') assert.equal((await line.hear(5)).toString('hex'), OPENED);
    for (const n of [1, 2]) await rig.ask(`/doors/${n}/close`, undefined, 'POST');
  }
});

test('a look shows each door, in the order and the polarity of the profile', async () => {
  for (const [profile, states] of [
    [{}, '00fffe'],
    [{ stateOrder: 'first-first' }, 'feff00'],
    // Closed is 0 here, and a lock that is not wired reads as open.
    [{ stateBitWhenClosed: 0 }, 'ff0001'],
    [{ stateBytes: 7, locksPerBoard: 50, stateOrder: 'first-first' }, 'feff0000000000'],
  ] as const) {
    const { rig, line } = await lineOf(profile);
    await rig.ask('/doors/1/pry', undefined, 'POST');
    line.say('80 01 00 33 b2');
    const answer = await line.hear(4 + states.length / 2);
    assert.equal(answer.subarray(0, -2).toString('hex'), `8001${states}`, JSON.stringify(profile));
  }
});

test('a query of one lock is answered for that lock', async () => {
  const { rig, line } = await lineOf();
  await rig.ask('/doors/2/pry', undefined, 'POST');
  line.say('80 01 01 33 b3');
  assert.equal((await line.hear(5)).toString('hex'), '8001011191');
  line.say('80 01 02 33 b0');
  assert.equal((await line.hear(5)).toString('hex'), '8001020083');
});

test('"open all" opens every door of that board and of no other', async () => {
  const { rig, line } = await lineOf();
  line.say('8a 02 00 11 99');
  assert.equal((await line.hear(5)).toString('hex'), '8a02001199');
  assert.deepEqual(await openDoors(rig), [17, 18, 19, 20, 21, 22, 23, 24]);
});

test('a board that speaks up says what became of a door, by pulse and by hand, and nothing without power', async () => {
  const { rig, line } = await lineOf({ unsolicited: true });
  assert.equal(((await rig.ask('/state')).body as RigState).boards, 'xor-8a');
  await rig.ask('/doors/1/pry', undefined, 'POST');
  assert.equal((await line.hear(5)).toString('hex'), '8201010082');
  await rig.ask('/doors/1/close', undefined, 'POST');
  assert.equal((await line.hear(5)).toString('hex'), '8201011193');
  line.say('8a 01 01 11 9b');
  assert.equal((await line.hear(10)).toString('hex'), `${OPENED}8201010082`);
  // A parcel moves no hook.
  await rig.ask('/parcels/1', { do: 'put-in' });
  assert.equal(await saidOn(line), '');
  await rig.ask('/power', { on: false });
  await rig.ask('/doors/2/pry', undefined, 'POST');
  await rig.ask('/power', { on: true });
  const again = await Line.to(rig.ports.serial);
  assert.equal(await saidOn(again), '');
});

test('an adapter that hears itself gives each request back before its answer', async () => {
  const { line } = await lineOf({ echo: true });
  line.say('8a 01 01 11 9b');
  assert.equal((await line.hear(10)).toString('hex'), `8a0101119b${OPENED}`);
});

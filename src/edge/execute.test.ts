import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKey } from '../crypto/aead.ts';
import { hpke, newHpkeKey } from '../crypto/hpke.ts';
import { holdKey } from '../crypto/key.ts';
import { newSigningKey } from '../crypto/sign.ts';
import { ManualClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { pinVerifier } from './codes.ts';
import { Executor } from './execute.ts';
import type { Journal } from './journal.ts';
import { JournalFull } from './journal-disk.ts';
import type { PulseAnswer } from './lockboard/lockboard.ts';
import type { Planned } from './plan/draft.ts';
import { BANK, bankInService, dropOff, START_MS } from './plan/test-bank.ts';
import { view } from './plan/view.ts';

const PIN = '314159265';

/** An executor over a bank with one parcel, a journal that can fail, and boards that say when they act. */
async function rim() {
  const bank = bankInService();
  dropOff(bank);
  const codes = newKey();
  const [grant] = Object.values(bank.state.grant);
  assert.ok(grant);
  const verified = {
    ...grant,
    pinVerifier: pinVerifier(
      { key: holdKey(codes), bank: BANK },
      { grant: grant.id, issue: grant.issue },
      PIN,
    ),
  };
  const happened: string[] = [];
  const fatal: Error[] = [];
  const disk = { fails: false, full: false };
  const reserve = { given: 0 };
  const journal = {
    commit(_before: unknown, planned: Planned) {
      if (disk.fails) throw new Error('the disk is gone');
      if (disk.full && planned.records.length > 0) throw new JournalFull(null);
      happened.push(...planned.records.map(({ kind }) => kind));
    },
  } as unknown as Journal;
  const boards = {
    start() {},
    stop: async () => {},
    async pulse(target: { lock: number }): Promise<PulseAnswer> {
      happened.push(`pulse of lock ${target.lock}`);
      return { outcome: 'released', afterMs: 10, by: 'board' };
    },
  };
  const keys = {
    identity: newSigningKey(),
    seal: await newHpkeKey(),
    storage: newKey(),
    codes,
    fingerprint: '',
  };
  const clock = new ManualClock(START_MS);
  clock.advance(5000);
  const deps = {
    clock,
    random: systemRandom,
    log: silentLog,
    journal,
    keys,
    hpke,
    boards,
    room: { freeKiB: () => 7, giveReserve: () => void reserve.given++ },
    onForgotten: () => void happened.push('look at every door anew'),
    onPlanned() {},
    onRefusal() {},
    onHello() {},
    onFatal: (error: Error) => void fatal.push(error),
  };
  const executor = new Executor(deps, { ...bank.state, grant: { [grant.id]: verified } });
  const pin = (text: string) =>
    executor.dispatch({ type: 'action', action: { do: 'pin', pin: text }, fresh: executor.fresh() });
  return { executor, happened, fatal, disk, pin, reserve, grant, deps };
}

test('attempt, decision and release are on the disk before the latch moves', async () => {
  const { executor, happened, pin } = await rim();
  pin(PIN);
  await executor.settled();
  const order = ['attempt.counted', 'attempt.decided', 'session.opened', 'release.decided'];
  const pulse = happened.findIndex((name) => name.startsWith('pulse'));
  assert.deepEqual(
    happened.filter((name) => order.includes(name)),
    order,
  );
  assert.ok(pulse > happened.indexOf('release.decided'), happened.join(', '));
  assert.equal(happened.filter((name) => name.startsWith('pulse')).length, 1);
  assert.equal(happened.at(-1), 'release.answered');
});

test('a journal that cannot be written releases nothing and stops the bank', async () => {
  const { executor, happened, fatal, disk, pin } = await rim();
  disk.fails = true;
  assert.throws(() => pin(PIN), /could not be written/);
  disk.fails = false;
  assert.throws(
    () => pin(PIN),
    /could not be written/,
    'nothing is decided any more, even when the disk is back',
  );
  await executor.settled();
  assert.deepEqual(happened, []);
  assert.equal(fatal.length, 1);
  assert.equal(executor.state.volatile.comparing, null, 'the state in memory is the one on the disk');
});

test('a journal that fails between the attempt and the decision releases nothing', async () => {
  const { executor, happened, disk, pin } = await rim();
  const before = executor.state.lastSeq;
  Object.defineProperty(disk, 'fails', { get: () => happened.includes('attempt.counted') });
  // The comparison runs inside the first dispatch; its failure is told to `onFatal` and moves nothing.
  pin(PIN);
  await executor.settled();
  assert.deepEqual(happened, ['attempt.counted']);
  assert.equal(executor.state.lastSeq, before + 1);
});

test('a wrong code moves nothing', async () => {
  const { executor, happened, pin } = await rim();
  pin('271828182');
  await executor.settled();
  assert.deepEqual(happened, ['attempt.counted', 'attempt.decided']);
});

/** The door of the bank's one parcel is seen to be `door`. */
const look = (executor: Executor, compartment: number, door: 'open' | 'closed') =>
  executor.dispatch({
    type: 'sensed',
    sensed: { compartment, door, occupied: 'yes' },
    fresh: executor.fresh(),
  });
const full = { type: 'room', freeKiB: 7, full: true } as const;
const roomAgain = { type: 'room', freeKiB: 900_000, full: false } as const;

test('a full disk: nothing is decided and no latch moves, the person is told why, the bank stays alive', async () => {
  const { executor, happened, fatal, disk, pin, reserve } = await rim();
  const before = executor.state;
  disk.full = true;
  pin(PIN);
  await executor.settled();
  assert.deepEqual([happened, fatal], [[], []]);
  assert.equal(reserve.given, 1, 'what is under way gets the reserve');
  assert.deepEqual({ ...executor.state, volatile: null }, { ...before, volatile: null });
  const shown = view(executor.state, executor.moment());
  assert.deepEqual(shown.show, { screen: 'closed', reason: 'journal-full' });
  assert.equal(shown.message, 'journal-full');
  disk.full = false;
  executor.dispatch(full);
  assert.deepEqual(happened, ['journal.full', 'alarm.raised'], 'said once there is room to say it');
  executor.dispatch(full);
  pin(PIN);
  assert.equal(happened.length, 2, 'and once only; nothing new begins');
  executor.dispatch(roomAgain);
  assert.equal(happened.at(-1), 'alarm.ended');
  pin(PIN);
  await executor.settled();
  assert.equal(happened.filter((name) => name.startsWith('pulse')).length, 1, 'and serves again');
});

test('with the reserve given up, what is under way is finished at once', async () => {
  const { executor, happened, disk, pin, reserve, grant } = await rim();
  pin(PIN);
  await executor.settled();
  look(executor, grant.compartment, 'open');
  disk.full = true;
  // The reserve makes room: the very commit that failed is tried again.
  Object.defineProperty(disk, 'full', { get: () => reserve.given === 0 });
  look(executor, grant.compartment, 'closed');
  executor.dispatch({ type: 'action', action: { do: 'collected' }, fresh: executor.fresh() });
  executor.dispatch({ type: 'action', action: { do: 'collected' }, fresh: executor.fresh() });
  assert.ok(happened.includes('journal.full'));
  assert.equal(happened.at(-1), 'session.ended', happened.join(', '));
  assert.deepEqual(executor.state.session, {});
});

test('what happened at a door while nothing could be written is written when there is room, in its order and with its time', async () => {
  const { executor, happened, disk, grant, deps } = await rim();
  const n = grant.compartment;
  disk.full = true;
  look(executor, n, 'open');
  deps.clock.advance(20_000);
  look(executor, n, 'closed');
  assert.deepEqual([happened, executor.isBehind], [[], true]);
  disk.full = false;
  deps.clock.advance(60_000);
  executor.dispatch(roomAgain);
  assert.deepEqual(
    happened.filter((name) => name.startsWith('door.') || name.startsWith('alarm.')),
    // Last of all the bank says that it had no room, and that this is over.
    ['door.forced', 'alarm.raised', 'door.closed', 'alarm.raised', 'alarm.ended'],
  );
  assert.equal(executor.isBehind, false);
  assert.equal(
    executor.state.compartment[n]?.doorSinceMs,
    executor.state.volatile.clock.baseMs +
      deps.clock.monotonicMs() -
      60_000 -
      executor.state.volatile.clock.monotonicMs,
  );
});

test('what is written down late is no step of the clock, though the cloud has corrected the time meanwhile', async () => {
  const { executor, happened, disk, grant, deps } = await rim();
  const n = grant.compartment;
  disk.full = true;
  look(executor, n, 'open');
  deps.clock.advance(10 * 60_000);
  const time = { atMs: deps.clock.nowMs() + 500, uncertaintyMs: 20 };
  const message = { v: 1, type: 'time', nonce: 'n'.repeat(16), atMs: time.atMs } as const;
  executor.dispatch({ type: 'heard', heard: { message, hash: '', bytes: 1, text: '', time } });
  assert.equal(executor.state.volatile.clock.source, 'cloud');
  disk.full = false;
  executor.dispatch(roomAgain);
  assert.ok(happened.includes('door.forced'));
  assert.ok(!happened.includes('clock.frozen'), happened.join(', '));
});

test('however much happens without room, an answer to a release is remembered', async () => {
  const { executor, happened, disk, pin, grant, deps } = await rim();
  Object.defineProperty(disk, 'full', {
    get: () => happened.some((name) => name.startsWith('pulse')) && !happened.includes('room'),
  });
  const { pulse } = deps.boards;
  deps.boards.pulse = async (target) => {
    const answer = await pulse(target);
    for (let many = 0; many < 1100; many++)
      look(executor, grant.compartment + 1, many % 2 ? 'closed' : 'open');
    return answer;
  };
  pin(PIN);
  await executor.settled();
  happened.push('room');
  executor.dispatch(roomAgain);
  assert.equal(Object.values(executor.state.session)[0]?.release?.outcome, 'released');
});

test("a board's answer that found no room is the release's answer all the same", async () => {
  const { executor, happened, disk, pin } = await rim();
  Object.defineProperty(disk, 'full', {
    get: () => happened.some((name) => name.startsWith('pulse')) && !happened.includes('room'),
  });
  pin(PIN);
  await executor.settled();
  assert.equal(happened.includes('release.answered'), false);
  assert.equal(executor.isBehind, true);
  happened.push('room');
  executor.dispatch(roomAgain);
  assert.equal(happened.filter((name) => name === 'release.answered').length, 1);
  assert.equal(Object.values(executor.state.session)[0]?.release?.outcome, 'released');
});

test('a decision that finds no room after the attempt was counted: nobody waits for its answer, no latch moves', async () => {
  const { executor, happened, disk, pin } = await rim();
  Object.defineProperty(disk, 'full', { get: () => happened.at(-1) === 'attempt.counted' });
  pin(PIN);
  await executor.settled();
  assert.deepEqual(happened, ['attempt.counted'], 'the guess is counted, whatever came of it');
  assert.equal(executor.state.volatile.comparing, null);
  assert.equal(executor.state.volatile.message, 'journal-full');
});

test('more happens than is remembered: every door is looked at anew once there is room', async () => {
  const { executor, happened, disk, grant } = await rim();
  disk.full = true;
  for (let turn = 0; turn < 600; turn++) {
    look(executor, grant.compartment, 'open');
    look(executor, grant.compartment, 'closed');
  }
  disk.full = false;
  executor.dispatch(roomAgain);
  assert.equal(happened.filter((name) => name === 'look at every door anew').length, 1);
});

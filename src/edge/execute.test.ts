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
import type { PulseAnswer } from './lockboard/lockboard.ts';
import type { Planned } from './plan/draft.ts';
import { BANK, bankInService, dropOff, START_MS } from './plan/test-bank.ts';

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
  const disk = { fails: false };
  const journal = {
    commit(_before: unknown, planned: Planned) {
      if (disk.fails) throw new Error('the disk is gone');
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
    onPlanned() {},
    onRefusal() {},
    onHello() {},
    onFatal: (error: Error) => void fatal.push(error),
  };
  const executor = new Executor(deps, { ...bank.state, grant: { [grant.id]: verified } });
  const pin = (text: string) =>
    executor.dispatch({ type: 'action', action: { do: 'pin', pin: text }, fresh: executor.fresh() });
  return { executor, happened, fatal, disk, pin };
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

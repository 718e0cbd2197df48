import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DownMessage, HelloMessage } from '../../contract/uplink.ts';
import { utf8 } from '../../crypto/bytes.ts';
import { LAYOUT_24 } from '../../domain/bank.ts';
import type { BankId } from '../../domain/ids.ts';
import { type Clock, sleep, systemClock } from '../../platform/clock.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { Intake } from '../intake/intake.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { Leases, quotaOf } from './leases.ts';

const BANKS = 5;
const WAIT_MS_MAX = 20_000;

let stand: Stand;
let bank: TestBank;
const running: Leases[] = [];

before(async () => {
  stand = await openStand(NOUNS);
  bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  for (let n = 1; n < BANKS; n++) await addBank();
});
after(async () => {
  for (const process of running) await process.stop();
  await stand.close();
});

const addBank = () =>
  stand.inTenant((tx) =>
    banks.registerBank(stand.cloud, tx, { site: stand.site, name: 'Gate', layout: LAYOUT_24 }),
  );

type Began = { leases: Leases; taken: BankId[]; left: BankId[] };

/** A process: with a clock of its own, when it is to be one that can be paused. */
async function begin(
  change: { clock?: Clock; embedded?: boolean; isUp?: () => boolean } = {},
): Promise<Began> {
  const taken: BankId[] = [];
  const left: BankId[] = [];
  const leases = new Leases({
    cloud: { ...stand.cloud, clock: change.clock ?? systemClock },
    embedded: change.embedded ?? false,
    reachesBroker: change.isUp ?? (() => true),
    workers: () => [],
    onTaken: (these) => void taken.push(...these),
    onLeaving: async (these) => void left.push(...these),
  });
  running.push(leases);
  await leases.start();
  return { leases, taken, left };
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const endMs = systemClock.monotonicMs() + WAIT_MS_MAX;
  while (!(await holds())) {
    assert.ok(systemClock.monotonicMs() < endMs, what);
    await sleep(systemClock, 50);
  }
}

/** Every bank has one process that serves it; nobody serves one twice. */
function served(...processes: Began[]): string[] {
  return processes.flatMap(({ leases }) => leases.banks).sort();
}

/** A clock that stands still until it is moved, and wakes nobody: its process runs only when it is poked. */
function pausedClock(): Clock & { passMs(byMs: number): void } {
  let nowMs = 0;
  return {
    nowMs: systemClock.nowMs,
    monotonicMs: () => nowMs,
    after: () => () => {},
    every: () => () => {},
    passMs(byMs) {
      nowMs += byMs;
    },
  };
}

/** The database has been up for longer than a lease: until then it buries nobody. */
async function databaseIsSettled(): Promise<void> {
  await until('the database to be up for a while', async () => {
    const { rows } = await stand.cloud.database.pool.query<{ settled: boolean }>(
      `select clock_timestamp() - pg_postmaster_start_time() > interval '9 seconds' as settled`,
    );
    return rows[0]?.settled === true;
  });
}

/** Nobody of now has renewed in time, as when a process was stopped for a minute. */
async function letEverybodyRunOut(): Promise<void> {
  await databaseIsSettled();
  await stand.cloud.database.pool.query(
    `update cloud_processes set until = clock_timestamp() - interval '1 second'`,
  );
}

const helloOf = (lastSeq: number): HelloMessage => ({
  v: 1,
  type: 'hello',
  boot: 'boot',
  lastSeq,
  acknowledgedSeq: 0,
  roster: { version: 0, hash: null },
  epoch: null,
  directory: 0,
  suspensions: [],
  development: false,
});

const helloKept = async () => (await stand.inTenant((tx) => banks.findBank(tx, bank.bank)))?.hello?.lastSeq;

test('shares differ by one at most, and together they are everything', () => {
  for (let count = 1; count <= 7; count++) {
    const processes = Array.from({ length: count }, (_, n) => `process ${n}`);
    for (let all = 0; all <= 30; all++) {
      const shares = processes.map((process) => quotaOf({ banks: all, processes, process }));
      assert.equal(
        shares.reduce((sum, share) => sum + share, 0),
        all,
      );
      assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${all} banks over ${count}`);
    }
    assert.equal(quotaOf({ banks: 9, processes, process: 'stranger' }), 0);
  }
});

test('banks are spread evenly, and nobody takes what another serves', async () => {
  const first = await begin();
  await until('the only process to serve every bank', () => first.leases.count === BANKS);
  const second = await begin();
  await until(
    'the second to have its share',
    () => first.leases.count + second.leases.count === BANKS && second.leases.count >= 2,
  );
  const third = await begin();
  const all = [first, second, third];
  const isEven = () => all.every(({ leases }) => leases.count >= 1 && leases.count <= 2);
  await until('each to have its share', () => isEven() && served(...all).length === BANKS);
  for (let looks = 0; looks < 20; looks++) {
    for (const { leases } of all) leases.poke();
    await sleep(systemClock, 20);
    assert.equal(new Set(served(...all)).size, served(...all).length, 'no bank is served twice');
  }
  assert.ok(first.left.length >= 3, 'what goes to another is let go of first');
  await addBank();
  await until('a new bank to be served', () => served(...all).length === BANKS + 1);
  await third.leases.stop();
  await second.leases.stop();
  await until('the last one to serve them all', () => first.leases.count === BANKS + 1);
  await first.leases.stop();
  assert.equal(first.leases.count, 0);
});

test('a process that was paused changes nothing with what it had heard, and hears of its loss', async () => {
  const clock = pausedClock();
  const paused = await begin({ clock });
  const holdsIt = () => paused.leases.holds(bank.bank);
  await until('the first process to serve the bank', holdsIt);
  const sent: DownMessage[] = [];
  const intake = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: paused.leases,
    send: async (_bank, message) => void sent.push(message),
  });
  intake.received(bank.bank, utf8(JSON.stringify(helloOf(7))));
  await intake.stop();
  assert.equal(await helloKept(), 7, 'while it serves the bank, it hears it');

  await letEverybodyRunOut();
  const heir = await begin();
  await until('another process to take the bank over', () => heir.leases.holds(bank.bank));
  // Its clock stood still, so the paused one still believes in its lease.
  assert.ok(paused.leases.accepts(bank.bank));
  const late = new Intake({
    cloud: stand.cloud,
    nouns: NOUNS,
    leases: paused.leases,
    send: async (_bank, message) => void sent.push(message),
  });
  late.received(bank.bank, utf8(JSON.stringify(helloOf(6))));
  late.received(bank.bank, utf8(JSON.stringify({ v: 1, type: 'time', nonce: '12345678' })));
  await late.stop();
  assert.equal(await helloKept(), 7, 'a late hello takes no newer one’s place');
  assert.deepEqual(sent, [], 'and nothing is answered');

  paused.leases.poke();
  await until('the paused one to give in', () => !paused.leases.holds(bank.bank));
  assert.ok(paused.left.includes(bank.bank));
  for (const { leases } of [paused, heir]) await leases.stop();
});

test('a bank whose message is being dealt with is taken by nobody until that is done', async () => {
  const holder = await begin({ clock: pausedClock() });
  await until('the process to serve the bank', () => holder.leases.holds(bank.bank));
  await letEverybodyRunOut();
  const heir = await begin();
  await stand.inTenant(async (tx) => {
    assert.ok(await holder.leases.fence(tx, bank.bank));
    await until('the other to take what is free', () => heir.leases.count === BANKS);
    for (let looks = 0; looks < 5; looks++) {
      heir.leases.poke();
      await sleep(systemClock, 100);
    }
    assert.ok(!heir.leases.holds(bank.bank));
  });
  await until('the other to take it afterwards', () => heir.leases.holds(bank.bank));
  for (const { leases } of [holder, heir]) await leases.stop();
});

test('a process that did not renew in time says nothing any more, by its own steady clock', async () => {
  const clock = pausedClock();
  const { leases, taken } = await begin({ clock });
  await until('the process to serve the bank', () => leases.holds(bank.bank));
  clock.passMs(60_000);
  assert.ok(!leases.holds(bank.bank));
  assert.ok(!leases.accepts(bank.bank));
  assert.equal(leases.count, 0);
  // Nobody wanted its banks meanwhile: it has them again, and brings them up to date.
  taken.length = 0;
  leases.poke();
  await until('the process to serve again', () => leases.holds(bank.bank));
  assert.ok(taken.includes(bank.bank));
  await leases.stop();
});

test('who does not reach the broker serves nobody; who has a broker of its own takes over at once', async () => {
  let isUp = true;
  const cutOff = await begin({ isUp: () => isUp });
  const other = await begin();
  await until('both to have a share', () => cutOff.leases.count > 0 && other.leases.count > 0);
  isUp = false;
  await until(
    'the other to serve them all',
    () => other.leases.count === BANKS + 1 && cutOff.leases.count === 0,
  );
  for (const { leases } of [cutOff, other]) await leases.stop();

  const before = await begin({ embedded: true });
  await until('the first broker’s process to serve', () => before.leases.count === BANKS + 1);
  const next = await begin({ embedded: true });
  await until(
    'the newer broker’s process to serve them all',
    () => next.leases.count === BANKS + 1 && before.leases.count === 0,
  );
  for (const { leases } of [before, next]) await leases.stop();
});

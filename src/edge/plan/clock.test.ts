import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimHash } from '../../ledger/order.ts';
import { badgeHash } from '../../ledger/roster.ts';
import { startClock, timeAt } from './clock.ts';
import { ONLY } from './state.ts';
import {
  bankInService,
  beginDropOff,
  CARRIER,
  COURIER,
  DAY_MS,
  dropOff,
  HOUR_MS,
  START_MS,
  signIn,
  type TestBank,
} from './test-bank.ts';
import { CLAIM, carry, noteFor, OTHER_CLAIM } from './test-orders.ts';

const MINUTE_MS = 60_000;

function bankMs(bank: TestBank): number {
  return timeAt(bank.state.volatile.clock, bank.moment()).atMs;
}

/** A bank whose clock an order has set back by a week; `journalMs` is how far the journal's times had come. */
function setBack(): { bank: TestBank; journalMs: number } {
  const bank = bankInService();
  bank.wait(8 * DAY_MS);
  const journalMs = bankMs(bank);
  bank.wallMs -= 7 * DAY_MS;
  bank.tick();
  assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(CLAIM) })), null);
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  return { bank, journalMs };
}

test('a step of the wall clock freezes expiry, either way, and moves no time of the bank', () => {
  for (const stepMs of [30 * DAY_MS, -30 * DAY_MS]) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    const beforeMs = bankMs(bank);
    bank.wallMs += stepMs;
    bank.tick();
    assert.equal(bankMs(bank), beforeMs);
    assert.equal(bank.told('clock.frozen').length, 1);
    bank.wait(8 * DAY_MS);
    assert.equal(bank.compartment(n).use, 'occupied', 'nothing newly expires');
    bank.act({ do: 'pin', pin });
    bank.on('pick-up');
  }
});

test('a clock that an order has set back stays so over restarts, though the journal’s times are ahead', () => {
  const { bank, journalMs } = setBack();
  const setMs = bankMs(bank);
  assert.equal(setMs, bank.wallMs);
  bank.wait(HOUR_MS);
  // A record repeats the journal's last time until the bank's own has caught up with it.
  const start = (moment: { wallMs?: number }, lastMs: number) =>
    startClock({ ...bank.moment(), ...moment }, lastMs, bank.state.clock[ONLY]);
  const restarted = start({}, journalMs);
  assert.deepEqual([restarted.baseMs, restarted.frozenSinceMs], [bank.wallMs, null]);
  assert.equal(
    start({ wallMs: setMs - HOUR_MS }, journalMs).source,
    'frozen',
    'a time before the order is none',
  );
  assert.equal(start({}, journalMs + 1).source, 'frozen', 'a later record counts again');
});

test('a clock that was set back does not lose what it has run since, whatever the machine says at its restarts', () => {
  const { bank, journalMs } = setBack();
  bank.wait(3 * HOUR_MS);
  const records = bank.records.length;
  signIn(bank);
  assert.ok(bank.records.length > records);
  const lastMs = bankMs(bank);
  // A machine whose battery is dead begins long ago; what was last written down is where the bank goes on.
  const restarted = startClock(
    { ...bank.moment(), wallMs: START_MS - 30 * DAY_MS },
    journalMs,
    bank.state.clock[ONLY],
  );
  assert.equal(restarted.baseMs, lastMs);
  assert.equal(restarted.source, 'frozen');
});

test('a suspension lasts as long as it would have, whichever way an order sets the clock', () => {
  for (const stepMs of [-7 * DAY_MS, 7 * DAY_MS]) {
    const bank = bankInService();
    bank.hear({
      ...{ v: 1, type: 'suspend', id: 'suspension_of_a_test_1', scope: 'compartment' },
      ...{ subject: null, compartment: 3, untilMs: bankMs(bank) + 10 * HOUR_MS },
    });
    bank.wallMs += stepMs;
    bank.tick();
    assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(CLAIM) })), null);
    bank.act({ do: 'scan', text: CLAIM });
    bank.act({ do: 'clock', use: 'machine' });
    bank.wait(9 * HOUR_MS);
    assert.equal(Object.keys(bank.state.suspension).length, 1, 'not over before its time');
    bank.wait(2 * HOUR_MS);
    assert.equal(Object.keys(bank.state.suspension).length, 0, 'and no longer than that');
  }
});

test('a session under way and an open door keep their times when an order sets the clock back', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.wait(91_000);
  bank.wait(61_000);
  bank.sense(n, 'closed', 'no');
  bank.sense(n + 1, 'open');
  bank.wallMs -= 7 * DAY_MS;
  bank.tick();
  assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(CLAIM) })), null);
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  const ajar = bank.told('door.ajar').length;
  bank.wait(91_000);
  assert.equal(bank.told('door.ajar').length, ajar + 1);
  bank.wait(10 * MINUTE_MS);
  bank.tick();
  assert.equal(bank.told('session.ended').length, 1);
});

test('a freeze revives nothing that had expired', () => {
  const bank = bankInService();
  const until = bank.wallMs + HOUR_MS;
  bank.roster({
    version: 2,
    couriers: [
      { person: COURIER.person, carrier: CARRIER, badgeHash: badgeHash(COURIER.badge), untilMs: until },
    ],
  });
  bank.wait(2 * HOUR_MS);
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'badge-expired');
  bank.wallMs += DAY_MS;
  bank.tick();
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'badge-expired');
});

test('the cloud’s time ends a freeze when it agrees with the monotonic run, and not otherwise', () => {
  const bank = bankInService();
  bank.wallMs += DAY_MS;
  bank.tick();
  bank.hearTime(bankMs(bank) + HOUR_MS);
  assert.notEqual(bank.state.volatile.clock.frozenSinceMs, null);
  bank.hearTime(bankMs(bank) + 2000);
  assert.equal(bank.state.volatile.clock.frozenSinceMs, null);
  assert.equal(bank.told('clock.set').at(-1)?.facts?.by, 'cloud');
});

test('a cloud that disagrees by more than five minutes is itself an unexplained step', () => {
  const bank = bankInService();
  const beforeMs = bankMs(bank);
  bank.hearTime(beforeMs + 7 * DAY_MS);
  assert.equal(bank.told('clock.frozen').length, 1);
  assert.equal(bankMs(bank), beforeMs);
});

test('the cloud moves the clock by five minutes a day at most, however often it speaks', () => {
  const bank = bankInService();
  for (let hour = 0; hour < 10; hour++) {
    for (let word = 0; word < 20; word++) bank.hearTime(bankMs(bank) + MINUTE_MS);
    bank.wait(MINUTE_MS);
  }
  const aheadMs = bankMs(bank) - bank.wallMs;
  assert.ok(aheadMs > 0 && aheadMs <= 5 * MINUTE_MS, `${aheadMs} ms ahead`);
});

test('time never runs backwards, and a bank ahead of the cloud still hears it all day', () => {
  const bank = bankInService();
  for (let word = 0; word < 10; word++) {
    const beforeMs = bankMs(bank);
    bank.hearTime(beforeMs - 4 * MINUTE_MS);
    assert.equal(bankMs(bank), beforeMs);
    assert.equal(bank.state.volatile.clock.source, 'cloud');
    assert.ok(bank.state.volatile.clock.uncertaintyMs >= 4 * MINUTE_MS);
    bank.wait(MINUTE_MS);
  }
});

test('slow drift of the wall clock never adds up to a step', () => {
  const bank = bankInService();
  for (let day = 0; day < 30; day++) {
    bank.wallMs += MINUTE_MS;
    bank.wait(DAY_MS);
  }
  assert.equal(bank.told('clock.frozen').length, 0);
});

test('a machine that wakes with a clock before its journal’s last record is frozen', () => {
  const bank = bankInService();
  bank.wait(HOUR_MS);
  bank.act({ do: 'pin', pin: '999999999' });
  bank.powerCut(-2 * HOUR_MS);
  assert.notEqual(bank.state.volatile.clock.frozenSinceMs, null);
  assert.equal(bank.told('clock.frozen').length, 1);
  assert.ok(bankMs(bank) >= START_MS + HOUR_MS);
});

test('uncertainty grows with the time since the clock was set', () => {
  const clock = startClock({ wallMs: START_MS, monotonicMs: 0 }, 0, undefined);
  const at = (monotonicMs: number) => timeAt(clock, { wallMs: 0, monotonicMs }).uncertaintyMs;
  assert.ok(at(DAY_MS) > at(0));
});

test('a kiosk locked out before an order set the clock back says that it is over', () => {
  const bank = bankInService();
  bank.wait(8 * DAY_MS);
  for (let guess = 0; guess < 20; guess++) bank.act({ do: 'pin', pin: '000000000' });
  assert.equal(bank.told('lockout.began').length, 1);
  bank.wallMs -= 7 * DAY_MS;
  bank.tick();
  assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(CLAIM) })), null);
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.wait(2 * DAY_MS);
  assert.equal(bank.told('lockout.ended').length, 1);
});

test('an order that waits for its claim waits no longer because another sets the clock back', () => {
  const bank = bankInService();
  bank.wait(400 * DAY_MS);
  bank.wallMs -= 365 * DAY_MS;
  bank.tick();
  for (const claim of [CLAIM, OTHER_CLAIM])
    assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimHash(claim) })), null);
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.act({ do: 'leave' });
  bank.wait(2 * DAY_MS);
  assert.equal(bank.told('order.lapsed').length, 1);
});

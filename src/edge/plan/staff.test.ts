import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ONLY } from './state.ts';
import { bankInService, beginDropOff, DAY_MS, dropOff, HOUR_MS, signIn, type TestBank } from './test-bank.ts';
import { CLAIM, carry, noteFor, staffRelease } from './test-orders.ts';

const kinds = (bank: TestBank, since: number) => bank.records.slice(since).map(({ record }) => record.kind);

/** Staff with an order at door `n`, the door open. */
function staffAt(bank: TestBank, n: number, restore = false): void {
  assert.equal(carry(bank, noteFor(bank, staffRelease(n, restore))), null);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.door, 'open');
}

test('an expired parcel is held for staff, and an order takes it out', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.wait(7 * DAY_MS + 1);
  assert.deepEqual([bank.compartment(n).use, bank.told('parcel.held')[0]?.facts?.why], ['held', 'expired']);
  bank.act({ do: 'pin', pin });
  assert.equal(bank.view().message, 'held-for-staff');
  staffAt(bank, n);
  assert.equal(bank.on('staff').expected, 'parcel');
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.on('staff-done').done, 'removed');
  const [removed] = bank.told('parcel.removed');
  assert.deepEqual([removed?.facts?.basis, removed?.facts?.work], ['order', 'staff-release']);
  assert.deepEqual([bank.compartment(n).use, bank.compartment(n).parcel], ['empty', null]);
  assert.deepEqual(bank.state.order, {}, 'the claim is spent');
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'order-unknown');
});

test('a waiting parcel that staff take out: its grant is revoked and its code is dead', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.told('grant.revoked').length, 1);
  bank.act({ do: 'cancel' });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.view().message, 'code-not-accepted');
  assert.equal(bank.lastDenial(), 'code-revoked');
});

test('a reported parcel that staff take out ends its alarm; one that had expired had none', () => {
  for (const reported of [true, false]) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    if (reported) {
      bank.act({ do: 'pin', pin });
      bank.sense(n, 'closed', 'yes');
      bank.act({ do: 'report', what: 'not-my-parcel' });
      assert.deepEqual(bank.on('reported'), { screen: 'reported', offline: false, notMine: true });
      bank.act({ do: 'cancel' });
    } else bank.wait(7 * DAY_MS + 1);
    assert.equal(bank.compartment(n).use, 'held');
    staffAt(bank, n);
    bank.sense(n, 'closed', 'no');
    bank.act({ do: 'found', what: 'removed' });
    const ended = bank.told('alarm.ended').filter(({ facts }) => facts?.condition === 'discrepancy');
    assert.deepEqual(
      ended.map(({ compartment }) => compartment),
      reported ? [n] : [],
    );
  }
});

test('looked at and left: nothing changes, and the code still works', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'found', what: 'left' });
  assert.equal(bank.told('count.taken')[0]?.facts?.found, 'as-expected');
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.act({ do: 'cancel' });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.on('pick-up').door.compartment, n);
});

test('found empty where a parcel should be: missing, an alarm, and the compartment is free', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  staffAt(bank, n);
  const since = bank.records.length;
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'empty' });
  assert.deepEqual(kinds(bank, since), [
    'door.closed',
    'count.taken',
    'discrepancy.reported',
    'alarm.raised',
    'grant.revoked',
    'parcel.held',
    'compartment.freed',
    'session.ended',
  ]);
  assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, 'missing');
  assert.equal(bank.compartment(n).use, 'empty');
});

test('something lies where nothing should: it is withdrawn until an order restores it', () => {
  const bank = bankInService();
  staffAt(bank, 3);
  assert.equal(bank.on('staff').expected, 'nothing');
  bank.sense(3, 'closed', 'yes');
  bank.act({ do: 'found', what: 'left' });
  assert.equal(bank.compartment(3).withdrawn, 'order');
  assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, 'found-occupied');
  assert.equal(carry(bank, noteFor(bank, { do: 'restore', compartment: 3 })), null);
  assert.equal(bank.compartment(3).withdrawn, null);
});

test('a forced compartment, looked at by order and found empty, serves again when the order says so', () => {
  const bank = bankInService();
  bank.sense(3, 'open');
  bank.sense(3, 'closed', 'no');
  assert.equal(bank.compartment(3).withdrawn, 'forced');
  staffAt(bank, 3, true);
  bank.sense(3, 'closed', 'no');
  bank.act({ do: 'found', what: 'empty' });
  assert.equal(bank.compartment(3).withdrawn, null);
});

test('the sensor contradicts the word: asked once more, then it stands as a discrepancy', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.view().message, 'parcel-still-sensed');
  assert.equal(bank.told('parcel.removed').length, 0);
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.told('parcel.removed').length, 1);
  assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, 'sensed-against-word');
});

test('said with the door open: it counts when the door shuts, and never before', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  staffAt(bank, n);
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.view().message, 'shut-the-door');
  assert.equal(bank.told('parcel.removed').length, 0);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.told('parcel.removed').length, 1);
});

test('a door pushed shut is no removal; who has looked has to say what they found', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'leave' });
  assert.equal(bank.view().message, 'say-what-you-found');
  assert.equal(bank.compartment(n).use, 'occupied');
  bank.wait(61_000);
  assert.equal(bank.on('home').screen, 'home');
  bank.wait(11 * 60_000);
  assert.deepEqual([bank.compartment(n).use, bank.told('parcel.removed').length], ['held', 0]);
  assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, 'left-unconfirmed');
});

test('a power cut at the open door: the same claim goes on, with the pulses that are left', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  bank.boards = 'silent';
  carry(bank, noteFor(bank, staffRelease(n)));
  bank.act({ do: 'scan', text: CLAIM });
  bank.powerCut();
  bank.boards = 'opens';
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.pulsesLeft, 1);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'removed' });
  assert.equal(bank.told('session.opened').filter(({ facts }) => facts?.work === 'staff-release').length, 1);
});

test('a door in somebody else’s session is not opened by order', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  assert.equal(carry(bank, noteFor(bank, staffRelease(n))), null);
  bank.wait(91_000);
  bank.wait(61_000);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'session-of-another');
});

test('a code is not served at a door where staff have begun, and works when they have ended', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'yes');
  bank.wait(61_000);
  bank.act({ do: 'pin', pin });
  assert.equal(bank.view().message, 'session-of-another');
  bank.act({ do: 'scan', text: CLAIM });
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'found', what: 'left' });
  bank.act({ do: 'cancel' });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.on('pick-up').door.compartment, n);
});

test('left before the door opened: the order is closed, the parcel stays', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  bank.boards = 'answers';
  carry(bank, noteFor(bank, staffRelease(n)));
  bank.act({ do: 'scan', text: CLAIM });
  bank.wait(3000);
  bank.act({ do: 'leave' });
  assert.equal(bank.on('home').screen, 'home');
  assert.deepEqual([bank.compartment(n).use, Object.keys(bank.state.order).length], ['occupied', 0]);
});

test('the clock: frozen over a restart, and set by a person with an order, in either direction', () => {
  for (const use of ['machine', 'bank'] as const) {
    const bank = bankInService();
    dropOff(bank);
    bank.wallMs += 30 * DAY_MS;
    bank.tick();
    assert.notEqual(bank.state.clock[ONLY]?.frozenSinceMs ?? null, null);
    bank.powerCut();
    assert.equal(bank.told('grant.expired').length, 0, 'nothing expires by a step, restarted or not');
    assert.equal(bank.told('alarm.raised').filter(({ facts }) => facts?.condition === 'clock').length, 1);
    assert.equal(carry(bank, noteFor(bank, { do: 'set-clock', claim: claimOf() })), null);
    bank.act({ do: 'scan', text: CLAIM });
    const shown = bank.on('clock');
    assert.ok(shown.frozen);
    bank.act({ do: 'clock', use });
    assert.equal(bank.on('staff-done').done, 'clock');
    assert.equal(bank.told('clock.set').at(-1)?.facts?.by, 'order');
    assert.equal(bank.told('alarm.ended').filter(({ facts }) => facts?.condition === 'clock').length, 1);
    assert.equal(bank.state.clock[ONLY]?.frozenSinceMs, null);
    bank.tick();
    assert.equal(bank.told('clock.frozen').length, 1, 'it does not freeze again by itself');
  }
});

test('the clock set back: records keep their order, and nothing revives', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  bank.wait(8 * DAY_MS);
  assert.equal(bank.told('grant.expired').length, 1);
  bank.wallMs -= 7 * DAY_MS;
  bank.tick();
  carry(bank, noteFor(bank, { do: 'set-clock', claim: claimOf() }));
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.act({ do: 'cancel' });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.lastDenial(), 'held-for-staff');
});

test('an order without freshness of its own nonce does not set a clock; nobody else does either', () => {
  const bank = bankInService();
  bank.act({ do: 'clock', use: 'machine' });
  assert.equal(bank.view().message, 'step-out-of-turn');
  assert.equal(bank.told('clock.set').length, 0);
  assert.equal(
    carry(bank, noteFor(bank, { do: 'set-clock', claim: claimOf() }, { untilMs: bank.wallMs + HOUR_MS })),
    null,
  );
  bank.wait(2 * HOUR_MS);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'order-unknown');
});

function claimOf(): string {
  const act = staffRelease(1);
  return act.do === 'staff-release' ? act.claim : '';
}

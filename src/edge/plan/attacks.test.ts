/** People with one right who want another: staff, couriers, strangers, and a clock that helps them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import {
  againAndAgain,
  bankInService,
  beginDropOff,
  COURIER,
  DAY_MS,
  dropOff,
  HOUR_MS,
  ROOT,
  SECOND_COURIER,
  signIn,
  type TestBank,
} from './test-bank.ts';
import { CLAIM, carry, noteFor, OTHER_CLAIM, staffRelease } from './test-orders.ts';

const SECOND_ROOT = newSigningKey();
const rootsOf = (keys: (typeof ROOT)[], k = 1) => ({ keys: keys.map((key) => base64url(key.publicKey)), k });
const alarms = (bank: TestBank) => bank.told('alarm.raised').map(({ facts }) => facts?.condition);
const pulses = (bank: TestBank) => bank.effects.filter((effect) => effect.do === 'pulse').length;

function staffAt(bank: TestBank, n: number, restore = false): void {
  assert.equal(carry(bank, noteFor(bank, staffRelease(n, restore))), null);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.door, 'open');
}

test('what staff left in a door that should be empty is not put back into service by the same order', () => {
  for (const occupied of ['yes', 'unsensed'] as const) {
    const bank = bankInService();
    bank.sense(3, 'open');
    bank.sense(3, 'closed', occupied);
    staffAt(bank, 3, true);
    bank.sense(3, 'closed', occupied);
    bank.act({ do: 'found', what: 'left' });
    assert.equal(bank.on('staff-done').done, 'left');
    assert.equal(bank.told('compartment.restored').length, 0);
    assert.notEqual(bank.compartment(3).withdrawn, null, occupied);
  }
});

test('an order waits no longer than the root keys that signed it', () => {
  const bank = bankInService();
  bank.roster({ version: 2, root: rootsOf([ROOT, SECOND_ROOT]) });
  carry(bank, noteFor(bank, staffRelease(3), {}, [SECOND_ROOT]));
  carry(bank, noteFor(bank, staffRelease(4, false, OTHER_CLAIM), {}, [ROOT]));
  bank.roster({ version: 3, root: rootsOf([ROOT]) });
  assert.equal(bank.told('order.lapsed').length, 1);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'order-unknown');
  bank.act({ do: 'scan', text: OTHER_CLAIM });
  assert.equal(bank.on('staff').door.compartment, 4);
});

test('a roster that asks for two signatures ends what waits with one', () => {
  const bank = bankInService();
  bank.roster({ version: 2, root: rootsOf([ROOT, SECOND_ROOT]) });
  carry(bank, noteFor(bank, staffRelease(3), {}, [ROOT]));
  carry(bank, noteFor(bank, staffRelease(4, false, OTHER_CLAIM), {}, [ROOT, SECOND_ROOT]));
  bank.roster({ version: 3, root: rootsOf([ROOT, SECOND_ROOT], 2) });
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'order-unknown');
  bank.act({ do: 'scan', text: OTHER_CLAIM });
  assert.equal(bank.on('staff').door.compartment, 4);
});

test('staff at a door whose order lost its key may shut it and leave; no latch moves for them', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  bank.roster({ version: 2, root: rootsOf([ROOT, SECOND_ROOT]) });
  bank.boards = 'answers';
  carry(bank, noteFor(bank, staffRelease(n), {}, [SECOND_ROOT]));
  bank.act({ do: 'scan', text: CLAIM });
  bank.roster({ version: 3, root: rootsOf([ROOT]) });
  const before = pulses(bank);
  bank.act({ do: 'again' });
  bank.wait(61_000);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(pulses(bank), before);
  bank.wait(61_000);
  bank.wait(20 * 60_000);
  assert.deepEqual(bank.state.session, {});
  assert.deepEqual(bank.state.order, {});
});

test('who stands at the kiosk after staff shut the door does not open it again', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  staffAt(bank, n);
  bank.sense(n, 'closed', 'yes');
  const before = pulses(bank);
  bank.act({ do: 'again' });
  assert.equal(pulses(bank), before);
  assert.equal(bank.on('home').screen, 'home');
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.door, 'open', 'the claim brings it back');
});

test('a code whose door never opened does not keep staff from that door', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  againAndAgain(bank);
  bank.wait(20_000);
  assert.equal(bank.compartment(n).withdrawn, 'jammed');
  bank.act({ do: 'cancel' });
  bank.boards = 'opens';
  staffAt(bank, n);
  assert.deepEqual(
    bank
      .told('session.ended')
      .filter(({ facts }) => facts?.work === 'pick-up')
      .map(({ facts }) => facts?.end),
    ['order'],
  );
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'removed' });
  bank.act({ do: 'cancel' });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.view().message, 'code-not-accepted');
});

test('staff do not end a session that may still hold its door, or has seen it open', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  assert.equal(carry(bank, noteFor(bank, staffRelease(n))), null);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  bank.act({ do: 'cancel' });
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'session-of-another', 'its pulse is not answered yet');
  bank.timeOut(bank.session());
  bank.sense(n, 'open');
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'session-of-another', 'somebody has been at the parcel');
});

test('a door pried open long after a code was left is forced, and no collection by the one who had the code', () => {
  const bank = bankInService({ occupancyConfirms: true });
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  bank.act({ do: 'cancel' });
  bank.wait(2 * DAY_MS);
  bank.sense(n, 'open');
  assert.ok(alarms(bank).includes('forced'));
  bank.sense(n, 'closed', 'no');
  bank.wait(HOUR_MS);
  assert.equal(bank.told('parcel.collected').length, 0);
});

test('a door that opens while its person is at the screen, or just after the power came back, is theirs', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  for (let second = 0; second < 30; second++) bank.wait(1000);
  bank.sense(n, 'open');
  assert.deepEqual(alarms(bank), []);

  const cut = bankInService();
  const parcel = dropOff(cut);
  cut.boards = 'silent';
  cut.act({ do: 'pin', pin: parcel.pin });
  cut.powerCut(HOUR_MS);
  cut.wait(1000);
  cut.sense(parcel.n, 'open');
  assert.deepEqual(alarms(cut), []);
});

test('an answer of failure that comes after its person left explains no later opening', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  const seq = bank.session().release?.seq ?? 0;
  bank.act({ do: 'cancel' });
  bank.do({
    type: 'board-answered',
    answer: { compartment: n, seq, outcome: 'refused', afterMs: 5, by: 'board' },
  });
  bank.sense(n, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
});

test('a claim waits while a code is compared: two people never share the screen', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  carry(bank, noteFor(bank, staffRelease(n + 1)));
  bank.holdAnswers = true;
  bank.act({ do: 'pin', pin });
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'wait');
  bank.holdAnswers = false;
  bank.deliver();
  assert.equal(bank.on('pick-up').door.compartment, n);
});

test('one courier cannot shut a whole bank by holding its doors: three a day, then staff', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'answers';
  beginDropOff(bank);
  for (let more = 0; more < 10; more++) {
    bank.act({ do: 'other-door' });
    bank.wait(31_000);
  }
  const jammed = () =>
    Object.values(bank.state.compartment).filter(({ withdrawn }) => withdrawn === 'jammed').length;
  assert.ok(jammed() <= 3, `${jammed()} doors`);
  const { show } = bank.view();
  assert.ok(show.screen !== 'drop-off' || !show.otherDoor, 'what would be refused is not offered');
  for (let more = 0; more < 5; more++) {
    bank.act({ do: 'cancel' });
    if (bank.view().show.screen === 'home') bank.act({ do: 'scan', text: COURIER.badge });
    if (bank.view().show.screen === 'courier-code') bank.act({ do: 'courier-code', code: COURIER.code });
    if (bank.view().show.screen !== 'tracking') continue;
    bank.act({ do: 'tracking', text: `1Z999AA2${more}` });
    bank.act({ do: 'flat', text: '12' });
    bank.act({ do: 'size', size: 'S' });
    bank.act({ do: 'again' });
    bank.wait(31_000);
    bank.act({ do: 'again' });
    bank.wait(31_000);
  }
  assert.ok(jammed() <= 3, `${jammed()} doors`);
  bank.act({ do: 'leave' });
  bank.wait(DAY_MS / 60);
  bank.boards = 'opens';
  signIn(bank, SECOND_COURIER);
  assert.equal(bank.on('tracking').screen, 'tracking', 'another courier is served');
});

test('who gives a door up may not be quicker than its latch; and no courier forces more than three a day', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'answers';
  for (let door = 0; door < 3; door++) {
    const n = beginDropOff(bank);
    bank.act({ do: 'cancel' });
    assert.equal(bank.view().message, 'wait');
    // Held shut until the session is given up, then let go.
    bank.wait(31_000);
    bank.act({ do: 'cancel' });
    bank.sense(n, 'open');
    bank.sense(n, 'closed', 'no');
  }
  assert.equal(bank.view().message, 'courier-may-not', 'told at once, and not after the next label');
  bank.on('home');
  const shut = Object.values(bank.state.compartment).filter(({ withdrawn }) => withdrawn !== null);
  assert.equal(shut.length, 3);
  bank.act({ do: 'leave' });
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'courier-may-not');
});

test('staff who leave at once do not leave a door behind that springs open unexplained', () => {
  const bank = bankInService();
  bank.boards = 'answers';
  carry(bank, noteFor(bank, staffRelease(3)));
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'leave' });
  assert.equal(bank.view().message, 'wait');
  bank.sense(3, 'open');
  assert.deepEqual(alarms(bank), []);
});

test('a clock that was set back keeps nobody at a door', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'yes');
  bank.boards = 'answers';
  bank.act({ do: 'again' });
  bank.wait(61_000);
  bank.wallMs -= 2 * HOUR_MS;
  bank.tick();
  carry(bank, noteFor(bank, { do: 'set-clock', claim: claimOf() }));
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.act({ do: 'cancel' });
  signIn(bank);
  bank.act({ do: 'deposited' });
  assert.equal(bank.told('parcel.deposited').length, 1);
});

test('a clock that was set back does not let a bank that hears nobody take parcels for longer', () => {
  const bank = bankInService();
  bank.wait(30 * DAY_MS);
  bank.hearTime(bank.wallMs);
  bank.wallMs -= 30 * DAY_MS;
  bank.tick();
  carry(bank, noteFor(bank, { do: 'set-clock', claim: claimOf() }));
  bank.act({ do: 'scan', text: CLAIM });
  bank.act({ do: 'clock', use: 'machine' });
  bank.act({ do: 'cancel' });
  bank.hearTime(bank.wallMs);
  bank.wait(5 * DAY_MS);
  assert.equal(bank.act({ do: 'scan', text: COURIER.badge }).message, 'offline-too-long');
});

function claimOf(): string {
  const act = staffRelease(1);
  return act.do === 'staff-release' ? act.claim : '';
}

test('a scanner that is fed without end costs a hundred and twenty denials in ten minutes; a PIN works all the same', () => {
  const bank = bankInService();
  const { pin, qr } = dropOff(bank);
  const before = bank.records.length;
  const wrong = `HFB1${'A'.repeat(26)}`;
  for (let scan = 0; scan < 500; scan++) bank.act({ do: 'scan', text: wrong });
  assert.equal(bank.view().message, 'scans-paused', 'and what still works');
  assert.equal(bank.records.length - before, 120);
  bank.act({ do: 'scan', text: qr });
  assert.equal(bank.view().message, 'scans-paused');
  bank.act({ do: 'pin', pin });
  assert.equal(bank.on('pick-up').screen, 'pick-up');
  bank.wait(91_000);
  bank.wait(10 * 60_000);
  bank.act({ do: 'scan', text: wrong });
  assert.equal(bank.lastDenial(), 'badge-unknown');
});

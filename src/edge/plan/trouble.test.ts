/** Boards that do not answer, latches that do not move, and what a person is offered then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { againAndAgain, bankInService, beginDropOff, dropOff, signIn, type TestBank } from './test-bank.ts';

const pulses = (bank: TestBank) =>
  bank.effects.filter((effect) => effect.do === 'pulse').map((effect) => effect.compartment);
const alarms = (bank: TestBank) => bank.told('alarm.raised').map(({ facts }) => facts?.condition);

test('no answer after a pulse: unknown, no second pulse by itself; the person retries', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'silent';
  bank.act({ do: 'pin', pin });
  bank.timeOut(bank.session());
  assert.deepEqual([bank.on('pick-up').door.latch, bank.view().message], ['unknown', 'release-unknown']);
  const before = pulses(bank).length;
  for (let second = 0; second < 10; second++) bank.wait(1000);
  assert.equal(pulses(bank).length, before);
  bank.boards = 'opens';
  bank.act({ do: 'again' });
  assert.deepEqual([pulses(bank).length, bank.on('pick-up').door.door], [before + 1, 'open']);
  assert.equal(bank.compartment(n).use, 'occupied');
});

test('a door that does not open for a courier: another is offered, and the first is withdrawn as jammed', () => {
  const bank = bankInService();
  signIn(bank);
  bank.boards = 'silent';
  const n = beginDropOff(bank);
  assert.equal(bank.on('drop-off').otherDoor, false, 'not while an answer may still come');
  bank.act({ do: 'other-door' });
  assert.equal(bank.view().message, 'wait');
  bank.timeOut(bank.session());
  for (let second = 0; second < 3; second++) {
    assert.equal(bank.on('drop-off').otherDoor, false, 'nor while the latch may yet let go');
    bank.act({ do: 'other-door' });
    assert.equal(bank.view().message, 'wait');
    bank.wait(1000);
  }
  assert.equal(bank.on('drop-off').otherDoor, true);
  bank.boards = 'opens';
  bank.act({ do: 'other-door' });
  const other = bank.on('drop-off').door;
  assert.notEqual(other.compartment, n);
  assert.equal(other.door, 'open');
  assert.deepEqual([bank.compartment(n).withdrawn, bank.compartment(n).use], ['jammed', 'empty']);
  assert.equal(bank.told('parcel.not-deposited')[0]?.facts?.why, 'door-did-not-open');
  assert.deepEqual(alarms(bank), ['jammed']);
  bank.sense(n, 'open');
  assert.ok(alarms(bank).includes('forced'), 'should it spring open later, nobody was meant to have it');
  bank.sense(other.compartment, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  assert.equal(bank.told('parcel.deposited')[0]?.compartment, other.compartment);
});

test('another door is not offered once the door was open, nor when there is none', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.on('drop-off').otherDoor, false);
  bank.act({ do: 'other-door' });
  assert.equal(bank.view().message, 'step-out-of-turn');

  const full = bankInService();
  signIn(full);
  full.boards = 'silent';
  const only = beginDropOff(full, { size: 'XL' });
  full.timeOut(full.session());
  full.wait(3000);
  for (const { n: other, size } of Object.values(full.state.compartment))
    if (size === 'XL' && other !== only) full.sense(other, 'open');
  full.act({ do: 'other-door' });
  assert.equal(full.view().message, 'no-compartment-free');
  assert.equal(full.compartment(only).use, 'reserved', 'the session stays as it was');
});

test('three pulses and a door that never opened: jammed, staff are told, the parcel stays the recipient’s', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  againAndAgain(bank);
  bank.wait(10_000);
  assert.deepEqual(alarms(bank), [], 'the person may still be pulling');
  bank.wait(6_000);
  assert.deepEqual(alarms(bank), ['jammed']);
  assert.equal(bank.told('latch.jammed')[0]?.facts?.pulses, 3);
  assert.deepEqual([bank.compartment(n).withdrawn, bank.compartment(n).use], ['jammed', 'occupied']);
  assert.equal(bank.view().message, 'latch-jammed');
  bank.wait(6_000);
  assert.equal(bank.told('latch.jammed').length, 1, 'once');
  bank.act({ do: 'again' });
  assert.equal(bank.view().message, 'session-pulses-spent');
  bank.act({ do: 'report', what: 'door-did-not-open' });
  assert.deepEqual([bank.on('reported').screen, bank.compartment(n).use], ['reported', 'held']);
});

test('‘the door did not open’: believed together with the sensor, the latch counts as jammed', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  bank.wait(4_000);
  bank.act({ do: 'report', what: 'door-did-not-open' });
  assert.deepEqual(alarms(bank), ['discrepancy', 'jammed']);
  assert.deepEqual([bank.compartment(n).use, bank.compartment(n).withdrawn], ['held', 'jammed']);
});

test('‘the door did not open’ against a sensor that saw it open: a discrepancy, and no jammed latch', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'report', what: 'door-did-not-open' });
  assert.deepEqual([alarms(bank), bank.compartment(n).withdrawn], [['discrepancy'], null]);
  assert.equal(bank.compartment(n).use, 'held');
});

test('two requests with one code at once: one session, one pulse', () => {
  const bank = bankInService();
  const { pin, qr } = dropOff(bank);
  bank.holdAnswers = true;
  const before = pulses(bank).length;
  bank.act({ do: 'pin', pin });
  bank.act({ do: 'pin', pin });
  assert.equal(bank.view().message, 'wait');
  bank.act({ do: 'scan', text: qr });
  assert.equal(
    bank.told('attempt.counted').filter(({ facts }) => facts?.method !== 'courier-code').length,
    1,
  );
  bank.deliver();
  bank.deliver();
  assert.equal(pulses(bank).length, before + 1);
  assert.equal(Object.keys(bank.state.session).length, 1);
});

test('the wrong door opens (a crossed cable): that one is forced, and ours is not opened by it', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  const neighbour = n + 1;
  bank.sense(neighbour, 'open');
  assert.deepEqual(alarms(bank), ['forced']);
  assert.equal(bank.told('door.forced')[0]?.compartment, neighbour);
  assert.equal(bank.compartment(neighbour).withdrawn, 'forced');
  assert.equal(bank.session().doorSensedOpen, false);
});

test('a latch that was let go behind a door that stays shut looks stuck after a moment, and no longer once it opens', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  assert.deepEqual([bank.on('pick-up').door.stuck, bank.on('pick-up').door.opened], [false, false]);
  bank.wait(5_000);
  assert.equal(bank.on('pick-up').door.stuck, true);
  bank.sense(n, 'open');
  assert.deepEqual([bank.on('pick-up').door.stuck, bank.on('pick-up').door.opened], [false, true]);
});

test('a door left open is spoken of at home until it shuts', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.wait(91_000);
  bank.wait(61_000);
  assert.equal(bank.on('home').ajar, n);
  bank.sense(n, 'closed', 'yes');
  assert.equal(bank.on('home').ajar, null);
});

test('‘I did not get it’ and ‘it is not my parcel’: staff are told, the code is spent, the parcel is held', () => {
  for (const what of ['not-received', 'not-my-parcel'] as const) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    bank.act({ do: 'pin', pin });
    bank.sense(n, 'closed', 'yes');
    bank.act({ do: 'report', what });
    assert.equal(bank.on('reported').notMine, what === 'not-my-parcel');
    assert.equal(bank.told('discrepancy.reported')[0]?.facts?.what, what);
    assert.equal(bank.told('alarm.raised')[0]?.facts?.condition, 'discrepancy');
    assert.equal(bank.told('parcel.held')[0]?.facts?.why, 'discrepancy');
    assert.equal(bank.compartment(n).use, 'held');
    assert.equal(bank.act({ do: 'pin', pin }).message, 'code-not-accepted');
  }
});

/** Doors that no release opened: what the people who stand there can say, and what becomes of the compartment. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { againAndAgain, bankInService, beginDropOff, dropOff, signIn, type TestBank } from './test-bank.ts';
import { CLAIM, carry, noteFor, staffRelease } from './test-orders.ts';

const GRACE_MS = 11 * 60_000;

function grantOf(bank: TestBank): string | undefined {
  return Object.values(bank.state.grant)[0]?.state;
}

test('at a door that stands open staff say what they did, and leave not without a word: pried open, or by the mechanical key', () => {
  for (const said of ['at the open door', 'at the shut door']) {
    const bank = bankInService();
    const { n } = dropOff(bank);
    bank.boards = 'answers';
    bank.sense(n, 'open', 'yes');
    bank.wait(100_000);
    assert.equal(carry(bank, noteFor(bank, staffRelease(n))), null);
    bank.act({ do: 'scan', text: CLAIM });
    assert.equal(bank.on('staff').door.opened, true);
    bank.wait(4000);
    if (said === 'at the open door') {
      assert.equal(bank.act({ do: 'found', what: 'removed' }).message, 'shut-the-door');
      bank.sense(n, 'closed', 'no');
    } else {
      bank.sense(n, 'closed', 'no');
      assert.equal(bank.act({ do: 'leave' }).message, 'say-what-you-found');
      bank.act({ do: 'found', what: 'removed' });
    }
    bank.on('staff-done');
    assert.equal(bank.told('count.taken').length, 1);
    assert.equal(bank.told('parcel.removed').length, 1);
    assert.equal(grantOf(bank), 'revoked');
  }
});

test('staff who walk away from a door that stood open have said nothing: the parcel is held', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  bank.boards = 'answers';
  bank.sense(n, 'open', 'yes');
  carry(bank, noteFor(bank, staffRelease(n)));
  bank.act({ do: 'scan', text: CLAIM });
  bank.sense(n, 'closed', 'no');
  bank.wait(61_000);
  bank.wait(GRACE_MS);
  assert.equal(bank.compartment(n).use, 'held');
  assert.equal(grantOf(bank), 'revoked');
});

test('a door that the mechanical key opens under a claim with a dead latch counts as open, at the screen or away from it', () => {
  for (const awayMs of [0, 90_000]) {
    const bank = bankInService();
    const { n } = dropOff(bank);
    bank.boards = 'silent';
    carry(bank, noteFor(bank, staffRelease(n)));
    bank.act({ do: 'scan', text: CLAIM });
    bank.timeOut(bank.session());
    bank.wait(awayMs);
    bank.sense(n, 'open', 'yes');
    bank.sense(n, 'closed', 'no');
    if (awayMs > 0) bank.act({ do: 'scan', text: CLAIM });
    if (awayMs > 0) bank.timeOut(bank.session());
    bank.wait(4000);
    bank.act({ do: 'found', what: 'removed' });
    bank.on('staff-done');
    assert.equal(bank.told('parcel.removed').length, 1);
  }
});

test('a recipient with the code at a door that stands open takes the parcel and says so', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.sense(n, 'open', 'yes');
  bank.wait(100_000);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  bank.wait(4000);
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.on('pick-up').ask, true);
  bank.act({ do: 'collected' });
  bank.on('pick-up-done');
  assert.equal(bank.told('parcel.collected')[0]?.facts?.basis, 'person');
});

test('a recipient who says nothing at a door that stood open before has not collected it by the sensor’s word', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.sense(n, 'open', 'yes');
  bank.wait(100_000);
  bank.boards = 'answers';
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed', 'no');
  bank.wait(61_000);
  bank.wait(GRACE_MS);
  assert.equal(bank.told('parcel.collected').length, 0);
  assert.equal(bank.compartment(n).use, 'held');
});

test('a recipient who looked, shut the door and went for a trolley has not collected what a thief took meanwhile', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed', 'yes');
  bank.wait(61_000);
  bank.sense(n, 'open', 'yes');
  bank.sense(n, 'closed', 'no');
  bank.wait(GRACE_MS);
  assert.equal(bank.told('parcel.collected').length, 0);
  assert.equal(bank.compartment(n).use, 'held');
});

test('a door forced while a parcel lay there serves its recipient, and then nobody before an order puts it back', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.sense(n, 'open', 'yes');
  bank.sense(n, 'closed', 'yes');
  assert.equal(bank.compartment(n).withdrawn, null);
  bank.act({ do: 'pin', pin });
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'collected' });
  bank.on('pick-up-done');
  assert.equal(bank.compartment(n).withdrawn, 'forced');
  bank.powerCut();
  assert.notEqual(dropOff(bank).n, n);
  assert.equal(carry(bank, noteFor(bank, { do: 'restore', compartment: n })), null);
  const ended = bank.told('alarm.ended').filter(({ facts }) => facts?.condition === 'forced');
  assert.deepEqual(
    ended.map(({ compartment }) => compartment),
    [n],
  );
  bank.tick();
  assert.equal(bank.compartment(n).withdrawn, null);
  signIn(bank);
  assert.equal(beginDropOff(bank), n);
});

test('staff who empty a forced compartment leave it out of use, unless their order says to put it back', () => {
  for (const restores of [false, true]) {
    const bank = bankInService();
    const { n } = dropOff(bank);
    bank.sense(n, 'open', 'yes');
    carry(bank, noteFor(bank, staffRelease(n, restores)));
    bank.act({ do: 'scan', text: CLAIM });
    bank.wait(4000);
    bank.sense(n, 'closed', 'no');
    bank.act({ do: 'found', what: 'removed' });
    bank.on('staff-done');
    assert.equal(bank.compartment(n).withdrawn, restores ? null : 'forced');
  }
});

test('a jammed door that an order puts back stays in service, and the recipient’s code opens it', () => {
  for (const isThere of [false, true]) {
    const bank = bankInService();
    const { n, pin } = dropOff(bank);
    bank.boards = 'answers';
    bank.act({ do: 'pin', pin });
    againAndAgain(bank);
    bank.wait(16_000);
    assert.equal(bank.compartment(n).withdrawn, 'jammed');
    if (!isThere) bank.act({ do: 'cancel' });
    assert.equal(carry(bank, noteFor(bank, { do: 'restore', compartment: n })), null);
    bank.boards = 'opens';
    bank.wait(16_000);
    assert.equal(bank.compartment(n).withdrawn, null);
    assert.equal(bank.told('latch.jammed').length, 1);
    if (isThere) bank.act({ do: 'cancel' });
    bank.wait(61_000);
    bank.act({ do: 'pin', pin });
    assert.equal(bank.on('pick-up').door.door, 'open');
  }
});

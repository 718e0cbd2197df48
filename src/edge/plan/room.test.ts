import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutRoom } from './room.ts';
import { bankInService, beginDropOff, COURIER, dropOff, signIn, type TestBank } from './test-bank.ts';

const full = (bank: TestBank) => bank.do({ type: 'room', freeKiB: 900, full: true });
const well = (bank: TestBank) => bank.do({ type: 'room', freeKiB: 9_000_000, full: false });
const refused = { screen: 'closed', reason: 'journal-full' };

test('a full journal begins nothing new: no code, no badge; and says so once, over restarts too', () => {
  const bank = bankInService();
  const { pin } = dropOff(bank);
  full(bank);
  full(bank);
  const counted = bank.told('attempt.counted').length;
  assert.deepEqual(bank.act({ do: 'pin', pin }).show, refused);
  assert.deepEqual(bank.act({ do: 'scan', text: COURIER.badge }).show, refused);
  assert.equal(bank.view().message, 'journal-full');
  assert.equal(bank.told('attempt.counted').length, counted);
  bank.powerCut();
  full(bank);
  assert.equal(bank.told('journal.full').length, 1);
  well(bank);
  assert.deepEqual(
    bank.told('alarm.ended').map(({ facts }) => facts?.condition),
    ['journal'],
  );
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
});

test('a drop-off under way is finished in a full journal; the courier gets no next one', () => {
  const bank = bankInService();
  signIn(bank);
  const n = beginDropOff(bank);
  full(bank);
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  assert.equal(bank.compartment(n).use, 'occupied');
  assert.equal(bank.told('parcel.deposited').length, 1);
  bank.on('drop-off-done');
  assert.equal(bank.act({ do: 'next-parcel' }).message, 'journal-full');
  assert.deepEqual(bank.act({ do: 'leave' }).show, refused);
});

test('a pick-up under way is finished in a full journal, and doors are still recorded', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  full(bank);
  bank.sense(20, 'open', 'no');
  assert.equal(bank.told('door.forced').length, 1);
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'collected' });
  assert.equal(bank.told('parcel.collected').length, 1);
});

test('a code that could not be kept is drawn anew when there is room, and the cloud is asked what was missed', () => {
  const bank = bankInService();
  bank.holdAnswers = true;
  signIn(bank);
  bank.deliver();
  const n = beginDropOff(bank);
  bank.deliver();
  bank.deliver();
  bank.sense(n, 'closed', 'yes');
  bank.act({ do: 'deposited' });
  // The code was drawn; its commit found no room.
  bank.pending = [];
  bank.holdAnswers = false;
  bank.state = withoutRoom(bank.state);
  const planned = well(bank);
  assert.deepEqual(
    planned.effects.map((effect) => effect.do),
    ['mint', 'hello'],
  );
  assert.equal(bank.told('grant.issued').length, 1);
  assert.equal(well(bank).effects.length, 0);
  assert.deepEqual(
    ['journal.full', 'alarm.raised', 'alarm.ended'].map((kind) => bank.told(kind as 'journal.full').length),
    [1, 1, 1],
    'what could not be said then is said now',
  );
});

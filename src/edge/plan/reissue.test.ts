/** Another code for one parcel: by order, so often a day, and never two codes that open. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bankInService, DAY_MS, dropOff, type TestBank } from './test-bank.ts';
import { carry, noteFor } from './test-orders.ts';

const reissue = (bank: TestBank, compartment: number) =>
  carry(bank, noteFor(bank, { do: 'reissue', compartment }));
const NOT_ACCEPTED = 'code-not-accepted';

test('an order has another code made: the old one opens nothing from then on, the new one does', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  assert.equal(reissue(bank, n), null);
  const [record] = bank.told('grant.reissued');
  assert.deepEqual(record?.facts, { issue: 2, by: 'order' });
  assert.ok(record?.fields?.order);
  assert.equal(bank.told('grant.issued').length, 1);
  assert.equal(bank.wishes.at(-1)?.what, 'reissue');
  const fresh = bank.newestCode();
  assert.notEqual(fresh.pin, pin);
  assert.equal(bank.act({ do: 'pin', pin }).message, NOT_ACCEPTED);
  bank.act({ do: 'pin', pin: fresh.pin });
  assert.equal(bank.on('pick-up').door.compartment, n);
});

test('a code is made again as often a day as the signed roster says, for each parcel', () => {
  const bank = bankInService();
  const [first, second] = [dropOff(bank).n, dropOff(bank).n];
  assert.equal(reissue(bank, first), null);
  assert.equal(reissue(bank, first), 'reissue-limit');
  assert.equal(reissue(bank, second), null, 'another parcel has its own');
  bank.wait(DAY_MS);
  bank.epoch();
  assert.equal(reissue(bank, first), null, 'the next day');
  const strict = bankInService({ reissuesPerGrantDay: 0 });
  assert.equal(reissue(strict, dropOff(strict).n), 'reissue-limit');
});

test('where no code waits, or somebody has just used theirs, an order for another is pointless', () => {
  const bank = bankInService();
  assert.equal(reissue(bank, 3), 'order-pointless');
  assert.equal(reissue(bank, 999), 'message-malformed');
  const { n, pin } = dropOff(bank);
  bank.act({ do: 'pin', pin });
  bank.on('pick-up');
  assert.equal(reissue(bank, n), 'order-pointless');
});

test('the power goes between the order and its code: the next start makes it, and counts it once', () => {
  const bank = bankInService();
  const { n, pin } = dropOff(bank);
  bank.holdAnswers = true;
  assert.equal(reissue(bank, n), null);
  assert.equal(bank.told('grant.reissued').length, 0);
  bank.pending.splice(0);
  bank.holdAnswers = false;
  bank.powerCut();
  assert.equal(bank.told('grant.reissued').length, 1);
  assert.equal(bank.act({ do: 'pin', pin }).message, NOT_ACCEPTED);
  assert.equal(reissue(bank, n), 'reissue-limit');
});

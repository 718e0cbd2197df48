import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { DEFAULT_POLICY } from '../../domain/roster.ts';
import { claimText } from '../../domain/scan.ts';
import { signOrder } from '../../ledger/order.ts';
import { RELEASES_PER_DAY, RELEASES_PER_HOUR } from './orders.ts';
import { ONLY } from './state.ts';
import {
  BANK,
  bankInService,
  COURIER,
  DAY_MS,
  dropOff,
  HOUR_MS,
  NOTIFIER,
  ROOT,
  STRANGER,
  TestBank,
  testId,
} from './test-bank.ts';
import { CLAIM, carry, noteFor, OTHER_CLAIM, orderFor, staffRelease } from './test-orders.ts';

test('an order is taken once, by whatever road, and recorded with its hash', () => {
  const bank = bankInService();
  const note = noteFor(bank, staffRelease(3));
  assert.equal(carry(bank, note), null);
  const [accepted] = bank.told('order.accepted');
  assert.deepEqual(
    [accepted?.facts?.act, accepted?.facts?.road, accepted?.facts?.signatures, accepted?.compartment],
    ['staff-release', 'hand', 1, 3],
  );
  assert.equal(carry(bank, note), 'order-replayed');
  bank.hear({ v: 1, type: 'order', note });
  assert.deepEqual(
    bank.told('order.refused').map(({ facts }) => [facts?.reason, facts?.road]),
    [
      ['order-replayed', 'hand'],
      ['order-replayed', 'cloud'],
    ],
  );
  assert.equal(
    bank.effects.filter(({ do: what }) => what === 'pulse').length,
    0,
    'nobody was there: no latch moves',
  );
});

test('what the root did not sign, for this bank and this nonce, is refused by name', () => {
  const bank = bankInService();
  const act = staffRelease(3);
  const good = noteFor(bank, act);
  const cases: [string, string][] = [
    [noteFor(bank, act, {}, [STRANGER]), 'signature-wrong'],
    [noteFor(bank, act, {}, [NOTIFIER]), 'signature-wrong'],
    [good.replace('"compartment":3', '"compartment":4'), 'signature-wrong'],
    ['no note at all', 'signature-wrong'],
    [noteFor(bank, act, { bank: testId('bank', 2) }), 'order-wrong-bank'],
    [noteFor(bank, act, { site: testId('site', 2) }), 'signature-wrong'],
    [noteFor(bank, act, { nonce: base64url(new Uint8Array(16)) }), 'order-nonce-old'],
    [
      noteFor(bank, act, { madeAtMs: bank.wallMs - 2 * HOUR_MS, untilMs: bank.wallMs - HOUR_MS }),
      'order-expired',
    ],
    [noteFor(bank, act, { untilMs: bank.wallMs + 73 * HOUR_MS }), 'message-malformed'],
    [noteFor(bank, staffRelease(99)), 'message-malformed'],
    [noteFor(bank, { do: 'restore', compartment: 3 }), 'order-pointless'],
    [noteFor(bank, { do: 'lift' }), 'order-pointless'],
  ];
  for (const [note, reason] of cases) assert.equal(carry(bank, note), reason);
  assert.equal(bank.told('order.accepted').length, 0);
  assert.equal(carry(bank, good), null, 'and the good one is still good');
});

test('a bank without a roster takes no order', () => {
  const bank = new TestBank();
  assert.equal(carry(bank, noteFor(bank, staffRelease(3))), 'no-roster');
});

test('a nonce lives a day; an order that was held back is worthless after it, and so is its replay', () => {
  const bank = bankInService();
  const note = noteFor(bank, staffRelease(3), { untilMs: bank.wallMs + 72 * HOUR_MS });
  const before = bank.state.orderBook[ONLY]?.nonce;
  bank.wait(DAY_MS);
  assert.notEqual(bank.state.orderBook[ONLY]?.nonce, before);
  assert.ok(bank.effects.some(({ do: what }) => what === 'hello'));
  assert.equal(carry(bank, note), 'order-nonce-old');
});

test('nonce, orders and budgets outlive a power cut', () => {
  const bank = bankInService();
  const note = noteFor(bank, staffRelease(3));
  carry(bank, note);
  const { nonce } = bank.state.orderBook[ONLY] ?? {};
  bank.powerCut();
  assert.equal(bank.state.orderBook[ONLY]?.nonce, nonce);
  assert.equal(carry(bank, note), 'order-replayed');
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.compartment, 3);
});

test('an order that nobody claims lapses, and its claim opens nothing', () => {
  const bank = bankInService();
  carry(bank, noteFor(bank, staffRelease(3)));
  bank.wait(12 * HOUR_MS);
  assert.equal(bank.told('order.lapsed').length, 1);
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.view().message, 'order-unknown');
});

test('restore: a forced compartment serves again, and its alarm ends; an open door stays out', () => {
  const bank = bankInService();
  bank.sense(3, 'open');
  assert.equal(bank.compartment(3).withdrawn, 'forced');
  assert.equal(carry(bank, noteFor(bank, { do: 'restore', compartment: 3 })), 'door-open');
  bank.sense(3, 'closed', 'no');
  assert.equal(carry(bank, noteFor(bank, { do: 'restore', compartment: 3 })), null);
  assert.equal(bank.compartment(3).withdrawn, null);
  assert.deepEqual(
    bank.told('alarm.ended').map(({ facts, compartment }) => [facts?.condition, compartment]),
    [['forced', 3]],
  );
  assert.equal(bank.told('compartment.restored').length, 1);
});

test('lift: every suspension ends, and the cloud has no second day until the next roster', () => {
  const bank = bankInService();
  const suspend = (id: string, change: object = {}) =>
    bank.hear({
      v: 1,
      type: 'suspend',
      id: id.padEnd(22, 'A'),
      scope: 'bank',
      subject: null,
      compartment: null,
      untilMs: bank.wallMs + 2 * HOUR_MS,
      ...change,
    });
  suspend('one');
  suspend('two', { scope: 'courier', subject: COURIER.person });
  assert.equal(Object.keys(bank.state.suspension).length, 2);
  assert.equal(carry(bank, noteFor(bank, { do: 'lift' })), null);
  assert.deepEqual(bank.state.suspension, {});
  assert.deepEqual(
    bank.told('suspension.ended').map(({ facts }) => facts?.by),
    ['order', 'order'],
  );
  suspend('three');
  suspend('four', { scope: 'courier', subject: COURIER.person });
  assert.deepEqual(bank.state.suspension, {}, 'a cloud that suspends again is refused');
  assert.equal(bank.told('message.refused').at(-1)?.facts?.reason, 'suspension-too-long');
  bank.roster({ version: 2 });
  suspend('five');
  assert.equal(Object.keys(bank.state.suspension).length, 1, 'a new roster is a new beginning');
});

test('one signer opens three doors an hour and ten a day; two signers have no such limit', () => {
  const bank = bankInService();
  const keys = [ROOT, STRANGER].map((key) => base64url(key.publicKey));
  bank.roster({ version: 2, root: { keys, k: 1 } });
  /** An order for door `n`, claimed. Answers what stopped it, or null. */
  const open = (n: number, signers = [ROOT]) => {
    const claim = claimText(new Uint8Array(16).fill(n));
    carry(bank, noteFor(bank, staffRelease(n, false, claim), {}, signers));
    bank.act({ do: 'scan', text: claim });
    const { show, message } = bank.view();
    if (show.screen !== 'staff') return message;
    bank.sense(n, 'closed', 'no');
    bank.act({ do: 'found', what: 'empty' });
    bank.act({ do: 'cancel' });
    return null;
  };
  const limit = 'order-second-signature-needed';
  for (let n = 1; n <= RELEASES_PER_HOUR; n++) assert.equal(open(n), null);
  assert.equal(open(RELEASES_PER_HOUR + 1), limit);
  assert.equal(open(RELEASES_PER_HOUR + 2, [ROOT, STRANGER]), null, 'two people may');
  // The pair's door counts for both of them, so the hours of the day are shared out from here.
  let opened = RELEASES_PER_HOUR + 1;
  for (let n = 10; opened < RELEASES_PER_DAY; n++) {
    if (open(n) === null) opened++;
    else bank.wait(HOUR_MS);
  }
  bank.wait(HOUR_MS);
  assert.equal(open(24), limit, 'ten a day');
  bank.wait(DAY_MS);
  assert.equal(open(23), null);
});

test('an order names one door; its claim opens no other, and another claim opens nothing', () => {
  const bank = bankInService();
  const { n } = dropOff(bank);
  carry(bank, noteFor(bank, staffRelease(n)));
  bank.act({ do: 'scan', text: OTHER_CLAIM });
  assert.equal(bank.lastDenial(), 'order-unknown');
  bank.act({ do: 'scan', text: CLAIM });
  assert.equal(bank.on('staff').door.compartment, n);
  const pulses = bank.effects.filter((effect) => effect.do === 'pulse').slice(-1);
  assert.deepEqual(
    pulses.map((pulse) => pulse.do === 'pulse' && pulse.compartment),
    [n],
  );
});

test('the same text with a second signature is the same order', () => {
  const bank = bankInService();
  bank.roster({
    version: 2,
    root: { keys: [ROOT, STRANGER].map((key) => base64url(key.publicKey)), k: 2 },
    policy: DEFAULT_POLICY,
  });
  const order = orderFor(bank, staffRelease(3));
  assert.equal(order.bank, BANK);
  assert.equal(carry(bank, signOrder(order, [ROOT])), 'signature-wrong', 'one of two is not enough');
  assert.equal(carry(bank, signOrder(order, [ROOT, STRANGER])), null);
  assert.equal(carry(bank, signOrder(order, [STRANGER, ROOT])), 'order-replayed');
});

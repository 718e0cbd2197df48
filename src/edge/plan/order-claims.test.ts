/** Orders in the planner: what makes one count, what it needs at the door, and what becomes of the parcel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { Order, OrderAct } from '../../domain/order.ts';
import { claimText } from '../../domain/scan.ts';
import { claimHash, signOrder } from '../../ledger/order.ts';
import { RELEASES_PER_HOUR } from './orders.ts';
import { ONLY } from './state.ts';
import {
  BANK,
  bankInService,
  DAY_MS,
  dropOff,
  HOUR_MS,
  ROOT,
  SITE,
  STRANGER,
  signIn,
  TENANT,
  type TestBank,
  testId,
} from './test-bank.ts';

const SECOND_ROOT = newSigningKey();
const twoKeys = { keys: [ROOT, SECOND_ROOT].map((key) => base64url(key.publicKey)), k: 1 };
let orders = 0;
let claims = 0;

const newClaim = () => claimText(new Uint8Array(16).fill(++claims));

function orderFor(bank: TestBank, act: OrderAct, change: Partial<Order> = {}): Order {
  return {
    v: 1,
    order: testId('order', ++orders),
    tenant: TENANT,
    site: SITE,
    bank: BANK,
    nonce: bank.state.orderBook[ONLY]?.nonce ?? '',
    madeAtMs: bank.wallMs,
    untilMs: bank.wallMs + 24 * HOUR_MS,
    purpose: 'the recipient moved away',
    act,
    ...change,
  };
}

const carry = (bank: TestBank, order: Order, keys = [ROOT]) =>
  bank.do({ type: 'order', note: signOrder(order, keys) });
const refusal = (bank: TestBank) => bank.told('order.refused').at(-1)?.facts?.reason;

function ready(): TestBank {
  const bank = bankInService();
  bank.tick();
  return bank;
}

function release(bank: TestBank, n: number, change: Partial<Order> = {}, restore = false) {
  const claim = newClaim();
  const order = orderFor(
    bank,
    { do: 'staff-release', compartment: n, claim: claimHash(claim), restore },
    change,
  );
  return { claim, order };
}

const scan = (bank: TestBank, text: string) => bank.act({ do: 'scan', text });

test('a parcel expires, is held, and staff take it out by order: custody is theirs, the compartment is free', () => {
  const bank = ready();
  const { n, pin } = dropOff(bank);
  bank.wait(8 * DAY_MS);
  assert.equal(bank.compartment(n).use, 'held');
  assert.equal(bank.told('parcel.held').at(-1)?.facts?.why, 'expired');
  const { claim, order } = release(bank, n);
  carry(bank, order);
  assert.equal(bank.told('order.accepted').length, 1);
  assert.equal(bank.compartment(n).door, 'closed', 'an order alone moves nothing');
  scan(bank, claim);
  assert.equal(bank.on('staff').expected, 'parcel');
  assert.equal(bank.compartment(n).door, 'open');
  bank.sense(n, 'closed', 'no');
  bank.act({ do: 'found', what: 'removed' });
  bank.on('staff-done');
  assert.equal(bank.told('parcel.removed').length, 1);
  assert.equal(bank.compartment(n).use, 'empty');
  assert.equal(Object.keys(bank.state.order).length, 0);
  bank.wait(20_000);
  assert.equal(
    bank.act({ do: 'pin', pin }).message,
    'held-for-staff',
    'who has the code is told whom to ask',
  );
  assert.equal(scan(bank, claim).message, 'order-unknown', 'a claim is spent with its order');
  bank.wait(3 * DAY_MS);
  assert.equal(Object.keys(bank.state.grant).length, 0, 'no grant is kept for ever');
});

test('a parcel that still waits can be taken out by order, and its code is dead', () => {
  const bank = ready();
  const { n, pin } = dropOff(bank);
  const { claim, order } = release(bank, n);
  carry(bank, order);
  scan(bank, claim);
  bank.act({ do: 'found', what: 'removed' });
  bank.sense(n, 'closed', 'no');
  assert.equal(bank.told('grant.revoked').length, 1);
  assert.equal(bank.compartment(n).use, 'empty');
  bank.wait(20_000);
  assert.equal(bank.act({ do: 'pin', pin }).message, 'code-not-accepted');
});

test('refused by name: a stranger, another bank, an old nonce, an end in the past, the same again', () => {
  const bank = ready();
  const restore: OrderAct = { do: 'set-clock', claim: claimHash(newClaim()) };
  const cases: [string, Order, (typeof ROOT)[]][] = [
    ['signature-wrong', orderFor(bank, restore), [STRANGER]],
    ['order-wrong-bank', orderFor(bank, restore, { bank: testId('bank', 2) }), [ROOT]],
    [
      'order-wrong-bank',
      orderFor(bank, restore, { site: testId('site', 1), tenant: testId('tenant', 2) }),
      [ROOT],
    ],
    ['order-nonce-old', orderFor(bank, restore, { nonce: base64url(new Uint8Array(16)) }), [ROOT]],
    [
      'order-expired',
      release(bank, 3, { madeAtMs: bank.wallMs - 2 * HOUR_MS, untilMs: bank.wallMs - HOUR_MS }).order,
      [ROOT],
    ],
    ['message-malformed', orderFor(bank, restore, { untilMs: bank.wallMs + 100 * HOUR_MS }), [ROOT]],
  ];
  for (const [reason, order, keys] of cases) {
    carry(bank, order, keys);
    assert.equal(refusal(bank), reason);
  }
  const { order } = release(bank, 3);
  carry(bank, order);
  carry(bank, order);
  assert.equal(refusal(bank), 'order-replayed');
  assert.equal(bank.told('order.accepted').length, 1);
  assert.equal(bank.effects.filter((effect) => effect.do === 'pulse').length, 0);
});

test('above three doors an hour a second signature is needed, and may be added to the order that waits', () => {
  const bank = ready();
  bank.roster({ version: 2, root: twoKeys });
  for (let n = 1; n <= RELEASES_PER_HOUR; n++) {
    const { claim, order } = release(bank, n);
    carry(bank, order);
    scan(bank, claim);
    bank.sense(n, 'closed', 'no');
    bank.act({ do: 'found', what: 'empty' });
    bank.wait(20_000);
  }
  const { claim, order } = release(bank, 9);
  carry(bank, order);
  assert.equal(scan(bank, claim).message, 'order-second-signature-needed');
  assert.equal(bank.compartment(9).door, 'closed');
  carry(bank, order, [ROOT]);
  assert.equal(refusal(bank), 'order-replayed', 'the same signature again adds nothing');
  carry(bank, { ...order, act: { ...order.act, compartment: 10 } as OrderAct }, [ROOT, SECOND_ROOT]);
  assert.equal(refusal(bank), 'order-replayed', 'another text is another order under a spent id');
  carry(bank, order, [ROOT, SECOND_ROOT]);
  assert.equal(bank.told('order.accepted').at(-1)?.facts?.signatures, 2);
  scan(bank, claim);
  assert.equal(bank.compartment(9).door, 'open');
});

test('an order lasts no longer than its signer meant, whatever their clock says; an hour later its claim is dead', () => {
  const bank = ready();
  const yearMs = 365 * DAY_MS;
  const { claim, order } = release(bank, 4, {
    madeAtMs: bank.wallMs + yearMs,
    untilMs: bank.wallMs + yearMs + HOUR_MS,
  });
  carry(bank, order);
  bank.wait(HOUR_MS + 1000);
  assert.equal(bank.told('order.lapsed').length, 1);
  assert.equal(scan(bank, claim).message, 'order-unknown');
});

test('a clock that runs ahead is set by an order, though by that clock the order is over', () => {
  const bank = ready();
  const { wallMs } = bank;
  bank.powerCut(40 * DAY_MS);
  bank.tick();
  bank.hearTime(wallMs + 60_000);
  assert.equal(bank.told('clock.frozen').length, 1);
  const claim = newClaim();
  const change = { madeAtMs: wallMs, untilMs: wallMs + HOUR_MS };
  carry(bank, orderFor(bank, { do: 'set-clock', claim: claimHash(claim) }, change));
  assert.equal(bank.told('order.accepted').length, 1);
  bank.wallMs = wallMs + 120_000;
  bank.tick();
  scan(bank, claim);
  bank.act({ do: 'clock', use: 'machine' });
  assert.equal(bank.on('staff-done').done, 'clock');
  assert.equal(bank.told('clock.set').at(-1)?.facts?.by, 'order');
});

test('staff who walk off from an empty compartment leave it shut to couriers until they have looked', () => {
  const bank = ready();
  const { claim, order } = release(bank, 5);
  carry(bank, order);
  scan(bank, claim);
  bank.sense(5, 'closed', 'no');
  bank.wait(10 * 60_000);
  bank.wait(60 * 60_000);
  bank.tick();
  assert.equal(bank.told('discrepancy.reported').at(-1)?.facts?.what, 'left-unconfirmed');
  assert.equal(bank.compartment(5).withdrawn, 'order');
  carry(bank, orderFor(bank, { do: 'restore', compartment: 5 }));
  assert.equal(bank.compartment(5).withdrawn, null);
  signIn(bank);
});

test('a forced compartment is looked into by order and serves again only when it was found empty', () => {
  const bank = ready();
  bank.sense(6, 'open');
  bank.sense(6, 'closed', 'no');
  assert.equal(bank.compartment(6).withdrawn, 'forced');
  const { claim, order } = release(bank, 6, {}, true);
  carry(bank, order);
  scan(bank, claim);
  bank.sense(6, 'closed', 'no');
  bank.act({ do: 'found', what: 'empty' });
  assert.equal(bank.compartment(6).withdrawn, null);
  assert.equal(bank.told('compartment.restored').at(-1)?.facts?.by, 'order');
});

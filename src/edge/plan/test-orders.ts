/** Orders for the planner's tests, signed by the test site's root. Nothing but tests imports it. */
import type { SigningKey } from '../../crypto/sign.ts';
import type { Order, OrderAct } from '../../domain/order.ts';
import { claimText } from '../../domain/scan.ts';
import { claimHash, signOrder } from '../../ledger/order.ts';
import { ONLY } from './state.ts';
import { BANK, HOUR_MS, ROOT, SITE, TENANT, type TestBank, testId } from './test-bank.ts';

export const CLAIM = claimText(new Uint8Array(16).fill(77));
export const OTHER_CLAIM = claimText(new Uint8Array(16).fill(78));

let orders = 0;

export function orderFor(bank: TestBank, act: OrderAct, change: Partial<Order> = {}): Order {
  if (!bank.state.orderBook[ONLY]) bank.tick();
  return {
    v: 1,
    order: testId('order', ++orders),
    tenant: TENANT,
    site: SITE,
    bank: BANK,
    nonce: bank.state.orderBook[ONLY]?.nonce ?? '',
    madeAtMs: bank.wallMs,
    untilMs: bank.wallMs + 12 * HOUR_MS,
    purpose: 'parcel was not collected',
    act,
    ...change,
  };
}

export function noteFor(
  bank: TestBank,
  act: OrderAct,
  change: Partial<Order> = {},
  keys: readonly SigningKey[] = [ROOT],
): string {
  return signOrder(orderFor(bank, act, change), keys);
}

export const staffRelease = (compartment: number, restore = false, claim = CLAIM): OrderAct => ({
  do: 'staff-release',
  compartment,
  claim: claimHash(claim),
  restore,
});

/** Carries an order here by hand. Answers why it was refused, or null. */
export function carry(bank: TestBank, note: string): string | null {
  const before = bank.records.length;
  bank.do({ type: 'order', note });
  const refused = bank.records.slice(before).find(({ record }) => record.kind === 'order.refused');
  return refused ? String(refused.record.facts?.reason) : null;
}

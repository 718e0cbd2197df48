/**
 * An order: one instruction to one bank, signed by keys that the bank's roster trusts; any road may carry
 * it. Until staff have order keys of their own it is the site's root that signs.
 *
 * An order names the bank's own nonce, so that it is fresh by the bank's word and never by a clock's: one
 * that was held back is worthless once the bank has drawn another (design: "freshness of orders rests on
 * the bank's nonce"). What needs a person at the cabinet carries the hash of a claim, 128 random bits on a
 * slip that the person shows there; so an order alone moves no latch in an empty lobby.
 */
import { z } from 'zod';
import { type BankId, isId, type OrderId, type SiteId, type TenantId } from './ids.ts';

export const ORDER_VERSION = 1;
/** An order is for now; who needs one next week signs one next week. */
export const ORDER_HOURS_MAX = 72;
export const ORDER_PURPOSE_MAX = 200;

const id = <T extends string>(kind: Parameters<typeof isId>[0]) =>
  z.custom<T>((value) => typeof value === 'string' && isId(kind, value), `an id that begins with ${kind}_`);
const atMs = z.int().min(0).max(8.64e15);
const compartment = z.int().min(1).max(1000);
/** SHA-256 in base64url, in its one spelling. */
const claim = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/);

export const orderAct = z.discriminatedUnion('do', [
  /** Opens one door to whoever shows the claim. `restore`: afterwards, found empty, it serves again. */
  z.strictObject({ do: z.literal('staff-release'), compartment, claim, restore: z.boolean() }),
  /** Puts a withdrawn compartment back into service; moves no latch. */
  z.strictObject({ do: z.literal('restore'), compartment }),
  /** Lets whoever shows the claim say at the kiosk which clock is right. */
  z.strictObject({ do: z.literal('set-clock'), claim }),
  /** Ends every suspension, and with it what is left of the cloud's 24 hours, until the next roster. */
  z.strictObject({ do: z.literal('lift') }),
  /** Draws another code for the parcel behind a door and has it sent; the old one ends. Moves no latch. */
  z.strictObject({ do: z.literal('reissue'), compartment }),
]);
export type OrderAct = z.infer<typeof orderAct>;
export const ORDER_ACTS = [
  'staff-release',
  'restore',
  'set-clock',
  'lift',
  'reissue',
] as const satisfies OrderAct['do'][];

export const orderSchema = z.strictObject({
  v: z.literal(ORDER_VERSION),
  order: id<OrderId>('order'),
  tenant: id<TenantId>('tenant'),
  site: id<SiteId>('site'),
  bank: id<BankId>('bank'),
  /** What the bank said was its nonce: 128 bits, base64url. */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{21}[AQgw]$/),
  madeAtMs: atMs,
  untilMs: atMs,
  /** Why, in the signer's words; kept as a commitment. No control or direction characters: people read it. */
  purpose: z
    .string()
    .min(3)
    .max(ORDER_PURPOSE_MAX)
    .regex(/^[^\p{C}\p{Zl}\p{Zp}]+$/u),
  act: orderAct,
});
export type Order = z.infer<typeof orderSchema>;

/** What a signer must see before signing, in plain rows. */
export function orderRows(order: Order): [string, string][] {
  const { act } = order;
  return [
    ['order', order.order],
    ['bank', order.bank],
    ['site', order.site],
    ['does', actInWords(act)],
    ['why', order.purpose],
    ['made at', new Date(order.madeAtMs).toISOString()],
    ['good until', new Date(order.untilMs).toISOString()],
    ["the bank's nonce", order.nonce],
    ...('claim' in act ? [['hash of the claim', act.claim] satisfies [string, string]] : []),
  ];
}

function actInWords(act: OrderAct): string {
  switch (act.do) {
    case 'staff-release':
      return `opens door ${act.compartment} to whoever shows the claim at the kiosk${act.restore ? '; found empty, it serves again' : ''}`;
    case 'restore':
      return `puts compartment ${act.compartment} back into service; opens nothing`;
    case 'set-clock':
      return 'lets whoever shows the claim at the kiosk say which clock is right; opens nothing';
    case 'lift':
      return 'ends every suspension of this bank; opens nothing';
    case 'reissue':
      return `has a new code sent for the parcel behind door ${act.compartment}, and ends the old one; opens nothing`;
  }
}

/**
 * Orders on their way through the cloud: `/api/operator/…` for `holdfast admin order`, and the table of the
 * admin app. The cloud carries an order and makes none; what it says of one is what the bank has recorded.
 */
import { z } from 'zod';
import { ORDER_ACTS } from '../../domain/order.ts';
import { atMs, page } from './common.ts';

/** `GET /api/operator/banks/:bank`, and each row of `GET /api/operator/sites/:site/banks`. */
export const operatorBank = z.strictObject({
  bank: z.string(),
  name: z.string(),
  site: z.string(),
  /** What an order for this bank must name, as the bank last said; null when it never did. */
  orderNonce: z.string().nullable(),
  online: z.boolean(),
  lastHeardMs: atMs.nullable(),
});
export const operatorBanks = page(operatorBank);

/** `PUT /api/operator/banks/:bank/orders`. */
export const orderSubmit = z.strictObject({ note: z.string().min(1).max(8192) });

const ORDER_STATES = ['waiting', 'accepted', 'refused', 'lapsed'] as const;
export const orderRow = z.strictObject({
  order: z.string(),
  /** Of the note's text; the bank's records name the order by it. */
  hash: z.string(),
  act: z.enum(ORDER_ACTS),
  compartment: z.int().nullable(),
  /** Null once its key is gone. */
  purpose: z.string().nullable(),
  road: z.enum(['cloud', 'hand']),
  /** Fingerprints of the keys that signed; empty for one that was carried by hand. */
  signers: z.array(z.string()),
  signatures: z.int(),
  /** `lapsed`: over without the bank's answer, or accepted and claimed by nobody. */
  state: z.enum(ORDER_STATES),
  reason: z.string().nullable(),
  receivedAtMs: atMs,
  untilMs: atMs.nullable(),
  settledAtMs: atMs.nullable(),
});
/** `GET /api/operator/banks/:bank/orders`, `GET /api/admin/banks/:id/orders`: newest first, in pages. */
export const orders = page(orderRow);

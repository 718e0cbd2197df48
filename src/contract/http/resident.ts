/**
 * The resident app (`/api/resident/…`, cookie `holdfast_resident`) and the courier app
 * (`/api/courier/…`, cookie `holdfast_courier`). Both sign in by a link sent to the address on file; the
 * message carries a link and never a code.
 */
import { z } from 'zod';
import { atMs, page, pageQuery } from './common.ts';

/** `POST sign-in/ask`: always 202, whether the address is known or not. */
export const linkAsk = z.strictObject({ email: z.string().min(3).max(200) });
/** `POST sign-in`: the link's secret, once; 204 and a cookie. */
export const linkUse = z.strictObject({ token: z.string().min(20).max(200) });

export const residentMe = z.strictObject({
  name: z.string(),
  flat: z.string(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  accessible: z.boolean(),
  channels: z.strictObject({ sms: z.boolean(), email: z.boolean() }),
});
export const residentPatch = z.strictObject({
  accessible: z.boolean().optional(),
  channels: z.strictObject({ sms: z.boolean(), email: z.boolean() }).optional(),
});

export const residentTold = z.strictObject({
  channel: z.enum(['sms', 'email']),
  state: z.enum(['queued', 'sent', 'failed', 'dead']),
  atMs,
});
export const residentParcel = z.strictObject({
  id: z.string(),
  tracking: z.string(),
  carrier: z.string(),
  bank: z.string(),
  bankName: z.string(),
  compartment: z.int(),
  size: z.enum(['S', 'M', 'L', 'XL']),
  /** Height of the middle of the door above the floor; null where the layout no longer has the door. */
  middleCm: z.int().nullable(),
  state: z.enum(['waiting', 'collected', 'held', 'removed']),
  /** What became of the message with the code, channel by channel. The code itself is nowhere in this interface. */
  told: z.array(residentTold),
  depositedAtMs: atMs,
  untilMs: atMs,
  endedAtMs: atMs.nullable(),
});
/** `GET parcels?part&cursor&limit`: newest first; `here` is what lies in a bank now, `past` what has left it. */
export const residentParcelsQuery = pageQuery.extend({ part: z.enum(['here', 'past']).optional() });
export const residentParcels = page(residentParcel);

export const courierMe = z.strictObject({
  name: z.string(),
  carrier: z.string(),
  state: z.enum(['active', 'waiting-for-roster', 'suspended', 'removed']),
});
export const courierBank = z.strictObject({
  id: z.string(),
  name: z.string(),
  online: z.boolean(),
  /** Since when the picture of a bank that is offline has stood still; null when it was never heard. */
  heardAtMs: atMs.nullable(),
  free: z.strictObject({ S: z.int(), M: z.int(), L: z.int(), XL: z.int() }),
});
export const courierBanks = page(courierBank);
export const courierDrop = z.strictObject({
  id: z.string(),
  tracking: z.string(),
  bank: z.string(),
  bankName: z.string(),
  compartment: z.int(),
  /** When it was left in the bank. */
  atMs,
  /** Until when its recipient may collect it. */
  untilMs: atMs.nullable(),
  state: z.enum(['waiting', 'collected', 'held', 'removed']),
});
/**
 * `GET drops?sinceMs&state&cursor&limit`: newest first. Only the phone knows when its courier's day began, so
 * "today" is a moment that it names; `state=held` is what waits to be taken back.
 */
export const courierDropsQuery = pageQuery.extend({
  sinceMs: z.coerce.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  state: z.enum(['waiting', 'collected', 'held', 'removed']).optional(),
});
export const courierDrops = page(courierDrop);

/** `GET /api/start`: what the start page of a development machine shows; 404 elsewhere. */
export const startPage = z.strictObject({
  urls: z.record(z.string(), z.string()),
  signIns: z.strictObject({
    admin: z.strictObject({ email: z.string(), password: z.string(), totpSecret: z.string() }),
    courier: z.strictObject({ carrier: z.string(), badge: z.string(), code: z.string() }),
    resident: z.strictObject({ flat: z.string(), name: z.string(), phone: z.string(), email: z.string() }),
  }),
});

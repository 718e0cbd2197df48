/**
 * The HTTP SMS gateway: how the cloud hands a text message to a carrier. The shape is the common
 * denominator of such services (bearer token, E.164 number, idempotent reference).
 */
import { z } from 'zod';

/** `POST /messages` with `Authorization: Bearer …`; 202 with an id, 401, 422, or 429. */
export const smsSend = z.strictObject({
  to: z.string().regex(/^\+[1-9][0-9]{6,14}$/),
  text: z.string().min(1).max(1600),
  /** The sender's own reference; the same one twice is delivered once. */
  reference: z.string().min(1).max(64),
});
export type SmsSend = z.infer<typeof smsSend>;

export const smsAccepted = z.strictObject({ id: z.string(), reference: z.string() });
export type SmsAccepted = z.infer<typeof smsAccepted>;

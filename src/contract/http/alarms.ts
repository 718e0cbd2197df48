/**
 * Alarms as administrators care for them: one that stands is taken into care
 * (`POST /api/admin/banks/:id/alarms/care`), and one that no bank may end of itself is ended after an inquiry, with a
 * reason from a closed list (`POST /api/admin/banks/:id/alarms/end`). `GET /api/admin/alarms?cursor&limit` has every
 * alarm that ever was, with who said what of it. Nothing here reaches a bank.
 */
import { z } from 'zod';
import { ALARM_REASONS } from '../../domain/conditions.ts';
import { atMs, page } from './common.ts';

/** The bank's own records, or an order, end most alarms; what was found wrong with the bank itself only a person. */
const endsBy = z.enum(['person', 'bank']);

/** Which alarm of a bank: one that began since is another. */
const named = { condition: z.string().max(40), compartment: z.int().positive().nullable(), raisedAtMs: atMs };

export const attentionAlarm = z.strictObject({
  bank: z.string(),
  ...named,
  endsBy,
  care: z.strictObject({ by: z.string(), atMs }).nullable(),
});

export const alarmCare = z.strictObject({
  condition: z.string().regex(/^[a-z-]{1,40}$/),
  compartment: z.int().min(1).max(10_000).nullable(),
  raisedAtMs: atMs,
});
export const alarmEnd = alarmCare.extend({
  reason: z.enum(ALARM_REASONS),
  note: z
    .string()
    .regex(/^\P{C}+$/u, 'text without control characters')
    .min(3)
    .max(200),
});

export const alarmRow = z.strictObject({
  bank: z.string(),
  bankName: z.string(),
  ...named,
  /** One plain sentence. */
  says: z.string(),
  endedAtMs: atMs.nullable(),
  acts: z.array(
    z.strictObject({
      act: z.enum(['care', 'end']),
      by: z.string(),
      atMs,
      reason: z.enum(ALARM_REASONS).nullable(),
      note: z.string().nullable(),
    }),
  ),
});
export const alarms = page(alarmRow);

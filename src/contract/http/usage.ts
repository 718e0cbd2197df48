/** How full banks were and how long parcels lay in them: `GET /api/admin/usage`. Numbers, and nobody's names. */
import { z } from 'zod';
import { atMs } from './common.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const USAGE_DAYS = [1, 7, 30, 90] as const;
export type UsageDays = (typeof USAGE_DAYS)[number];
/** How long a step of the series is. */
export const STEP_MS: Readonly<Record<UsageDays, number>> = {
  1: HOUR_MS,
  7: 6 * HOUR_MS,
  30: DAY_MS,
  90: DAY_MS,
};
/** Where one bin of the dwell time ends and the next begins. */
export const DWELL_EDGES_MS = [
  HOUR_MS,
  4 * HOUR_MS,
  12 * HOUR_MS,
  DAY_MS,
  2 * DAY_MS,
  3 * DAY_MS,
  5 * DAY_MS,
  7 * DAY_MS,
] as const;

const place = z
  .string()
  .regex(/^[a-z0-9_]+$/)
  .max(64)
  .optional();

export const usageQuery = z.strictObject({
  days: z.enum(['1', '7', '30', '90']).default('7'),
  bank: place,
  site: place,
  /** Minutes ahead of UTC, so that a day begins at the asker's midnight. */
  offset: z.coerce.number().int().min(-840).max(840).default(0),
});

export const usage = z.strictObject({
  days: z.union(USAGE_DAYS.map((days) => z.literal(days))),
  fromMs: atMs,
  toMs: atMs,
  stepMs: z.int(),
  /** Doors of the banks that were asked about, in service or not. */
  compartments: z.int(),
  steps: z.array(
    z.strictObject({
      fromMs: atMs,
      /** Compartments with a parcel inside: weighted by time, and at most. */
      average: z.number(),
      peak: z.int(),
      deposited: z.int(),
      ended: z.int(),
    }),
  ),
  dwell: z.strictObject({
    /** Parcels that their recipients collected in that time. */
    collected: z.int(),
    medianMs: z.int().nullable(),
    /** Nine of ten lay no longer. */
    longMs: z.int().nullable(),
    /** Those that lie inside now; they are in no bin. */
    inside: z.int(),
    bins: z.array(z.strictObject({ fromMs: z.int(), toMs: z.int().nullable(), count: z.int() })),
  }),
});

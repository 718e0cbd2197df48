/**
 * What the record says against what sensors, people and counts say: `GET /api/admin/discrepancies?bank`, the doors of
 * one bank as last counted (`GET /api/admin/banks/:id/counts`), and a person's last word on one discrepancy
 * (`POST /api/admin/banks/:id/resolutions`). Nothing here moves a latch.
 */
import { z } from 'zod';
import { DISCREPANCIES } from '../../domain/conditions.ts';
import { atMs } from './common.ts';

export const discrepancyQuery = z.strictObject({
  bank: z
    .string()
    .regex(/^[a-z0-9_]+$/)
    .max(64)
    .optional(),
});

/** What the cloud computes; `reported` is what a bank has recorded. */
const DISCREPANCY_KINDS = [
  'reported',
  /** A parcel by the record, and the last sight of the sensor was of nothing. */
  'sensed-empty',
  /** Nothing by the record, and the sensor saw something. */
  'sensed-occupied',
  /** Opened by force, and nobody has looked inside since. */
  'forced',
  /** A parcel is inside, and its door's record knows of none or of another. */
  'parcel-without-door',
  /** A door's record names a parcel that is not inside. */
  'door-without-parcel',
  /** Records of a parcel that do not fit each other. */
  'misfit',
] as const;

const discrepancy = z.strictObject({
  bank: z.string(),
  bankName: z.string(),
  compartment: z.int().nullable(),
  kind: z.enum(DISCREPANCY_KINDS),
  /** Of a reported one. */
  what: z.enum(DISCREPANCIES).nullable(),
  parcel: z.string().nullable(),
  /** The bank's record that it follows from, where there is one. */
  seq: z.int().nullable(),
  atMs,
  /** What ends it: a count of that door, a person's word, or that the records are put right. */
  endsBy: z.enum(['count', 'person', 'records']),
});

const explained = z.strictObject({
  bank: z.string(),
  bankName: z.string(),
  compartment: z.int().nullable(),
  what: z.enum(DISCREPANCIES),
  parcel: z.string().nullable(),
  seq: z.int(),
  atMs,
  by: z.enum(['count', 'collected', 'person']),
  /** What the count found, or what the person says became of it. */
  how: z.string().nullable(),
  explainedAtMs: atMs,
});

export const discrepancies = z.strictObject({
  items: z.array(discrepancy),
  /** The last of those that are explained, newest first. */
  explained: z.array(explained),
});

export const COUNT_WORDS = ['as-expected', 'empty', 'occupied', 'other'] as const;

const countedDoor = z.strictObject({
  n: z.int(),
  size: z.string(),
  /** What the record says lies inside. */
  expected: z.enum(['nothing', 'parcel', 'courier']),
  withdrawn: z.boolean(),
  /** What the sensor saw last, where there is one. */
  sensed: z.enum(['yes', 'no', 'unsensed']),
  open: z.int(),
  /** The last count of this door, by its record. */
  last: z.strictObject({ seq: z.int(), found: z.enum(COUNT_WORDS), atMs }).nullable(),
});
export const bankCounts = z.strictObject({
  bank: z.string(),
  name: z.string(),
  /** The last record of the bank that is here: a count that begins now is of later ones. */
  lastSeq: z.int(),
  /** The cloud's time, against which orders are dated. */
  nowMs: atMs,
  doors: z.array(countedDoor),
});

const RESOLUTIONS = ['found', 'returned', 'lost'] as const;
export const resolution = z.strictObject({
  /** The bank's record of the discrepancy. */
  seq: z.int().positive(),
  how: z.enum(RESOLUTIONS),
  note: z
    .string()
    .regex(/^\P{C}+$/u, 'text without control characters')
    .min(3)
    .max(200),
});

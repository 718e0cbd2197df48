/** Records by what is asked for, each with how far its proof has come: `GET /api/admin/records…`. */
import { z } from 'zod';
import { RECORD_KINDS } from '../../domain/kinds.ts';
import { atMs, hash, page, pageQuery } from './common.ts';
import { logHead, proofState } from './proofs.ts';

const id = z
  .string()
  .regex(/^[a-z0-9_]+$/)
  .max(64);
const time = z.coerce.number().int().min(0).max(8.64e15);

const span = {
  /** From this moment on, by the record's own time. */
  fromMs: time.optional(),
  /** Before this moment. */
  toMs: time.optional(),
  /** A bank, or `cloud` for the journal of what the cloud itself did. */
  bank: id.optional(),
  compartment: z.coerce.number().int().min(1).max(9999).optional(),
  kind: z.enum(RECORD_KINDS).optional(),
};
type Span = {
  bank?: string | undefined;
  compartment?: number | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
};
const doorHasBank = ({ bank, compartment }: Span) => compartment === undefined || bank !== undefined;
const DOOR = { path: ['compartment'], error: 'a compartment of a bank that is named too' };
const inOrder = ({ fromMs, toMs }: Span) => fromMs === undefined || toMs === undefined || fromMs < toMs;
const ORDER = { path: ['toMs'], error: 'a moment after fromMs' };

export const recordsQuery = pageQuery
  .extend({ ...span, parcel: id.optional(), person: id.optional() })
  .refine(doorHasBank, DOOR)
  .refine(inOrder, ORDER);
export type RecordsQuery = z.output<typeof recordsQuery>;

/** `since` is the mark of a page. */
export const arrivedQuery = z
  .strictObject({ ...span, since: z.string().min(1).max(200) })
  .refine(doorHasBank, DOOR)
  .refine(inOrder, ORDER);

export const recordRow = z.strictObject({
  source: z.string(),
  seq: z.int(),
  kind: z.string(),
  atMs,
  compartment: z.int().nullable(),
  /** base64url leaf hash of the record. */
  hash,
  /** The number of the last record of the batch that the bank signed it in; null in the cloud's own journal. */
  batchLast: z.int().nullable(),
  proof: proofState,
});
export type RecordRow = z.infer<typeof recordRow>;

export const records = page(recordRow).extend({
  log: logHead.nullable().describe('Null when this organisation keeps no log'),
  /** What stands for the last record that had come in; `arrived` counts from here. */
  mark: z.string(),
  /** Whom and what was asked about, in words. */
  about: z.strictObject({ person: z.string().nullable(), tracking: z.string().nullable() }),
});

export const ARRIVED_MAX = 1000;
/** How many records came in since a mark, counted up to a thousand, and how large the log is now. */
export const arrived = z.strictObject({
  count: z.int().min(0).max(ARRIVED_MAX),
  logSize: z.int().nullable(),
});

/** One record with all that a stranger needs to check that it stands in the log. */
export const recordDetail = recordRow.extend({
  /** The record's bytes: canonical JSON (RFC 8785), in UTF-8 without a last newline. */
  json: z.string(),
  log: logHead.nullable(),
  /** A tlog-proof file; null until a checkpoint covers the record. */
  file: z.string().nullable(),
  /** How many hashes lead from the record to the signed root. */
  pathLength: z.int().nullable(),
});
export type RecordDetail = z.infer<typeof recordDetail>;

/** What a fact of a record may be, and which fields a record may commit to. */

export type FactType =
  | { type: 'int'; min: number; max: number }
  | { type: 'bool' }
  | { type: 'hash' }
  | { type: 'word'; words: readonly string[] };

/** Fields that may be committed to. Each is text; an id, a label or a canonical JSON value. */
export const COMMITTED_FIELDS = [
  'person',
  'counterpart',
  'parcel',
  'tracking',
  'carrier',
  'grant',
  'session',
  'order',
  'flat',
  'purpose',
  'note',
  'notice',
  'address',
  'subject',
  'device',
  'evidence',
] as const;
export type CommittedField = (typeof COMMITTED_FIELDS)[number];

/** Characters of a committed field; the writer refuses what the reader would refuse. */
export const FIELD_LENGTH_MAX = 2000;

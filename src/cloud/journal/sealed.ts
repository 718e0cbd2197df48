/**
 * What lies sealed behind records. What a batch leaves to one owner is sealed as one; rows of before hold one field
 * of one record. Each is bound to its place, so that a row which was moved does not open.
 */
import type { CommittedField } from '../../domain/facts.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Keys } from '../keys/keys.ts';
import * as store from './store.ts';

/** What is one owner's of some records: by number, then by field. */
export type Part = Record<string, Openings>;

export function placeOfOpenings(of: { source: string; seq: number; last: number }): string {
  return `openings\0${of.source}\0${of.seq}\0${of.last}`;
}

/** Of rows that hold one field of one record. */
export function placeOfOpening(of: {
  source: string;
  seq: number;
  field: CommittedField | string | null;
}): string {
  return `opening\0${of.source}\0${of.seq}\0${of.field}`;
}

/** Undefined when the owner's key is gone. */
export async function openPart(keys: Keys, tx: Tx, row: store.OpeningRow): Promise<Part | undefined> {
  const at = row.last === null ? placeOfOpening(row) : placeOfOpenings({ ...row, last: row.last });
  const owner = row.subject_id as PersonId | null;
  const text =
    owner === null
      ? await keys.openForTenant(tx, at, row.sealed)
      : await keys.openFor(tx, owner, at, row.sealed);
  if (text === undefined) return undefined;
  return row.field === null ? JSON.parse(text) : { [row.seq]: { [row.field]: JSON.parse(text) } };
}

/** Records of one journal in which something is a person's, and how far up these and older ones reach. */
export type Mention = { source: string; seqs: number[]; reach: number };
export type MentionsAsked = {
  person: PersonId;
  source: string | undefined;
  /** Only what begins before this position, and what ends at or before the reach of an earlier answer. */
  before: number | undefined;
  reach: number | undefined;
  limit: number;
};

/**
 * Where a person is mentioned, newest first. No row in the clear says it: which batches hold something of theirs is
 * known by whose key seals it, and which records of these only by opening it. Once the key is destroyed there is
 * nothing to be found.
 */
export async function mentionsOf(keys: Keys, tx: Tx, asked: MentionsAsked): Promise<Mention[]> {
  const rows = await store.openingsAbout(tx, asked);
  await keys.subjects(tx, [asked.person]);
  const mentions: Mention[] = [];
  for (const row of rows) {
    const part = await openPart(keys, tx, row);
    mentions.push({
      source: row.source,
      seqs: Object.keys(part ?? {}).map(Number),
      reach: row.reach,
    });
  }
  return mentions;
}

/** What a journal holds, as one digest: equal digests mean equal records, state, batch and wishes. */
import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Journal } from '../../src/edge/journal.ts';

/** What a writer says of its journal once a commit was answered. */
export type Said = { digest: string; lastSeq: number; walBytes: number };

export function digestOf(journal: Journal): string {
  const batch = journal.nextBatch();
  const held = {
    tip: journal.tip,
    state: journal.readState(),
    wishes: journal.wishes(),
    batch: batch ? { ...batch, records: batch.records.length } : null,
  };
  return createHash('sha256')
    .update(canonicalize(JSON.parse(JSON.stringify(held))) ?? '')
    .digest('base64url');
}

/** Reads a stopped bank's journal from its disk and compares it with the cloud's copy, record by record. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { base64url, fromUtf8 } from '../crypto/bytes.ts';
import { leafHash, NO_HASH, parseRecord } from '../ledger/record.ts';

export type Compared = { holds: boolean; says: string; records: number };

/** The chain is recomputed from the bytes alone; nothing that the journal says about itself is believed. */
export function compareJournals(of: {
  edgeDir: string;
  bank: string;
  cloudCopy: ReadonlyMap<number, string>;
}): Compared {
  const db = new DatabaseSync(join(of.edgeDir, 'journal.sqlite'), { readOnly: true });
  try {
    const rows = db.prepare('select seq, bytes from record order by seq').all() as {
      seq: number;
      bytes: Uint8Array;
    }[];
    let prev = NO_HASH;
    for (const [index, { seq, bytes }] of rows.entries()) {
      const parsed = parseRecord(bytes);
      if (!parsed.ok) return fails(rows.length, `record ${seq} is malformed: ${parsed.why}`);
      const { record } = parsed;
      if (record.seq !== index + 1 || record.source !== of.bank || record.prev !== prev)
        return fails(rows.length, `record ${seq} does not continue the chain`);
      prev = base64url(leafHash(bytes));
    }
    return compareCopies(rows, of.cloudCopy);
  } finally {
    db.close();
  }
}

/** The bank may be ahead, by what it wrote while it stopped; it must never be behind, and never differ. */
function compareCopies(
  rows: readonly { seq: number; bytes: Uint8Array }[],
  cloudCopy: ReadonlyMap<number, string>,
): Compared {
  for (const [seq, json] of cloudCopy) {
    const own = rows[seq - 1];
    if (own === undefined || fromUtf8(own.bytes) !== json)
      return fails(rows.length, `the cloud's record ${seq} is not the bank's`);
  }
  const ahead = rows.length - cloudCopy.size;
  const missing = Array.from({ length: cloudCopy.size }, (_, index) => index + 1).find(
    (seq) => !cloudCopy.has(seq),
  );
  if (missing !== undefined) return fails(rows.length, `the cloud lacks record ${missing}`);
  return {
    holds: true,
    records: rows.length,
    says: `${rows.length} records in one unbroken chain; the cloud's ${cloudCopy.size} equal the bank's${ahead > 0 ? `, ${ahead} newer ones wait at the bank` : ''}`,
  };
}

function fails(records: number, says: string): Compared {
  return { holds: false, says, records };
}

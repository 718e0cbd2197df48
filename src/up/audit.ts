/** Reads a stopped bank's journal from its disk and compares it with the cloud's copy, record by record. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { base64url, fromUtf8 } from '../crypto/bytes.ts';
import { batchRoot, headHash, NO_HEAD, openHead } from '../ledger/batch.ts';
import { leafHash, NO_HASH, parseRecord } from '../ledger/record.ts';

type Row = { seq: number; kind: string; atMs: number; hash: string; bytes: Uint8Array };
type HeadRow = { first: number; last: number; note: string; hash: string };

export type Compared = { holds: boolean; says: string; records: number };

/** The chain is recomputed from the bytes alone; nothing that the journal says about itself is believed. */
export function compareJournals(of: {
  edgeDir: string;
  bank: string;
  cloudCopy: ReadonlyMap<number, string>;
  /** The bank's public key: then its signed heads are verified as well. */
  key?: Uint8Array;
}): Compared {
  const db = new DatabaseSync(join(of.edgeDir, 'journal.sqlite'), { readOnly: true });
  try {
    const rows = db
      .prepare('select seq, kind, at_ms as atMs, hash, bytes from record order by seq')
      .all() as Row[];
    let prev = NO_HASH;
    for (const [index, { seq, kind, atMs, hash, bytes }] of rows.entries()) {
      const parsed = parseRecord(bytes);
      if (!parsed.ok) return fails(rows.length, `record ${seq} is malformed: ${parsed.why}`);
      const { record } = parsed;
      if (record.seq !== index + 1 || record.source !== of.bank || record.prev !== prev)
        return fails(rows.length, `record ${seq} does not continue the chain`);
      prev = base64url(leafHash(bytes));
      // What stands beside the bytes is what the agent and its tools look by.
      if (seq !== record.seq || kind !== record.kind || atMs !== record.time.atMs || hash !== prev)
        return fails(rows.length, `the row of record ${seq} says something else than its bytes`);
    }
    const wrong = of.key && wrongHead(db, rows, { bank: of.bank, key: of.key });
    if (wrong !== undefined) return fails(rows.length, wrong);
    return compareCopies(rows, of.cloudCopy);
  } finally {
    db.close();
  }
}

/** Every record that was signed stands under its head, the heads follow each other, and the bank signed each. */
function wrongHead(
  db: DatabaseSync,
  rows: readonly Row[],
  { bank, key }: { bank: string; key: Uint8Array },
): string | undefined {
  const heads = db.prepare('select first, last, note, hash from head order by last').all() as HeadRow[];
  let before = { last: 0, hash: NO_HEAD };
  for (const { first, last, note, hash } of heads) {
    const where = `the head of records ${first} to ${last}`;
    const head = openHead(note, { name: bank, publicKey: key });
    if (!head || head.first !== first || head.last !== last || headHash(head) !== hash)
      return `${where} is not what the bank signed`;
    if (first !== before.last + 1 || head.previous !== before.hash)
      return `${where} does not follow the one before`;
    const covered = rows.slice(first - 1, last).map(({ bytes }) => new Uint8Array(bytes));
    if (covered.length !== last - first + 1 || batchRoot(covered) !== head.root)
      return `${where} is over other records`;
    before = { last, hash };
  }
  const told = Number(db.prepare(`select value from meta where name = 'acknowledged'`).get()?.value ?? 0);
  return told > before.last ? `record ${before.last + 1} was acknowledged, and no head covers it` : undefined;
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

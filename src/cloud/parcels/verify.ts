/**
 * Verifying records again from what is kept: nothing here trusts a column that it can recompute. It serves
 * an administrator's question about one parcel and the check of a whole journal.
 */
import { base64url } from '../../crypto/bytes.ts';
import type { CommittedField } from '../../domain/facts.ts';
import { batchRoot, headHash, NO_HEAD, openHead } from '../../ledger/batch.ts';
import { type LedgerRecord, leafHash, type Openings, opens, parseRecord } from '../../ledger/record.ts';
import type { Gone, HeadRow, RecordRow } from '../journal/journal.ts';

export type Segment = {
  source: string;
  records: readonly RecordRow[];
  /** Leaf hash of the record before the first; `NO_HASH` where there is none. */
  prev: string;
  prevSeq: number;
};

/** `seq`: the record, or the first of those, that it is about. */
export type Finding = { where: string; what: string; seq?: number };

/** Reads records in order and finds every break of number, chain, form, and of the columns beside the bytes. */
export function checkChain({ source, records, prev, prevSeq }: Segment): {
  read: LedgerRecord[];
  end: string;
  findings: Finding[];
} {
  const read: LedgerRecord[] = [];
  const findings: Finding[] = [];
  let hash = prev;
  let seq = prevSeq;
  for (const row of records) {
    const at = { where: `${source} record ${row.seq}`, seq: row.seq };
    const bytes = new Uint8Array(row.bytes);
    const parsed = parseRecord(bytes);
    if (!parsed.ok) findings.push({ ...at, what: `does not parse: ${parsed.why}` });
    else {
      const { record } = parsed;
      if (
        record.source !== source ||
        record.seq !== row.seq ||
        record.kind !== row.kind ||
        record.time.atMs !== row.at_ms
      )
        findings.push({ ...at, what: 'its columns differ from its bytes' });
      if (record.prev !== hash) findings.push({ ...at, what: 'does not continue the chain' });
      read.push(record);
    }
    if (row.seq !== seq + 1) findings.push({ ...at, what: `follows record ${seq}` });
    hash = base64url(leafHash(bytes));
    if (base64url(row.hash) !== hash) findings.push({ ...at, what: 'its hash is not that of its bytes' });
    seq = row.seq;
  }
  return { read, end: hash, findings };
}

export type HeadClaim = {
  bank: string;
  head: HeadRow;
  /** The head before; undefined for the first. */
  before: HeadRow | undefined;
  records: readonly RecordRow[];
  /** The key that the bank is enrolled with. */
  key: Uint8Array;
};

/** A signed head: by the bank's key, over exactly these records, continuing the head before. */
export function checkHead({ bank, head, before, records, key }: HeadClaim): Finding[] {
  // A number that no record has names none; what the head ends at is its key.
  const at = {
    where: `${bank} head ${head.first}–${head.last}`,
    seq: Math.max(1, Math.min(head.first, head.last)),
  };
  const findings: Finding[] = [];
  // As it was given: a copy for each head would have the key imported anew, which costs as much as the signature.
  const opened = openHead(head.note, { name: bank, publicKey: key });
  if (!opened) return [{ ...at, what: 'is not signed by the key of the bank' }];
  if (base64url(head.key) !== base64url(key)) findings.push({ ...at, what: 'was taken under another key' });
  if (opened.first !== head.first || opened.last !== head.last || headHash(opened) !== head.hash)
    findings.push({ ...at, what: 'its columns differ from its note' });
  if (opened.previous !== (before?.hash ?? NO_HEAD) || opened.first !== (before?.last ?? 0) + 1)
    findings.push({ ...at, what: 'does not continue the head before' });
  if (
    records.length !== opened.last - opened.first + 1 ||
    batchRoot(records.map((row) => new Uint8Array(row.bytes))) !== opened.root
  )
    findings.push({ ...at, what: 'its root is not that of its records' });
  return findings;
}

/** What stands behind the commitments of some records, by number; and of which nothing does any more, by an erasure. */
export type Beside = { openings: ReadonlyMap<number, Openings>; gone: Gone };

/** True when every commitment of the record is opened by what is kept beside it, or is recorded to be gone. */
export function allOpened(record: LedgerRecord, { openings, gone }: Beside): boolean {
  const kept = openings.get(record.seq);
  const fields = Object.keys(record.commitments) as CommittedField[];
  return fields.every((field) => {
    const opening = kept?.[field];
    if (opening === undefined) return gone.get(record.seq)?.has(field) === true;
    return opens(record, field, opening);
  });
}

/** How many commitments of these records are passed over because they are recorded to be gone. */
export function countGone(records: readonly LedgerRecord[], { openings, gone }: Beside): number {
  const of = ({ seq, commitments }: LedgerRecord) =>
    (Object.keys(commitments) as CommittedField[]).filter(
      (field) => openings.get(seq)?.[field] === undefined && gone.get(seq)?.has(field),
    ).length;
  return records.reduce((sum, record) => sum + of(record), 0);
}

/** As many fields are gone as the records of erasures and of losses say, or somebody has helped himself to the word. */
export function checkGone(where: string, of: { gone: number; said: number }): Finding[] {
  if (of.gone === of.said) return [];
  return [{ where, what: `${of.gone} fields are gone as erased or lost, and records say ${of.said}` }];
}

/** How many fields a record says that it erased, or that a restore found lost. */
export function saidGone(record: LedgerRecord): number {
  return record.kind === 'erasure.done' || record.kind === 'openings.lost' ? Number(record.facts.fields) : 0;
}

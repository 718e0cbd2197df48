/**
 * A parcel's receipt: its records, each with the path to the batch head that the bank signed, the openings
 * that this reader may see, and the roster that names the bank's key. It verifies without us: the only
 * thing that must be known beforehand is the site root's public key.
 */
import { z } from 'zod';
import { base64url, fromBase64url, utf8 } from '../crypto/bytes.ts';
import { COMMITTED_FIELDS, type CommittedField } from '../domain/facts.ts';
import { openHead } from './batch.ts';
import { type LedgerRecord, leafHash, type Openings, opens, parseRecord } from './record.ts';
import { openRoster } from './roster.ts';
import { includes, inclusionPath } from './tree.ts';

const hash = z.string().length(43);

export const receiptEntry = z.strictObject({
  /** The record's bytes as text. */
  record: z.string(),
  /** What stands behind commitments, as far as this reader may see it. */
  openings: z.partialRecord(
    z.enum(COMMITTED_FIELDS),
    z.strictObject({ salt: z.string(), value: z.string() }),
  ),
  /** The signed head of the batch, and the record's RFC 6962 path to its root. */
  head: z.string(),
  path: z.array(hash).max(16),
});

export const receiptSchema = z.strictObject({
  v: z.literal(1),
  parcel: z.string(),
  bank: z.string(),
  /** The roster note that names the bank's key; null when there is none yet. */
  roster: z.string().nullable(),
  /** The bank's key as the cloud has it, SubjectPublicKeyInfo in base64url. */
  bankKey: z.string(),
  entries: z.array(receiptEntry).min(1),
});
export type Receipt = z.infer<typeof receiptSchema>;
export type ReceiptEntry = Receipt['entries'][number];

/** The path of record `seq` in its batch. `hashes` are the leaf hashes of the whole batch in order. */
export function receiptPath(hashes: readonly Uint8Array[], index: number): string[] {
  return inclusionPath(hashes, index).map(base64url);
}

/** Whom a verifier trusts, and how many of them must have signed a roster. */
export type SiteRoot = { site: string; rootKeys: readonly string[]; k: number };

export type Verdict = { check: string; holds: boolean; says: string };

/** Checks a receipt line by line. `rootKeys` come from somewhere that the receipt's maker does not control. */
export function verifyReceipt(
  receipt: Receipt,
  root: SiteRoot,
): { verdicts: Verdict[]; records: LedgerRecord[]; holds: boolean } {
  const vouched = vouchedBySiteRoot(receipt, root);
  const verdicts: Verdict[] = [
    {
      check: 'bank key',
      holds: vouched,
      says: vouched
        ? 'the site root’s roster names the key of this bank'
        : 'vouched by the cloud only: no roster of this site root names the key',
    },
  ];
  const records: LedgerRecord[] = [];
  const parcels: (string | undefined)[] = [];
  for (const entry of receipt.entries) {
    const { verdict, record } = verifyEntry(receipt, entry);
    verdicts.push(verdict);
    if (record) records.push(record);
    if (record?.commitments.parcel !== undefined) parcels.push(entry.openings.parcel?.value);
  }
  const ordered = records.every(
    (record, index) => index === 0 || record.seq > (records[index - 1]?.seq ?? 0),
  );
  verdicts.push({ check: 'order', holds: ordered, says: 'the records stand in the bank’s own order' });
  // One whose parcel is not opened could be another's: a collection that was never this recipient's.
  const tied = parcels.length > 0 && parcels.every((parcel) => parcel === receipt.parcel);
  verdicts.push({
    check: 'parcel',
    holds: tied,
    says: tied
      ? 'the records that move custody name this parcel'
      : 'a record does not show that it speaks of this parcel',
  });
  return { verdicts, records, holds: verdicts.every((verdict) => verdict.holds) };
}

function vouchedBySiteRoot(receipt: Receipt, root: SiteRoot): boolean {
  if (receipt.roster === null) return false;
  const opened = openRoster(receipt.roster, { ...root, version: 0 });
  return (
    opened.ok && opened.value.banks.some((bank) => bank.bank === receipt.bank && bank.key === receipt.bankKey)
  );
}

function verifyEntry(
  receipt: Receipt,
  entry: ReceiptEntry,
): { verdict: Verdict; record: LedgerRecord | undefined } {
  const bytes = utf8(entry.record);
  const parsed = parseRecord(bytes);
  if (!parsed.ok) return { verdict: { check: 'record', holds: false, says: parsed.why }, record: undefined };
  const { record } = parsed;
  const check = `record ${record.seq}, ${record.kind}`;
  const publicKey = fromBase64url(receipt.bankKey) ?? new Uint8Array(0);
  const head = openHead(entry.head, { name: receipt.bank, publicKey });
  if (!head)
    return { verdict: { check, holds: false, says: 'the batch head is not signed by this bank' }, record };
  const path = entry.path.map((text) => fromBase64url(text) ?? new Uint8Array(0));
  const size = head.last - head.first + 1;
  const root = fromBase64url(head.root) ?? new Uint8Array(0);
  const inside =
    record.source === receipt.bank &&
    includes({ leaf: leafHash(bytes), index: record.seq - head.first, size, path, root });
  if (!inside)
    return {
      verdict: { check, holds: false, says: 'the record is not in the batch that the bank signed' },
      record,
    };
  const wrong = wrongOpenings(record, entry.openings);
  if (wrong.length > 0)
    return {
      verdict: {
        check,
        holds: false,
        says: `the opened fields ${wrong.join(', ')} are not what the record committed to`,
      },
      record,
    };
  return {
    verdict: { check, holds: true, says: `in batch ${head.first}–${head.last} signed by the bank` },
    record,
  };
}

function wrongOpenings(record: LedgerRecord, openings: Openings): CommittedField[] {
  return COMMITTED_FIELDS.filter((field) => {
    const opening = openings[field];
    return opening !== undefined && !opens(record, field, opening);
  });
}

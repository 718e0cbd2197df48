/**
 * A parcel's receipt: its records, each with the path to the batch head that the bank signed, its proof from the
 * organisation's log, the openings that this reader may see, and the roster that names the bank's key. It verifies
 * without us: what must be known beforehand is the site root's public key, and for the log's part a policy
 * (docs/reference/receipt.md).
 */
import { z } from 'zod';
import { base64url, fromBase64url, utf8 } from '../crypto/bytes.ts';
import { COMMITTED_FIELDS, type CommittedField } from '../domain/facts.ts';
import { openHead } from './batch.ts';
import type { PolicyFile } from './log/policy-file.ts';
import { PROOF_LENGTH_MAX } from './log/proof-file.ts';
import type { SuccessionLink } from './log/succession.ts';
import { judgeProofs, type Provable, type Verdict } from './receipt-log.ts';
import { type LedgerRecord, leafHash, type Openings, opens, parseRecord } from './record.ts';
import { openRoster } from './roster.ts';
import { includes, inclusionPath } from './tree.ts';

const hash = z.string().length(43);

const shownRecord = {
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
};

const receiptEntry = z.strictObject({
  ...shownRecord,
  /** A tlog-proof file, or `PROOF_TO_COME`; null in a receipt that names no log. */
  proof: z.string().max(PROOF_LENGTH_MAX).nullable(),
});

const common = {
  parcel: z.string(),
  bank: z.string(),
  /** The roster note that names the bank's key; null when there is none yet. */
  roster: z.string().nullable(),
  /** The bank's key as the cloud has it, SubjectPublicKeyInfo in base64url. */
  bankKey: z.string(),
};

export const receiptSchema = z.strictObject({
  v: z.literal(2),
  ...common,
  /** The log's key, which names it (C2SP signed-note, "Verifier keys"); null where no log is kept. */
  log: z.string().nullable(),
  entries: z.array(receiptEntry).min(1),
});
export type Receipt = z.infer<typeof receiptSchema>;
export type ReceiptEntry = Receipt['entries'][number];

/** Receipts were made without the log's proofs once, and are kept for longer than programs. */
const receiptOfBefore = z.strictObject({
  v: z.literal(1),
  ...common,
  entries: z.array(z.strictObject(shownRecord)).min(1),
});

/** What somebody kept, of whichever version, as one of today. */
export const keptReceipt = z
  .discriminatedUnion('v', [receiptSchema, receiptOfBefore])
  .transform((kept): Receipt => {
    if (kept.v === 2) return kept;
    const entries = kept.entries.map((entry) => ({ ...entry, proof: null }));
    return { ...kept, v: 2, log: null, entries };
  });

/** The path of record `seq` in its batch. `hashes` are the leaf hashes of the whole batch in order. */
export function receiptPath(hashes: readonly Uint8Array[], index: number): string[] {
  return inclusionPath(hashes, index).map(base64url);
}

/** Whom a verifier trusts, and how many of them must have signed a roster. */
export type SiteRoot = { site: string; rootKeys: readonly string[]; k: number };
/** With a policy each record has to have a proof that it believes; without one the lines say what is not judged. */
export type ReceiptTrust = SiteRoot & {
  policy?: PolicyFile | undefined;
  /** How the log's later keys follow from one that the policy names. */
  succession?: readonly SuccessionLink[];
};

/** Checks a receipt line by line. What is trusted comes from somewhere that the receipt's maker does not control. */
export function verifyReceipt(
  receipt: Receipt,
  { policy, succession, ...root }: ReceiptTrust,
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
  const provable: Provable[] = [];
  const parcels: { seq: number; of: string | undefined }[] = [];
  for (const [at, entry] of receipt.entries.entries()) {
    const { verdict, record } = verifyEntry(receipt, entry, at);
    verdicts.push(verdict);
    if (record) records.push(record);
    if (record) provable.push({ seq: record.seq, leaf: leafHash(utf8(entry.record)), proof: entry.proof });
    if (record?.commitments.parcel !== undefined)
      parcels.push({ seq: record.seq, of: entry.openings.parcel?.value });
  }
  const astray = records.find((record, index) => index > 0 && record.seq <= (records[index - 1]?.seq ?? 0));
  verdicts.push({
    check: 'order',
    holds: astray === undefined,
    says: astray
      ? `record ${astray.seq} does not stand behind the one before, in the bank’s own order`
      : 'the records stand in the bank’s own order',
  });
  // One whose parcel is not opened could be another's: a collection that was never this recipient's.
  const other = parcels.find(({ of }) => of !== receipt.parcel);
  const tied = parcels.length > 0 && other === undefined;
  verdicts.push({
    check: 'parcel',
    holds: tied,
    says: tied
      ? 'the records that move custody name this parcel'
      : `${other ? `record ${other.seq}` : 'a record'} does not show that it speaks of this parcel`,
  });
  verdicts.push(...judgeProofs(provable, { log: receipt.log, policy, succession }));
  return { verdicts, records, holds: verdicts.every(({ holds }) => holds !== false) };
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
  at: number,
): { verdict: Verdict; record: LedgerRecord | undefined } {
  const bytes = utf8(entry.record);
  const parsed = parseRecord(bytes);
  if (!parsed.ok)
    return {
      verdict: { check: 'record', holds: false, says: `entry ${at + 1}: ${parsed.why}` },
      record: undefined,
    };
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

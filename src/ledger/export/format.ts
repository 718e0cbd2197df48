/**
 * What stands in a bundle of evidence, file by file and line by line (docs/reference/export.md). Writer and verifier
 * both stand on this page; the verifier that shares nothing with us is verify/verify.mjs.
 */
import canonicalize from 'canonicalize';
import { z } from 'zod';
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import { EVIDENCE_BYTES_MAX, MEDIA, type Media } from '../../domain/evidence.ts';
import { COMMITTED_FIELDS } from '../../domain/facts.ts';
import { PROOF_LENGTH_MAX } from '../log/proof-file.ts';
import { LOG_NOTE_LENGTH_MAX } from '../log/signatures.ts';
import { LINKS_MAX, successionLink } from '../log/succession.ts';
import type { Openings } from '../record.ts';

export const EXPORT_FORMAT = 'holdfast/export/v1';
/** With more records than these, the tree alone proves them: a proof each would be four times the records. */
export const PROOFS_MAX = 1_000;
/** Evidence objects in one bundle; the more there are, the fewer files are left for proofs. */
export const EVIDENCE_MAX = 200;
export const MEMBERS_MAX = PROOFS_MAX + 20;
/** Journals in one bundle; of each the verifier remembers where it is. */
export const SOURCES_MAX = 10_000;

/** Files that are read at once, with the most bytes that they may have. */
export const WHOLE_FILES: Readonly<Record<string, number>> = {
  'manifest.json': 4 * 1_048_576,
  checkpoint: 4 * LOG_NOTE_LENGTH_MAX,
  'keys.json': 64 * 1_048_576,
};
export const PROOF_BYTES_MAX = 4 * PROOF_LENGTH_MAX;
/** Files of any length, read line by line; the last two are for people and are not read at all. */
export const LINE_FILES: readonly string[] = ['records.jsonl', 'tree.txt', 'heads.jsonl', 'opened.jsonl'];
export const PEOPLES_FILES: readonly string[] = ['records.csv', 'report.html'];
/** What is around one for its receivers. */
export const EVIDENCE_FILE_BYTES_MAX = EVIDENCE_BYTES_MAX + 65_536;
const EVIDENCE_NAME = /^evidence\/([0-9]{16})\.(jpg|png|webp|pdf|txt)\.p7m$/;
const PROOF_NAME = /^proofs\/([0-9]{16})\.tlog-proof$/;

export const proofName = (index: number) => `proofs/${String(index).padStart(16, '0')}.tlog-proof`;

export function proofIndexOf(name: string): number | undefined {
  const [, digits] = PROOF_NAME.exec(name) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** By the entry that committed to it, and what is inside. */
export function evidenceName(index: number, media: Media): string {
  return `evidence/${String(index).padStart(16, '0')}.${MEDIA[media].ext}.p7m`;
}

export const isEvidenceName = (name: string) => EVIDENCE_NAME.test(name);

export function isBundleName(name: string): boolean {
  return (
    Object.hasOwn(WHOLE_FILES, name) ||
    LINE_FILES.includes(name) ||
    PEOPLES_FILES.includes(name) ||
    PROOF_NAME.test(name) ||
    isEvidenceName(name)
  );
}

const count = z.int().min(0);
const word = z.string().max(100);

export const manifestSchema = z.strictObject({
  format: z.literal(EXPORT_FORMAT),
  madeAtMs: count.max(8.64e15),
  /** Who made it, as they said; null when nobody did. */
  madeBy: z.string().max(200).nullable(),
  purpose: z.string().min(1).max(1000),
  tenant: word,
  /** What was asked for; all of it holds of each record. */
  selection: z.strictObject({
    bank: word.nullable(),
    compartment: count.nullable(),
    parcel: word.nullable(),
    person: word.nullable(),
    fromMs: count.nullable(),
    toMs: count.nullable(),
    /** When the alarm of an incident was raised; then the bank stands beside it, and nothing else. */
    incidentMs: count.optional(),
  }),
  /** Fields whose openings this receiver may see. */
  opened: z.array(z.enum(COMMITTED_FIELDS)),
  log: z.strictObject({ origin: z.string().max(1000), size: count }),
  records: count,
  /** A proof file for each record, or the tree for all of them only. */
  proofs: z.enum(['each', 'tree']),
  /** `whole`: every record from first to last is here. */
  sources: z
    .array(z.strictObject({ source: word, first: count, last: count, records: count, whole: z.boolean() }))
    .max(SOURCES_MAX),
  files: z
    .array(z.strictObject({ name: word, bytes: count, sha256: z.string().length(43) }))
    .max(MEMBERS_MAX),
});
export type Manifest = z.infer<typeof manifestSchema>;

export const keysSchema = z.strictObject({
  log: z.strictObject({
    origin: z.string().max(1000),
    vkey: z.string().max(4096),
    /** From the log's first key to that one, where it was changed; for whoever trusts an earlier one. */
    succession: z.array(successionLink).max(LINKS_MAX).optional(),
  }),
  /** Signed notes of the site roots, which name the banks' keys. */
  rosters: z.array(z.string()).max(SOURCES_MAX),
});
export type BundleKeys = z.infer<typeof keysSchema>;

export const headSchema = z.strictObject({
  bank: word,
  /** The bank's SubjectPublicKeyInfo, base64url. */
  key: z.string().max(200),
  head: z.string().max(LOG_NOTE_LENGTH_MAX),
  /** Of the parts of the batch that are not here, in their order. */
  hashes: z.array(z.string().length(44)).max(1024),
});
export type HeadLine = z.infer<typeof headSchema>;

export const openedSchema = z.strictObject({
  index: count,
  openings: z.partialRecord(z.enum(COMMITTED_FIELDS), z.strictObject({ salt: word, value: z.string() })),
});

export function canonical(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('a bundle holds JSON objects');
  return text;
}

/** A record's very bytes between an index and a brace: the line is JSON, and the bytes are not written anew. */
export function recordLine(index: number, bytes: Uint8Array): string {
  return `{"index":${index},"record":${fromUtf8(bytes)}}`;
}

/** Up to the brace that begins the record; what it holds is another's to read. */
const BEFORE_RECORD = /^\{"index":([0-9]{1,20}),"record":(?=\{)/;

export function parseRecordLine(line: string): { index: string; record: string } | undefined {
  const [before = '', index] = BEFORE_RECORD.exec(line) ?? [];
  if (index === undefined || !line.endsWith('}}') || line.length < before.length + 3) return undefined;
  return { index, record: line.slice(before.length, -1) };
}

export function openedLine(index: number, openings: Openings): string {
  return canonical({ index, openings });
}

export function fileEntry(
  name: string,
  of: { bytes: number; sha256: Uint8Array },
): Manifest['files'][number] {
  return { name, bytes: of.bytes, sha256: base64url(of.sha256) };
}

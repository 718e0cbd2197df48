/** Evidence of a parcel: photos, documents and texts that staff attach, `/api/admin/parcels/:id/evidence` and `/api/admin/evidence…`. */
import { z } from 'zod';
import { EVIDENCE_BYTES_MAX, EVIDENCE_ORIGINS, MEDIA_NAMES } from '../../domain/evidence.ts';
import { atMs, written } from './common.ts';

export const EVIDENCE_PURPOSE_MAX = 1_000;
const base64Length = (bytes: number): number => Math.ceil(bytes / 3) * 4;
/** The file as base64, and what stands around it. */
export const EVIDENCE_BODY_BYTES_MAX = base64Length(EVIDENCE_BYTES_MAX) + 16_384;

const purpose = written(EVIDENCE_PURPOSE_MAX);

export const evidenceAttach = z.strictObject({
  purpose,
  /** Whom it shows or names: under whose key it is kept, and with whom it is erased. */
  about: z.enum(['recipient', 'courier', 'both']),
  /** The file as it is, base64 (RFC 4648, section 4). What it is, its bytes say; a name is not asked for. */
  file: z.string().min(1).max(base64Length(EVIDENCE_BYTES_MAX)),
});
export type EvidenceAttach = z.infer<typeof evidenceAttach>;
/** `sha256`, in hex: of the bytes that came, which the record commits to. */
export const evidenceAttached = z.strictObject({
  id: z.string(),
  sha256: z.string(),
  media: z.enum(MEDIA_NAMES),
});

/** Why it is looked at, which is recorded with each look. */
export const evidenceView = z.strictObject({ purpose });

/** `purpose` and `sha256` are null once somebody whom it was about was erased; so it is with the file itself. */
export const evidenceItem = z.strictObject({
  id: z.string(),
  media: z.enum(MEDIA_NAMES),
  bytes: z.int(),
  origin: z.enum(EVIDENCE_ORIGINS),
  attachedAtMs: atMs,
  /** Null when they have no account any more. */
  attachedBy: z.string().nullable(),
  purpose: z.string().nullable(),
  sha256: z.string().nullable(),
  /** The record of it, as `/api/admin/records/:id` takes it. */
  record: z.string(),
});
/** Whole: a parcel has few. `room`: how many more may be attached. */
export const evidenceList = z.strictObject({ attached: z.array(evidenceItem), room: z.int() });
export type EvidenceList = z.infer<typeof evidenceList>;

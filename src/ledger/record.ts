/**
 * Record v1: one entry of a journal or of the ledger. Its bytes are canonical JSON (RFC 8785) in UTF-8,
 * at most 65,535 of them (the limit of a C2SP tlog-tiles entry), and final: leaves cannot be hashed
 * again later.
 *
 * A record holds no personal data and no stable identifier of a person or a parcel. Where it speaks of
 * one, it holds a commitment `SHA-256(salt ‖ field)`: `salt` is 128 random bits drawn for this field of
 * this record, `field` the UTF-8 of the value. Who has salt and value can show what was meant; who has
 * only the record can neither read it nor link two records of one person.
 *
 * The chain: `prev` is the RFC 6962 leaf hash of the record before, so one hash serves chain and tree.
 * The format, with a worked example, stands in docs/reference/record.md.
 */
import canonicalize from 'canonicalize';
import { base64url, concat, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { sha256, sha256Text } from '../crypto/hash.ts';
import { COMMITTED_FIELDS, type CommittedField, type FactType, FIELD_LENGTH_MAX } from '../domain/facts.ts';
import { isId } from '../domain/ids.ts';
import { KINDS, kindSpec, type RecordKind } from '../domain/kinds.ts';
import { DENIALS, type Decision, OUTCOMES, type Outcome, RIGHTS } from '../domain/outcome.ts';

export const RECORD_VERSION = 1;
export const RECORD_BYTES_MAX = 65_535;
/** The last millisecond that a date can be shown for (ECMA-262 section 21.4.1.1). */
export const TIME_MS_MAX = 8.64e15;
export const HASH_BYTES = 32;
export const SALT_BYTES = 16;
/** `prev` of a journal's first record. */
export const NO_HASH = base64url(new Uint8Array(HASH_BYTES));

/**
 * Where a record's time comes from: `cloud`, the authenticated time of the cloud within its age;
 * `clock`, the machine's own clock; `frozen`, a clock that stepped without explanation; `set`, an order
 * or a person's presence set it.
 */
export const TIME_SOURCES = ['cloud', 'clock', 'frozen', 'set'] as const;
export type RecordTime = { atMs: number; source: (typeof TIME_SOURCES)[number]; uncertaintyMs: number };

export type Fact = string | number | boolean;
export type Commitments = Partial<Record<CommittedField, string>>;

export type LedgerRecord = {
  v: typeof RECORD_VERSION;
  kind: RecordKind;
  /** The journal that the record stands in: a bank's id, or a tenant's for what the cloud did itself. */
  source: string;
  /** From 1, without gaps. */
  seq: number;
  /** base64url of the leaf hash of record `seq - 1` of the same source; `NO_HASH` for the first. */
  prev: string;
  time: RecordTime;
  /** `seq` of the record of the same source that this one answers. */
  cause?: number;
  compartment?: number;
  decision?: Decision;
  outcome?: Outcome;
  facts: Record<string, Fact>;
  commitments: Commitments;
};

/** A value behind a commitment, kept beside the log and never in it. */
export type Opening = { salt: string; value: string };
export type Openings = Partial<Record<CommittedField, Opening>>;

/** What the writer of a record knows: everything but its place in the chain and the salts. */
export type RecordDraft = {
  kind: RecordKind;
  cause?: number;
  compartment?: number;
  decision?: Decision;
  outcome?: Outcome;
  facts?: Record<string, Fact>;
  fields?: Partial<Record<CommittedField, string>>;
};

export type WrittenRecord = { record: LedgerRecord; bytes: Uint8Array; hash: string; openings: Openings };

export function commit(opening: Opening): string {
  const commitment = commitmentOf(opening);
  if (commitment === undefined) throw new Error(`a salt is ${SALT_BYTES} bytes of base64url`);
  return commitment;
}

function commitmentOf({ salt, value }: Opening): string | undefined {
  const bytes = fromBase64url(salt);
  return bytes?.length === SALT_BYTES ? sha256Text(bytes, utf8(value)) : undefined;
}

/** True when `opening` is what the record committed to under `field`. */
export function opens(record: LedgerRecord, field: CommittedField, opening: Opening): boolean {
  // Texts are compared: a hash has one in base64url, and nothing here is secret.
  const commitment = commitmentOf(opening);
  return commitment !== undefined && commitment === record.commitments[field];
}

/** RFC 6962 section 2.1: the hash of a leaf is SHA-256(0x00 ‖ entry). A text stands for its UTF-8. */
export function leafHash(bytes: Uint8Array | string): Uint8Array {
  if (typeof bytes === 'string') return sha256(`\0${bytes}`);
  if (bytes.length >= leaf.length) return sha256(concat(Uint8Array.of(0), bytes));
  leaf.set(bytes, 1);
  return sha256(leaf.subarray(0, bytes.length + 1));
}

/** Begins with the zero and is filled anew for each record. What is longer is none, and is hashed all the same. */
const leaf = new Uint8Array(RECORD_BYTES_MAX + 1);

export type WriteRecord = {
  draft: RecordDraft;
  source: string;
  seq: number;
  prev: string;
  time: RecordTime;
  /** Draws one salt of `SALT_BYTES`. */
  drawSalt: () => Uint8Array;
};

/** Puts a draft in its place of the chain. Throws when the draft breaks the table of kinds (a bug). */
export function writeRecord(write: WriteRecord): WrittenRecord {
  const { draft } = write;
  const openings: Openings = {};
  const commitments: Commitments = {};
  for (const field of COMMITTED_FIELDS) {
    const value = draft.fields?.[field];
    if (value === undefined) continue;
    if (value.length > FIELD_LENGTH_MAX) throw new Error(`${field} of a ${draft.kind} record is too long`);
    const opening = { salt: base64url(write.drawSalt()), value };
    openings[field] = opening;
    commitments[field] = commit(opening);
  }
  const record: LedgerRecord = {
    v: RECORD_VERSION,
    kind: draft.kind,
    source: write.source,
    seq: write.seq,
    prev: write.prev,
    time: write.time,
    ...(draft.cause === undefined ? {} : { cause: draft.cause }),
    ...(draft.compartment === undefined ? {} : { compartment: draft.compartment }),
    ...(draft.decision === undefined ? {} : { decision: draft.decision }),
    ...(draft.outcome === undefined ? {} : { outcome: draft.outcome }),
    facts: draft.facts ?? {},
    commitments,
  };
  const bytes = encodeRecord(record);
  // The same complaints as a reader has; what they leave open, the encoding just settled.
  const why = complaint(record as unknown as Record<string, unknown>);
  if (why !== undefined) throw new Error(`a ${draft.kind} record would be malformed: ${why}`);
  if (bytes.length > RECORD_BYTES_MAX) throw new Error(`a ${draft.kind} record has ${bytes.length} bytes`);
  return { record, bytes, hash: base64url(leafHash(bytes)), openings };
}

export function encodeRecord(record: LedgerRecord): Uint8Array {
  const text = canonicalize(record);
  if (text === undefined) throw new Error('a record is a JSON object');
  return utf8(text);
}

export type Parsed = { ok: true; record: LedgerRecord } | { ok: false; why: string };

/**
 * Reads record bytes. Refuses everything that `writeRecord` would not have written: another version,
 * another form than the canonical one (which also refuses duplicate keys), an unlisted kind, fact or
 * field, and a part that the kind does not have. Nothing is assigned before the whole is well formed.
 */
export function parseRecord(bytes: Uint8Array): Parsed {
  if (bytes.length > RECORD_BYTES_MAX) return bad(`a record has at most ${RECORD_BYTES_MAX} bytes`);
  let value: unknown;
  let text: string;
  try {
    text = fromUtf8(bytes);
    value = JSON.parse(text);
  } catch {
    // Foreign bytes that are no JSON are an answer, given as such.
    return bad('not UTF-8 JSON');
  }
  if (!isObject(value)) return bad('not an object');
  if (value.v !== RECORD_VERSION) return bad('version unknown');
  const why = complaint(value);
  if (why !== undefined) return bad(why);
  if (!isCanonical(value, text)) return bad('not in canonical form (RFC 8785)');
  return { ok: true, record: value as unknown as LedgerRecord };
}

/**
 * True when `text` is what RFC 8785 makes of `value`, which was read from it and has none but listed names. Numbers
 * and strings are written there as ECMAScript writes them (section 3.2.2), so that only the order of the members is
 * left to be looked at (section 3.2.3): reading keeps that of the text, for no listed name is a number.
 */
function isCanonical(value: Record<string, unknown>, text: string): boolean {
  return isSorted(value) && JSON.stringify(value) === text;
}

function isSorted(value: Record<string, unknown>): boolean {
  let before = '';
  for (const name of Object.keys(value)) {
    if (name <= before) return false;
    before = name;
    const member = value[name];
    if (isObject(member) && !isSorted(member)) return false;
  }
  return true;
}

const KEYS = new Set([
  'v',
  'kind',
  'source',
  'seq',
  'prev',
  'time',
  'cause',
  'compartment',
  'decision',
  'outcome',
  'facts',
  'commitments',
]);

function complaint(value: Record<string, unknown>): string | undefined {
  const stranger = Object.keys(value).find((key) => !KEYS.has(key));
  if (stranger !== undefined) return `unknown key ${stranger}`;
  const kind = value.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) return 'unlisted kind';
  return (
    complaintOfPlace(value, kind as RecordKind) ??
    complaintOfParts(value, kind as RecordKind) ??
    complaintOfContent(value, kind as RecordKind)
  );
}

function complaintOfPlace(value: Record<string, unknown>, kind: RecordKind): string | undefined {
  const source = value.source;
  if (typeof source !== 'string' || !(isId('bank', source) || isId('tenant', source)))
    return 'source is no bank or tenant id';
  const by = isId('bank', source) ? 'bank' : 'cloud';
  const writer = kindSpec(kind).by;
  if (writer !== 'both' && writer !== by) return `a ${by} does not write ${kind}`;
  if (!isCount(value.seq) || value.seq < 1) return 'seq is not a whole number from 1';
  if (!isHash(value.prev)) return 'prev is not a hash';
  if ((value.seq === 1) !== (value.prev === NO_HASH)) return 'only the first record has no previous one';
  const time = value.time;
  if (!isObject(time) || Object.keys(time).length !== 3) return 'time has atMs, source and uncertaintyMs';
  if (!isCount(time.atMs) || !isCount(time.uncertaintyMs)) return 'times are whole milliseconds';
  if (time.atMs > TIME_MS_MAX) return 'time is outside the calendar';
  if (!TIME_SOURCES.some((known) => known === time.source)) return 'time source unlisted';
  return undefined;
}

const PARTS = ['cause', 'compartment', 'decision', 'outcome'] as const;

function complaintOfParts(value: Record<string, unknown>, kind: RecordKind): string | undefined {
  const spec = kindSpec(kind);
  for (const part of PARTS) {
    if (value[part] !== undefined && !(spec.has ?? []).includes(part)) return `${kind} has no ${part}`;
  }
  // Without its decision or outcome such a record says nothing; cause and compartment may be unknown.
  const lacking = (['decision', 'outcome'] as const).find(
    (part) => (spec.has ?? []).includes(part) && value[part] === undefined,
  );
  if (lacking !== undefined) return `${kind} lacks its ${lacking}`;
  const { cause, compartment, decision, outcome } = value;
  if (cause !== undefined && !(isCount(cause) && cause >= 1 && cause < (value.seq as number)))
    return 'cause is not an earlier seq';
  if (compartment !== undefined && !(isCount(compartment) && compartment >= 1 && compartment <= 9999))
    return 'compartment is not a door number';
  if (outcome !== undefined && !OUTCOMES.some((known) => known === outcome)) return 'outcome unlisted';
  if (decision === undefined) return undefined;
  if (!isObject(decision) || Object.keys(decision).length !== 2)
    return 'a decision is allow with right, or not with reason';
  if (decision.allow === true)
    return RIGHTS.some((known) => known === decision.right) ? undefined : 'right unlisted';
  if (decision.allow !== false) return 'a decision allows or does not';
  return DENIALS.some((known) => known === decision.reason) ? undefined : 'reason unlisted';
}

function complaintOfContent(value: Record<string, unknown>, kind: RecordKind): string | undefined {
  const spec = kindSpec(kind);
  const { facts, commitments } = value;
  if (!isObject(facts) || !isObject(commitments)) return 'facts and commitments are objects';
  for (const [name, fact] of Object.entries(facts)) {
    const type = Object.hasOwn(spec.facts, name) ? spec.facts[name] : undefined;
    if (!type || !isFact(fact, type)) return `fact ${name} is not one of ${kind}`;
  }
  const missing = Object.keys(spec.facts).find((name) => !Object.hasOwn(facts, name));
  if (missing !== undefined) return `${kind} lacks the fact ${missing}`;
  for (const [field, commitment] of Object.entries(commitments)) {
    if (!spec.commits.some((known) => known === field)) return `field ${field} is not one of ${kind}`;
    if (!isHash(commitment)) return `commitment ${field} is not a hash`;
  }
  return undefined;
}

function isFact(fact: unknown, type: FactType): boolean {
  switch (type.type) {
    case 'int':
      return Number.isSafeInteger(fact) && (fact as number) >= type.min && (fact as number) <= type.max;
    case 'bool':
      return typeof fact === 'boolean';
    case 'hash':
      return isHash(fact);
    case 'word':
      return typeof fact === 'string' && type.words.includes(fact);
  }
}

/** base64url of `HASH_BYTES`, in the one form that it has: the last letter's left-over bits are zero. */
const HASH = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

function isHash(value: unknown): value is string {
  return typeof value === 'string' && HASH.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(why: string): { ok: false; why: string } {
  return { ok: false, why };
}

/**
 * What crosses between a bank and the cloud over MQTT 3.1.1: one topic up and one down a bank, JSON in
 * UTF-8, quality of service 1. The broker is no durability boundary: the bank's journal keeps, the cloud
 * acknowledges after its database committed, and both sides take a message twice without harm.
 *
 * Every message has `v`. A receiver refuses an unknown version or type, and keeps what it refused.
 */
import { z } from 'zod';
import { FIELD_LENGTH_MAX } from '../domain/facts.ts';
import type { Denial } from '../domain/outcome.ts';
import { readIJson } from './json.ts';
import { bankLayout } from './layout.ts';

export const UPLINK_VERSION = 1;
export const MESSAGE_BYTES_MAX = 2_097_152;

/** Only the holder of the certificate whose common name is `bank` may publish or subscribe here. */
export const upTopic = (bank: string): string => `holdfast/v1/${bank}/up`;
export const downTopic = (bank: string): string => `holdfast/v1/${bank}/down`;
/** What all cloud processes together hear. Each subscribes to the topics of the banks that it serves, one by one. */
export const ALL_UP_TOPICS = 'holdfast/v1/+/up';
const TOPIC = /^holdfast\/v1\/(bank_[a-z2-7]{26})\/(up|down)$/;

export function readTopic(topic: string): { bank: string; way: 'up' | 'down' } | undefined {
  const match = TOPIC.exec(topic);
  return match ? { bank: match[1] ?? '', way: match[2] === 'up' ? 'up' : 'down' } : undefined;
}

const bytes = z.string().regex(/^[A-Za-z0-9_-]*$/);
const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const seq = z.int().nonnegative();
/** Within the calendar of ECMA-262, section 21.4.1.1, and with room for sums. */
const atMs = z.int().nonnegative().max(8_000_000_000_000_000);
/** 128 random bits in base64url: no name that an object has by birth. */
const randomId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);
const personId = z.string().regex(/^person_[a-z2-7]{26}$/);

/** An HPKE ciphertext (RFC 9180): the encapsulated key and the sealed bytes, base64url. */
export const sealedBox = z.strictObject({ enc: bytes, ciphertext: bytes });
export type SealedBox = z.infer<typeof sealedBox>;

/** HPKE `info` of each use; `aad` is given beside each. */
export const SEAL_INFO = {
  /** aad: the batch head's hash. Opens to `batchOpenings`. */
  intake: 'holdfast/intake/v1',
  /** aad: bank id, NUL, notice reference. Opens to `noticeCodes`. */
  notice: 'holdfast/notice/v1',
  /** aad: bank id, NUL, directory version. Opens to `directoryEntries`. */
  directory: 'holdfast/directory/v1',
} as const;

/** What stands behind the commitments of a batch: per record `seq`, per field, salt and value. */
export const batchOpenings = z.array(
  z.strictObject({
    seq,
    openings: z.record(z.string(), z.strictObject({ salt: bytes, value: z.string().max(FIELD_LENGTH_MAX) })),
  }),
);
export type BatchOpenings = z.infer<typeof batchOpenings>;

/** The codes of one grant, readable by the notifier only, forgotten after sending. */
export const noticeCodes = z.strictObject({
  v: z.literal(1),
  pin: z.string().regex(/^\d{6,12}$/),
  qr: z.string().max(64),
});
export type NoticeCodes = z.infer<typeof noticeCodes>;

/** A wish to tell somebody something, which travels with the record that caused it. */
export const noticeWish = z.strictObject({
  seq,
  /** Drawn by the bank; the same reference is sent once. */
  reference: z.string().regex(/^notice_[a-z2-7]{26}$/),
  what: z.enum(['arrival', 'reissue']),
  epoch: z.string(),
  codes: sealedBox,
});
export type NoticeWish = z.infer<typeof noticeWish>;

export const batchMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('batch'),
  head: z.string().max(4096),
  /** Record bytes as text, in order. */
  records: z.array(z.string()).min(1).max(1024),
  /**
   * `batchOpenings` sealed to the tenant's intake key. Null in a batch that was acknowledged before and is sent again
   * to a cloud that lost it, where the bank does not keep the box any more.
   */
  openings: sealedBox.nullable(),
  notices: z.array(noticeWish).max(1024),
});

/** On every connection, and when something that it tells has changed. */
export const helloMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('hello'),
  boot: z.string().max(64),
  lastSeq: seq,
  acknowledgedSeq: seq,
  roster: z.strictObject({ version: seq, hash: hash.nullable() }),
  epoch: z.string().nullable(),
  directory: seq,
  suspensions: z.array(z.string()).max(1000),
  development: z.boolean(),
  /** What an order for this bank must name; drawn anew by the bank. Absent from banks of before. */
  orderNonce: randomId.optional(),
  /** The first record of which this bank still keeps what it had sealed for the intake; absent where it keeps none. */
  keptFrom: seq.optional(),
});

/** Asks for the cloud's time; the answer carries the nonce back, so a late one is known by its age. */
export const timeAsk = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('time'),
  nonce: z.string().min(8).max(64),
});

/** A checkpoint with the log's own signature has a few hundred characters. */
const LOG_NOTE_LENGTH_MAX = 4096;
/** Of a consistency proof between sizes below 2^53 (RFC 6962 section 2.1.2), with room. */
const LOG_HASHES_MAX = 63;
/** As many keys a bank may have slept through; its roster names a newer one as a rule. */
export const LOG_LINKS_MAX = 8;

/** Demands a proof that the log `origin`, whose head of `from` entries the bank remembers, only grew; 0: of none. */
export const logAsk = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('log-ask'),
  nonce: z.string().min(8).max(64),
  origin: z.string().min(1).max(200),
  from: seq,
});

/** PEM of one certificate or request with a key of P-256 has some 700 characters. */
const PEM_LENGTH_MAX = 4096;

/**
 * Asks for a certificate that lasts longer, for the bank whose connection this is. Of the request (PKCS #10, PEM) the
 * key counts, which the bank proves to hold, and nothing else. A cloud of before refuses this kind.
 */
export const certificateAsk = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('certificate-ask'),
  request: z.string().max(PEM_LENGTH_MAX),
});

/** What the bank made of a message that it refused: told at once, and also a record. */
export const refusalMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('refusal'),
  of: hash,
  reason: z.string().max(60),
});

export const upMessage = z.discriminatedUnion('type', [
  batchMessage,
  helloMessage,
  timeAsk,
  refusalMessage,
  logAsk,
  certificateAsk,
]);
export type UpMessage = z.infer<typeof upMessage>;
export type BatchMessage = z.infer<typeof batchMessage>;
export type HelloMessage = z.infer<typeof helloMessage>;

export const ackMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('ack'),
  lastSeq: seq,
  head: hash,
});
/** A batch was not taken; `lastSeq` is what the cloud has. */
export const batchRefused = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('batch-refused'),
  reason: z.string().max(60),
  lastSeq: seq,
});
/**
 * The cloud has less of this bank than it had acknowledged: up to `lastSeq`, under the head whose hash this is. What
 * comes after is sent again. Absent from clouds of before.
 */
export const behindMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('behind'),
  lastSeq: seq,
  head: hash,
});
/** Somebody was erased: what is kept sealed for the intake, of records up to `upTo`, is to be destroyed. */
export const forgetMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('forget'),
  upTo: seq,
});
export const rosterMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('roster'),
  note: z.string().max(1_048_576),
});
export const epochMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('epoch'),
  note: z.string().max(8192),
});
export const directoryMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('directory'),
  version: seq,
  entries: sealedBox,
});
export const timeMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('time'),
  nonce: z.string().max(64),
  atMs,
});

export const SUSPENSION_HOURS_MAX = 24;
/** The most that a cloud may do on its own. `subject` is a courier's person id. */
export const suspendMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('suspend'),
  id: randomId,
  scope: z.enum(['courier', 'compartment', 'bank']),
  subject: personId.nullable(),
  compartment: z.int().positive().nullable(),
  untilMs: atMs,
});
export const liftMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('lift'),
  id: randomId,
});

/** An order (a signed note, see `ledger/order.ts`) that the cloud passes on; the bank believes its signatures. */
export const orderMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('order'),
  note: z.string().max(8192),
});

/** The newest checkpoint that the log signed, null when there is none, and the proof from what was asked. */
export const logProof = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('log-proof'),
  nonce: z.string().max(64),
  note: z.string().max(LOG_NOTE_LENGTH_MAX).nullable(),
  hashes: z.array(hash).max(LOG_HASHES_MAX),
  /** Where the log's key was changed: the records that say so, each with its tlog-proof, oldest first. */
  succession: z
    .array(z.strictObject({ record: z.string().max(2_000), proof: z.string().max(2 * LOG_NOTE_LENGTH_MAX) }))
    .max(LOG_LINKS_MAX)
    .optional(),
});
export type LogProof = z.infer<typeof logProof>;

/**
 * Answers a bank that asked: a certificate under the key that it enrolled with, and that of the authority, which has to
 * be the one that signed what the bank has.
 */
export const certificateMessage = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  type: z.literal('certificate'),
  certificate: z.string().max(PEM_LENGTH_MAX),
  authority: z.string().max(PEM_LENGTH_MAX),
});
export type CertificateMessage = z.infer<typeof certificateMessage>;

export const downMessage = z.discriminatedUnion('type', [
  ackMessage,
  batchRefused,
  behindMessage,
  forgetMessage,
  rosterMessage,
  epochMessage,
  directoryMessage,
  timeMessage,
  suspendMessage,
  liftMessage,
  orderMessage,
  logProof,
  certificateMessage,
]);
export type DownMessage = z.infer<typeof downMessage>;
export type SuspendMessage = z.infer<typeof suspendMessage>;

/** Who lives where, as little as a kiosk needs: exact flats, a short label a person recognises. */
export const directoryEntries = z.array(
  z.strictObject({
    person: personId,
    flat: z.string().max(40),
    label: z.string().max(60),
    accessible: z.boolean(),
  }),
);
export type DirectoryEntries = z.infer<typeof directoryEntries>;

/** How long a bank's certificate is good. */
export const CERTIFICATE_DAYS = 365;

/** `POST /api/enrolments` over HTTPS: a bank's first words. The request proves possession of its key. */
export const enrolmentRequest = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  code: z.string().min(20).max(80),
  /** PKCS #10 in PEM; its common name is the bank id that the code is for. */
  request: z.string().max(4096),
  sealKey: bytes,
});
export const enrolmentAnswer = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  certificate: z.string(),
  /** SHA-256 of the key as the cloud saw it, to compare with what the bank shows. */
  fingerprint: hash,
});

/** Given to a bank by hand or by `up` at commissioning; what it trusts before it has heard anyone. */
export const commissioning = z.strictObject({
  v: z.literal(UPLINK_VERSION),
  tenant: z.string(),
  site: z.string(),
  bank: z.string(),
  name: z.string().max(80),
  /** Which door is where, and which lock moves it. Left out of older files: the bank of 24 doors. */
  layout: bankLayout.optional(),
  /** The site root's public keys (SubjectPublicKeyInfo, base64url), and how many must sign. */
  rootKeys: z.array(bytes).min(1),
  rootSignatures: z.int().min(1),
  pins: z.array(hash).min(2).max(3),
  enrolmentUrl: z.string(),
  enrolmentCode: z.string(),
  brokerUrl: z.string(),
  development: z.boolean(),
});
export type Commissioning = z.infer<typeof commissioning>;

export type Read<T> = { ok: true; message: T } | { ok: false; reason: Denial };

/** A message as it came. Everything that is not exactly one that we know is refused by name. */
export const readUp = (bytes: Uint8Array): Read<UpMessage> => readAs(upMessage, bytes);
export const readDown = (bytes: Uint8Array): Read<DownMessage> => readAs(downMessage, bytes);

type Messages = typeof upMessage | typeof downMessage;

function readAs<S extends Messages>(schema: S, bytes: Uint8Array): Read<z.infer<S>> {
  if (bytes.length > MESSAGE_BYTES_MAX) return { ok: false, reason: 'message-oversized' };
  let value: unknown;
  try {
    value = readIJson(bytes);
  } catch {
    // Foreign bytes: refused by name, kept by the caller.
    return { ok: false, reason: 'message-malformed' };
  }
  if (typeof value !== 'object' || value === null || !('v' in value))
    return { ok: false, reason: 'message-malformed' };
  if (value.v !== UPLINK_VERSION) return { ok: false, reason: 'message-version-unknown' };
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, message: parsed.data as z.infer<S> };
  const types: string[] = schema.options.map((option) => option.shape.type.value);
  const known = types.includes(String((value as { type?: unknown }).type));
  return { ok: false, reason: known ? 'message-malformed' : 'message-kind-unknown' };
}

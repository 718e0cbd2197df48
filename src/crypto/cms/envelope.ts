/**
 * CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084), in DER, around content of any length: it is written as
 * it comes and read where it lies. OpenSSL writes and reads the same: `openssl cms -decrypt -inform DER -inkey KEY`.
 */
import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { concat } from '../bytes.ts';
import {
  CONTENT_BYTES_MAX,
  isWhole,
  NONCE_BYTES,
  openedAt,
  type Readable,
  sealingStream,
  TAG_BYTES,
} from '../stream.ts';
import {
  derHeader,
  derOf,
  headerAt,
  inSequence,
  inSet,
  integer,
  Malformed,
  type Node,
  octets,
  octetsOf,
  oid,
  oidOf,
  readDer,
  sequence,
  smallOf,
} from './der.ts';
import { OID } from './names.ts';
import type { Receiver } from './receiver.ts';
import { keyFrom, type Opener, PassphraseKeys, recipientInfo } from './recipients.ts';

const KEY_BYTES = 32;
const TAG = { sequence: 0x30, set: 0x31, content: 0xa0, encrypted: 0x80 } as const;
/** Everything before the content, of however many receivers. */
const HEAD_BYTES_MAX = 65_536;

/** For whom, and the key: what has to be kept from the moment that a receiver was chosen until the file is written. */
export type Envelope = { recipient: Uint8Array; key: Uint8Array };

/** A key is drawn for one file. */
export async function newEnvelope(receiver: Receiver): Promise<Envelope> {
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  return { recipient: await recipientInfo(receiver, key), key };
}

export type EnvelopeWriter = {
  /** What comes first in the file. */
  head: Uint8Array;
  add(part: Uint8Array): Uint8Array;
  /** What comes last. */
  end(): Uint8Array;
  /** The content again, of a file that this wrote, where that lies. */
  opened(file: Readable): Readable;
};

/** DER says lengths first, so the content's has to be known. */
export function writeEnvelope({ recipient, key }: Envelope, contentBytes: number): EnvelopeWriter {
  if (contentBytes > CONTENT_BYTES_MAX) throw new Error(`${contentBytes} bytes are too many for one nonce`);
  const nonce = new Uint8Array(randomBytes(NONCE_BYTES));
  // RFC 5084 section 3.2: the length of the tag is named, for the default is twelve bytes.
  const algorithm = derOf(sequence(oid(OID.aes256Gcm), sequence(octets(nonce), integer(TAG_BYTES))));
  const before = concat(derOf(oid(OID.data)), algorithm, derHeader(TAG.encrypted, contentBytes));
  const mac = TAG_BYTES + 2;
  const inner = concat(
    derOf(integer(0)),
    derHeader(TAG.set, recipient.length),
    recipient,
    derHeader(TAG.sequence, before.length + contentBytes),
    before,
  );
  const body = concat(derHeader(TAG.sequence, inner.length + contentBytes + mac), inner);
  const typed = concat(
    derOf(oid(OID.authEnvelopedData)),
    derHeader(TAG.content, body.length + contentBytes + mac),
    body,
  );
  const head = concat(derHeader(TAG.sequence, typed.length + contentBytes + mac), typed);
  const stream = sealingStream({ key, nonce });
  return {
    head,
    add: stream.add,
    end: () => derOf(octets(stream.end())),
    opened: (file) => openedAt(partOf(file, head.length, contentBytes), { key, nonce }),
  };
}

function partOf(file: Readable, begin: number, size: number): Readable {
  return { size, read: (at, length) => file.read(begin + at, length) };
}

export const ENVELOPE_REFUSALS = {
  'envelope-malformed': 'This is no CMS AuthEnvelopedData in DER, or it is cut off, or has bytes behind it.',
  'envelope-form':
    'This is a CMS AuthEnvelopedData of another kind than AES-256-GCM with a tag of sixteen bytes.',
  'receiver-other':
    'This key or passphrase does not open it: it was encrypted to another receiver, or the passphrase is another.',
  'content-changed': 'It was changed after it was encrypted: its tag does not hold. Nothing of it was read.',
} as const;
export type EnvelopeRefusal = keyof typeof ENVELOPE_REFUSALS;

/** Does a file begin as one? A bundle in clear begins with the name of its first file. */
export function beginsAsEnvelope(first: Uint8Array): boolean {
  return first[0] === TAG.sequence && first[1] !== undefined && first[1] >= 0x80;
}

/** A private key in PEM, itself perhaps under a passphrase; undefined when it is none, or that is another. */
export function readPrivateKey(pem: string, passphrase?: string): KeyObject | undefined {
  try {
    return createPrivateKey({ key: pem, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) });
  } catch {
    // A file that holds no key that opens is an answer about foreign input.
    return undefined;
  }
}

/** How long the content is, and whether the form holds; nothing of it is opened. */
export function envelopeContentBytes(
  file: Readable,
): { ok: true; bytes: number } | { ok: false; why: EnvelopeRefusal } {
  try {
    return { ok: true, bytes: readEnvelope(file).content.size };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): { ok: false; why: EnvelopeRefusal } {
  if (error instanceof OtherForm) return { ok: false, why: 'envelope-form' };
  if (error instanceof Malformed) return { ok: false, why: 'envelope-malformed' };
  throw error;
}

type Opened = { ok: true; content: Readable } | { ok: false; why: EnvelopeRefusal };

/** The content, after every byte of it was checked. */
export async function openEnvelope(
  file: Readable,
  opener: Opener,
  keys = new PassphraseKeys(),
): Promise<Opened> {
  try {
    const { recipients, content, nonce, tag } = readEnvelope(file);
    for (const info of recipients) {
      const key = await keyFrom(info, opener, keys);
      if (key?.length !== KEY_BYTES) continue;
      const isRight = isWhole(content, { key, nonce }, tag);
      return isRight
        ? { ok: true, content: openedAt(content, { key, nonce }) }
        : { ok: false, why: 'content-changed' };
    }
    return { ok: false, why: 'receiver-other' };
  } catch (error) {
    return refusalOf(error);
  }
}

class OtherForm extends Error {}

type Read = { recipients: Node[]; content: Readable; nonce: Uint8Array; tag: Uint8Array };

/** Every length has to fit into the one around it; attributes, which RFC 5083 allows, are not taken. */
function readEnvelope(file: Readable): Read {
  const head = file.read(0, Math.min(HEAD_BYTES_MAX, file.size));
  const at = (place: number, tag: number) => {
    const header = headerAt(head, place);
    if (!header || header.tag !== tag) throw new Malformed();
    return header;
  };
  const within = (place: number, tag: number, end: number) => {
    const header = at(place, tag);
    if (header.end !== end) throw new Malformed();
    return header;
  };
  const valueAt = (place: number, tag: number) => {
    const { end } = at(place, tag);
    if (end > head.length) throw new Malformed();
    return { value: readDer(head.subarray(place, end)), end };
  };
  const outer = within(0, TAG.sequence, file.size);
  const type = valueAt(outer.begin, 6);
  if (oidOf(type.value) !== OID.authEnvelopedData) throw new OtherForm();
  const typed = within(type.end, TAG.content, outer.end);
  const body = within(typed.begin, TAG.sequence, outer.end);
  const version = valueAt(body.begin, 2);
  if (smallOf(version.value) !== 0) throw new OtherForm();
  const recipients = valueAt(version.end, TAG.set);
  const encrypted = at(recipients.end, TAG.sequence);
  const contentType = valueAt(encrypted.begin, 6);
  const algorithm = valueAt(contentType.end, TAG.sequence);
  const content = within(algorithm.end, TAG.encrypted, encrypted.end);
  const nonce = nonceOf(algorithm.value);
  const macBytes = TAG_BYTES + 2;
  if (encrypted.end + macBytes !== file.size || content.begin > head.length) throw new Malformed();
  const tag = octetsOf(readDer(file.read(encrypted.end, macBytes)));
  const size = content.end - content.begin;
  return { recipients: inSet(recipients.value), content: partOf(file, content.begin, size), nonce, tag };
}

function nonceOf(algorithm: Node): Uint8Array {
  const [name, parameters] = inSequence(algorithm);
  if (oidOf(name) !== OID.aes256Gcm) throw new OtherForm();
  const [nonce, length] = inSequence(parameters);
  const bytes = octetsOf(nonce);
  if (bytes.length !== NONCE_BYTES || length === undefined || smallOf(length) !== TAG_BYTES)
    throw new OtherForm();
  return bytes;
}

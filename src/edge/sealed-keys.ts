/**
 * The bank's four secrets as they lie on its disk: one file, sealed with AES-256-GCM (NIST SP 800-38D) under a
 * key that is derived from the sealing key (HKDF, RFC 5869).
 *
 *     { "v": 1, "bank": "bank_…", "sealedBy": "<name of the sealing key>", "sealed": "<base64url>" }
 *
 * Everything but `sealed` is there to say what is wrong when it does not open; none of it is believed. The
 * bank that opens it is the associated data, so the file of one bank is nothing to another, sealed by the same
 * key or not.
 */
import { z } from 'zod';
import { open, seal } from '../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { deriveKey } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { sealingKeyId } from './sealing-key.ts';

export const SECRETS = ['identity', 'seal', 'storage', 'codes'] as const;
export type SecretName = (typeof SECRETS)[number];
export type BankSecrets = Record<SecretName, Uint8Array>;

const VERSION = 1;

const envelope = z.strictObject({
  v: z.literal(VERSION),
  bank: z.string(),
  sealedBy: z.string(),
  sealed: z.string(),
});
const text = z.string().regex(/^[A-Za-z0-9_-]+$/);
const contents = z.strictObject({ identity: text, seal: text, storage: text, codes: text });

export type SealedFor = { sealingKey: Uint8Array; bank: string };

function wrappingKey(sealingKey: Uint8Array): Uint8Array {
  return deriveKey(sealingKey, 'holdfast/bank-keys/v1');
}

function placeOf(bank: string): string {
  return `bank-keys/v${VERSION}/${bank}`;
}

export function sealSecrets({ sealingKey, bank }: SealedFor, secrets: BankSecrets): string {
  const { identity, storage, codes } = secrets;
  const body: z.infer<typeof contents> = {
    identity: base64url(identity),
    seal: base64url(secrets.seal),
    storage: base64url(storage),
    codes: base64url(codes),
  };
  const sealed = seal(wrappingKey(sealingKey), utf8(JSON.stringify(body)), placeOf(bank));
  const file: z.infer<typeof envelope> = {
    v: VERSION,
    bank,
    sealedBy: sealingKeyId(sealingKey),
    sealed: base64url(sealed),
  };
  return `${JSON.stringify(file)}\n`;
}

/** The secrets in the file at `path`, or an error that names what is wrong. It never answers a part of them. */
export function openSecrets(
  { sealingKey, bank }: SealedFor,
  file: { bytes: Uint8Array; path: string },
): BankSecrets {
  const { v, ...read } = readEnvelope(file);
  if (read.bank !== bank) throw refused(`${file.path} holds the keys of ${read.bank}, not of ${bank}`);
  const id = sealingKeyId(sealingKey);
  if (read.sealedBy !== id)
    throw refused(
      `${file.path} was sealed with another sealing key (${read.sealedBy}) than the one given (${id}); find that key, nothing is drawn anew`,
    );
  const sealed = fromBase64url(read.sealed);
  const body = sealed && open(wrappingKey(sealingKey), sealed, placeOf(bank));
  if (!body)
    throw refused(
      `${file.path} was changed, is not whole, or was sealed for another bank; restore it, nothing is drawn anew`,
    );
  const { identity, seal: sealKey, storage, codes } = contents.parse(JSON.parse(fromUtf8(body)));
  return {
    identity: bytesOf(identity),
    seal: bytesOf(sealKey),
    storage: bytesOf(storage),
    codes: bytesOf(codes),
  };
}

function readEnvelope({ bytes, path }: { bytes: Uint8Array; path: string }): z.infer<typeof envelope> {
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(bytes));
  } catch {
    // Foreign or torn bytes: the sentence below says so.
    value = undefined;
  }
  const version = (value as { v?: unknown } | undefined | null)?.v;
  if (typeof version === 'number' && version > VERSION)
    throw refused(`${path} was written by a newer agent (form ${version}, known ${VERSION})`);
  const parsed = envelope.safeParse(value);
  if (parsed.success) return parsed.data;
  throw refused(`${path} is not whole; restore it, nothing is drawn anew`);
}

function bytesOf(base64: string): Uint8Array {
  const bytes = fromBase64url(base64);
  if (!bytes) throw new Error('a sealed secret is no base64url');
  return bytes;
}

function refused(detail: string): HoldfastError {
  return new HoldfastError('conflict', detail);
}

/**
 * For whom something is encrypted: the holder of a certificate's key, or whoever knows a passphrase. What is refused
 * here would be encrypted for nobody, or for everybody.
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
// @peculiar/x509 finds its parts through decorator metadata, and says so only when it is missing.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import '../x509.ts';
import { hex } from '../bytes.ts';
import { sha256 } from '../hash.ts';

export type CertificateReceiver = {
  is: 'certificate';
  key: KeyObject;
  /** DER of the issuer's name and of the serial number, as they stand in the certificate. */
  issuer: Uint8Array;
  serial: Uint8Array;
  subject: string;
  /** SHA-256 of the certificate, in hex: what two people compare. */
  fingerprint: string;
  notAfterMs: number;
};
export type Receiver = CertificateReceiver | { is: 'passphrase'; passphrase: string };

export const RECEIVER_REFUSALS = {
  'certificate-unreadable': 'This is not one X.509 certificate in PEM or DER.',
  'certificate-expired': 'This certificate has expired; ask the receiver for the one that took its place.',
  'certificate-not-yet': 'This certificate is not valid yet.',
  'certificate-purpose':
    'This certificate is not for encryption: its key usage has neither keyEncipherment (RSA) nor keyAgreement (elliptic curve).',
  'certificate-key':
    'The key of this certificate is not taken: RSA of 2,048 to 8,192 bits, or an elliptic curve P-256, P-384 or P-521.',
  'passphrase-short': 'The passphrase has fewer than 16 characters.',
  'passphrase-long': 'The passphrase has more than 1,000 characters.',
  'passphrase-weak':
    'The passphrase is too easy to guess: it has fewer than 8 different characters, repeats itself, or runs along the alphabet or a keyboard.',
} as const;
export type ReceiverRefusal = keyof typeof RECEIVER_REFUSALS;
type Read<T> = { ok: true; receiver: T } | { ok: false; why: ReceiverRefusal };

const CURVES: readonly (string | undefined)[] = ['prime256v1', 'secp384r1', 'secp521r1'];
const RSA_BITS = { min: 2_048, max: 8_192 };
const CERTIFICATE_BYTES_MAX = 65_536;
const PEM = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

/** Is it valid now, and for this? Who issued it, and whose it is, is for who makes the bundle to see to. */
export function readCertificate(given: Uint8Array, { nowMs }: { nowMs: number }): Read<CertificateReceiver> {
  const refused = (why: ReceiverRefusal) => ({ ok: false, why }) as const;
  const certificate = parsed(given);
  if (!certificate) return refused('certificate-unreadable');
  if (certificate.notAfter.getTime() < nowMs) return refused('certificate-expired');
  if (certificate.notBefore.getTime() > nowMs) return refused('certificate-not-yet');
  const key = keyOf(certificate);
  if (!key || !isKeyTaken(key)) return refused('certificate-key');
  if (!isForEncryption(certificate, key)) return refused('certificate-purpose');
  const receiver: CertificateReceiver = {
    is: 'certificate',
    key,
    issuer: new Uint8Array(certificate.issuerName.toArrayBuffer()),
    serial: new Uint8Array(Buffer.from(certificate.serialNumber, 'hex')),
    subject: certificate.subject,
    fingerprint: hex(sha256(new Uint8Array(certificate.rawData))),
    notAfterMs: certificate.notAfter.getTime(),
  };
  return { ok: true, receiver };
}

function parsed(given: Uint8Array): x509.X509Certificate | undefined {
  if (given.length > CERTIFICATE_BYTES_MAX) return undefined;
  const text = Buffer.from(given).toString('latin1');
  if (text.trimStart().startsWith('-') && !PEM.test(text)) return undefined;
  try {
    return new x509.X509Certificate(PEM.test(text) ? text : new Uint8Array(given));
  } catch {
    // What does not parse as a certificate is an answer to a question about foreign input.
    return undefined;
  }
}

function keyOf(certificate: x509.X509Certificate): KeyObject | undefined {
  try {
    return createPublicKey({
      key: Buffer.from(certificate.publicKey.rawData),
      format: 'der',
      type: 'spki',
    });
  } catch {
    // A key of a kind that this runtime does not know is an answer too.
    return undefined;
  }
}

function isKeyTaken(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= RSA_BITS.min && modulusLength <= RSA_BITS.max;
  return key.asymmetricKeyType === 'ec' && CURVES.includes(namedCurve);
}

/** RFC 5280 section 4.2.1.3: a certificate without the extension does not say what its key is for. */
function isForEncryption(certificate: x509.X509Certificate, key: KeyObject): boolean {
  const usage = certificate.getExtension(x509.KeyUsagesExtension)?.usages;
  const needed =
    key.asymmetricKeyType === 'rsa' ? x509.KeyUsageFlags.keyEncipherment : x509.KeyUsageFlags.keyAgreement;
  return usage === undefined || (usage & needed) !== 0;
}

const PASSPHRASE = { min: 16, max: 1_000, differentMin: 8 };
const RUNS = [
  'abcdefghijklmnopqrstuvwxyz',
  '01234567890',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
];

/**
 * Whoever has the file tries passphrases as fast as their machines allow, for years. Length is what helps (NIST SP
 * 800-63B section 5.1.1.2); what a guesser tries first is refused.
 */
export function readPassphrase(given: string): Read<Receiver & { is: 'passphrase' }> {
  const passphrase = given.normalize('NFC');
  const letters = [...passphrase.toLowerCase()];
  const refused = (why: ReceiverRefusal) => ({ ok: false, why }) as const;
  if (letters.length < PASSPHRASE.min) return refused('passphrase-short');
  if (letters.length > PASSPHRASE.max) return refused('passphrase-long');
  const isPlain = new Set(letters).size < PASSPHRASE.differentMin;
  if (isPlain || repeats(letters) || newSteps(letters) < PASSPHRASE.min / 2)
    return refused('passphrase-weak');
  return { ok: true, receiver: { is: 'passphrase', passphrase } };
}

/** Is it a shorter text, said over and over? */
function repeats(letters: readonly string[]): boolean {
  const whole = letters.join('');
  return `${whole}${whole}`.indexOf(whole, 1) < whole.length;
}

/** How many letters do not follow from the one before, along the alphabet or a row of keys, either way. */
function newSteps(letters: readonly string[]): number {
  const follows = (a: string, b: string) =>
    a === b || RUNS.some((run) => run.includes(`${a}${b}`) || run.includes(`${b}${a}`));
  return letters.filter((letter, at) => !follows(letters[at - 1] ?? '', letter)).length;
}

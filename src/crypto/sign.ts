/**
 * ECDSA over P-256 with SHA-256 (FIPS 186-5). Public keys travel as DER SubjectPublicKeyInfo
 * (RFC 5480), signatures as the DER Ecdsa-Sig-Value (RFC 3279 section 2.2.3), private keys as PKCS #8.
 * A key's fingerprint is the SHA-256 of its SubjectPublicKeyInfo, which is also what a TLS pin holds.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { base64url, fromHex } from './bytes.ts';
import { equalBytes, sha256 } from './hash.ts';

/**
 * The one form in which a public key is taken: everything in a P-256 SubjectPublicKeyInfo before the two
 * coordinates. OpenSSL also reads compressed and hybrid points and trailing bytes; taking those would
 * give one key several fingerprints, and let it count twice where k of n keys must sign.
 */
const SPKI_BEGIN = fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004');
const SPKI_BYTES = SPKI_BEGIN.length + 64;

export type SigningKey = {
  /** PKCS #8 in DER. Secret. */
  privateKey: Uint8Array;
  /** SubjectPublicKeyInfo in DER. */
  publicKey: Uint8Array;
};

export function newSigningKey(): SigningKey {
  const pair = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return { privateKey: new Uint8Array(pair.privateKey), publicKey: new Uint8Array(pair.publicKey) };
}

/** The public half of a PKCS #8 private key. Throws when it is not a P-256 key. */
export function publicKeyOf(privateKey: Uint8Array): Uint8Array {
  const key = createPublicKey(privateKeyObject(privateKey));
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }));
}

export function sign(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(nodeSign('sha256', message, privateKeyObject(privateKey)));
}

/** False for a wrong signature and for a key that is not a P-256 public key. */
export function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const key = publicKeyObject(publicKey);
  return key !== undefined && nodeVerify('sha256', message, key, signature);
}

export function isPublicKey(publicKey: Uint8Array): boolean {
  return publicKeyObject(publicKey) !== undefined;
}

/** base64url of the SHA-256 of the SubjectPublicKeyInfo. */
export function fingerprint(publicKey: Uint8Array): string {
  return base64url(sha256(publicKey));
}

export function privateKeyPem(privateKey: Uint8Array): string {
  return privateKeyObject(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function privateKeyFromPem(pem: string): Uint8Array {
  const key = createPrivateKey(pem);
  assertP256(key.asymmetricKeyDetails?.namedCurve);
  return new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
}

/**
 * Keys that the provider has taken over, for as long as the caller holds their bytes. Importing a key anew
 * for each signature costs as much as the signature. Key bytes are drawn or read once and never edited.
 */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();
const publicKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const held = privateKeys.get(privateKey);
  if (held) return held;
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' });
  assertP256(key.asymmetricKeyDetails?.namedCurve);
  privateKeys.set(privateKey, key);
  return key;
}

function publicKeyObject(publicKey: Uint8Array): KeyObject | undefined {
  if (publicKey.length !== SPKI_BYTES || !equalBytes(publicKey.subarray(0, SPKI_BEGIN.length), SPKI_BEGIN))
    return undefined;
  const held = publicKeys.get(publicKey);
  if (held) return held;
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
    publicKeys.set(publicKey, key);
    return key;
  } catch {
    // Coordinates of no point on the curve are an answer to the question asked, not a fault.
    return undefined;
  }
}

function assertP256(curve: string | undefined): void {
  if (curve !== 'prime256v1') throw new Error(`the key is not a P-256 key but ${curve ?? 'of another kind'}`);
}

/** What stands before an uncompressed point in the SubjectPublicKeyInfo of a P-256 key (RFC 5480). */
const POINT_PREFIX = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** True for the 65 bytes of an uncompressed point that is on the curve. */
export function isPoint(point: Uint8Array): boolean {
  return (
    point.length === 65 && point[0] === 4 && isPublicKey(new Uint8Array(Buffer.concat([POINT_PREFIX, point])))
  );
}

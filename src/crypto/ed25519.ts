/**
 * Ed25519 (RFC 8032, FIPS 186-5 section 7), which the notes of transparency logs are signed with. Public keys
 * travel as the 32 bytes of RFC 8032 section 5.1.5, signatures as its 64 bytes, private keys as PKCS #8
 * (RFC 8410 section 7). The same key and message always give the same signature.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { concat, fromHex } from './bytes.ts';
import { equalBytes } from './hash.ts';

/** What stands before the 32 bytes in the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410 section 4). */
const SPKI_BEGIN = fromHex('302a300506032b6570032100');
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

export type Ed25519Key = {
  /** PKCS #8 in DER. Secret. */
  privateKey: Uint8Array;
  /** The 32 bytes of RFC 8032. */
  publicKey: Uint8Array;
};

export function newEd25519Key(): Ed25519Key {
  const pair = generateKeyPairSync('ed25519');
  const privateKey = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }));
  return { privateKey, publicKey: rawPublicKey(pair.publicKey) };
}

/** The public half of a PKCS #8 private key. Throws when it is not an Ed25519 key. */
export function ed25519PublicKeyOf(privateKey: Uint8Array): Uint8Array {
  return rawPublicKey(createPublicKey(privateKeyObject(privateKey)));
}

export function signEd25519(privateKey: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(nodeSign(null, message, privateKeyObject(privateKey)));
}

/** False for a wrong signature and for bytes that are not taken as a public key. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || !isEd25519PublicKey(publicKey)) return false;
  return nodeVerify(null, message, publicKeyObject(publicKey), signature);
}

/**
 * The second coordinates of the points of small order, least byte first. Under such a key there are
 * signatures that anybody can make (RFC 8032 section 8.4 leaves them to the user of the key).
 */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex);

/**
 * True for 32 bytes in the one form of a key (the coordinate below p, RFC 8032 section 5.1.3) that is not of
 * small order. A second form of one key would let it count twice where k of n keys must sign. Bytes of no
 * point on the curve pass here and verify nothing.
 */
export function isEd25519PublicKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== PUBLIC_KEY_BYTES) return false;
  const coordinate = publicKey.slice();
  coordinate[31] = (coordinate[31] ?? 0) & 0x7f;
  if (SMALL_ORDER.some((small) => equalBytes(small, coordinate))) return false;
  const isBelowP =
    (coordinate[0] ?? 0) < 0xed ||
    coordinate[31] !== 0x7f ||
    coordinate.subarray(1, 31).some((byte) => byte !== 0xff);
  return isBelowP;
}

export function ed25519KeyPem(privateKey: Uint8Array): string {
  return privateKeyObject(privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** Throws when the text holds no Ed25519 private key. */
export function ed25519KeyFromPem(pem: string): Ed25519Key {
  const key = assertEd25519(createPrivateKey(pem));
  const privateKey = new Uint8Array(key.export({ type: 'pkcs8', format: 'der' }));
  return { privateKey, publicKey: rawPublicKey(createPublicKey(key)) };
}

/** As in `sign.ts`: importing a key anew for each signature costs as much as the signature. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();
const publicKeys = new WeakMap<Uint8Array, KeyObject>();

function privateKeyObject(privateKey: Uint8Array): KeyObject {
  const held = privateKeys.get(privateKey);
  if (held) return held;
  const key = assertEd25519(createPrivateKey({ key: Buffer.from(privateKey), format: 'der', type: 'pkcs8' }));
  privateKeys.set(privateKey, key);
  return key;
}

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  const held = publicKeys.get(publicKey);
  if (held) return held;
  const spki = Buffer.from(concat(SPKI_BEGIN, publicKey));
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  publicKeys.set(publicKey, key);
  return key;
}

function rawPublicKey(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' })).slice(SPKI_BEGIN.length);
}

function assertEd25519(key: KeyObject): KeyObject {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Error(`the key is not an Ed25519 key but ${key.asymmetricKeyType ?? 'of another kind'}`);
  return key;
}

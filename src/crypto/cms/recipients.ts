/**
 * How the key of the content reaches the receiver (RFC 5652 section 6.2): RSAES-OAEP with SHA-256 (RFC 3560, RFC 4055),
 * ephemeral-static ECDH with the X9.63 KDF over SHA-256 and AES-256 key wrap (RFC 5753 section 3.1, RFC 3394), or a
 * key made of a passphrase by PBKDF2 with HMAC-SHA-256 (RFC 8018) and the wrap of RFC 3211, which is what the
 * PasswordRecipientInfo of RFC 5652 section 6.2.4 has.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  pbkdf2,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto';
import { promisify } from 'node:util';
import { concat, hex, utf8 } from '../bytes.ts';
import { sha256 } from '../hash.ts';
import {
  bits,
  bitsOf,
  derHeader,
  derOf,
  inSequence,
  inTagged,
  integer,
  isTagged,
  isUniversal,
  Malformed,
  type Node,
  nothing,
  octets,
  octetsOf,
  oid,
  oidOf,
  readDer,
  sequence,
  smallOf,
  tagged,
} from './der.ts';
import { OID } from './names.ts';
import type { CertificateReceiver, Receiver } from './receiver.ts';

const pbkdf2Async = promisify(pbkdf2);

/** Of HMAC-SHA-256: some tenths of a second for us, and for each guess. */
const ROUNDS = 600_000;
/** A foreign file, or all that came in one, may ask for this much work in sum and no more. */
const ROUNDS_MAX = 10_000_000;
const SALT_BYTES = 16;
const IV_BYTES = 16;
const KEY_BYTES = 32;
/** RFC 3394 section 2.2.3.1. */
const WRAP_IV = Buffer.alloc(8, 0xa6);
const SHA256 = () => sequence(oid(OID.sha256));
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** DER of the one RecipientInfo through which `receiver` gets at `key`. */
export async function recipientInfo(receiver: Receiver, key: Uint8Array): Promise<Uint8Array> {
  if (receiver.is === 'passphrase') return derOf(await passwordInfo(receiver.passphrase, key));
  return derOf(
    receiver.key.asymmetricKeyType === 'rsa' ? transportInfo(receiver, key) : agreementInfo(receiver, key),
  );
}

/** A serial number is written as the certificate has it, whatever its sign, and longer than RFC 5280 section 4.1.2.2 allows. */
function namedBy({ issuer, serial }: CertificateReceiver): Node {
  return sequence(readDer(issuer), readDer(concat(derHeader(2, serial.length), serial)));
}

function transportInfo(receiver: CertificateReceiver, key: Uint8Array): Node {
  const algorithm = sequence(
    oid(OID.rsaOaep),
    sequence(tagged(0, SHA256()), tagged(1, sequence(oid(OID.mgf1), SHA256()))),
  );
  const encrypted = publicEncrypt({ key: receiver.key, ...OAEP }, key);
  return sequence(integer(0), namedBy(receiver), algorithm, octets(new Uint8Array(encrypted)));
}

function agreementInfo(receiver: CertificateReceiver, key: Uint8Array): Node {
  const namedCurve = receiver.key.asymmetricKeyDetails?.namedCurve ?? '';
  const own = generateKeyPairSync('ec', { namedCurve });
  const [, point] = inSequence(spkiOf(own.publicKey));
  const kek = agreedKey(own.privateKey, receiver.key);
  const cipher = createCipheriv('id-aes256-wrap', kek, WRAP_IV);
  const wrapped = concat(new Uint8Array(cipher.update(key)), new Uint8Array(cipher.final()));
  return tagged(
    1,
    integer(3),
    tagged(0, tagged(1, sequence(oid(OID.ecPublicKey)), bits(bitsOf(point)))),
    sequence(oid(OID.ecdhSha256), WRAP()),
    sequence(sequence(namedBy(receiver), octets(wrapped))),
  );
}

const WRAP = () => sequence(oid(OID.aes256Wrap));
const spkiOf = (key: KeyObject) => readDer(new Uint8Array(key.export({ type: 'spki', format: 'der' })));

/** One block of the KDF of SEC 1 section 3.6.1, over ECC-CMS-SharedInfo (RFC 5753 section 7.2), is the whole key. */
function agreedKey(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  const shared = diffieHellman({ privateKey, publicKey });
  const info = sequence(WRAP(), tagged(2, octets(Uint8Array.of(0, 0, 1, 0))));
  return sha256(new Uint8Array(shared), Uint8Array.of(0, 0, 0, 1), derOf(info));
}

async function passwordInfo(passphrase: string, key: Uint8Array): Promise<Node> {
  const [salt, iv] = [new Uint8Array(randomBytes(SALT_BYTES)), new Uint8Array(randomBytes(IV_BYTES))];
  const kek = await passwordKey(passphrase, { salt, rounds: ROUNDS });
  const derivation = [
    oid(OID.pbkdf2),
    sequence(octets(salt), integer(ROUNDS), integer(KEY_BYTES), sequence(oid(OID.hmacSha256), nothing())),
  ];
  const encryption = sequence(oid(OID.pwriKek), sequence(oid(OID.aes256Cbc), octets(iv)));
  return tagged(3, integer(0), tagged(0, ...derivation), encryption, octets(wrapTwice(kek, iv, key)));
}

async function passwordKey(
  passphrase: string,
  { salt, rounds }: { salt: Uint8Array; rounds: number },
): Promise<Uint8Array> {
  return new Uint8Array(
    await pbkdf2Async(utf8(passphrase.normalize('NFC')), salt, rounds, KEY_BYTES, 'sha256'),
  );
}

/** RFC 3211 section 2.3.1: length, three bytes to check by, the key, padding; CBC over it, and on over what that gave. */
function wrapTwice(kek: Uint8Array, iv: Uint8Array, key: Uint8Array): Uint8Array {
  const check = key.subarray(0, 3).map((byte) => ~byte);
  const padding = new Uint8Array(randomBytes(IV_BYTES - ((4 + key.length) % IV_BYTES)));
  const cipher = createCipheriv('aes-256-cbc', kek, iv).setAutoPadding(false);
  const once = cipher.update(concat(Uint8Array.of(key.length), check, key, padding));
  return new Uint8Array(cipher.update(once));
}

function unwrapTwice(kek: Uint8Array, iv: Uint8Array, wrapped: Uint8Array): Uint8Array | undefined {
  if (wrapped.length < 2 * IV_BYTES || wrapped.length % IV_BYTES !== 0) throw new Malformed();
  const decrypt = (first: Uint8Array, blocks: Uint8Array) =>
    new Uint8Array(createDecipheriv('aes-256-cbc', kek, first).setAutoPadding(false).update(blocks));
  const last = decrypt(wrapped.subarray(-2 * IV_BYTES, -IV_BYTES), wrapped.subarray(-IV_BYTES));
  const plain = decrypt(iv, decrypt(last, wrapped));
  const key = plain.subarray(4, 4 + KEY_BYTES);
  const isRight =
    plain[0] === KEY_BYTES && [0, 1, 2].every((at) => ((key[at] ?? 0) ^ (plain[at + 1] ?? 0)) === 0xff);
  return isRight && key.length === KEY_BYTES ? key : undefined;
}

/** What a receiver has to open with. */
export type Opener = { is: 'key'; key: KeyObject } | { is: 'passphrase'; passphrase: string };

/**
 * The keys that are made of a passphrase for one file, or for all that came in one: how many rounds each takes says
 * whoever wrote it, and there may be hundreds. A key that was made is not made again; all messages of a bundle have one.
 */
export class PassphraseKeys {
  readonly #made = new Map<string, Uint8Array>();
  #left: number;

  constructor(roundsMax = ROUNDS_MAX) {
    this.#left = roundsMax;
  }

  async of(passphrase: string, { salt, rounds }: { salt: Uint8Array; rounds: number }): Promise<Uint8Array> {
    const name = `${rounds} ${hex(salt)} ${passphrase}`;
    const known = this.#made.get(name);
    if (known) return known;
    if (rounds < 1 || rounds > this.#left) throw new Malformed();
    this.#left -= rounds;
    const key = await passwordKey(passphrase, { salt, rounds });
    this.#made.set(name, key);
    return key;
  }
}

/** The content's key, or undefined when this RecipientInfo is for another receiver, or in a form that is not ours. */
export async function keyFrom(
  info: Node,
  opener: Opener,
  keys: PassphraseKeys,
): Promise<Uint8Array | undefined> {
  if (opener.is === 'passphrase')
    return isTagged(info, 3) ? passwordOpened(info, opener.passphrase, keys) : undefined;
  const { asymmetricKeyType } = opener.key;
  if (asymmetricKeyType === 'rsa' && isUniversal(info, 'sequence')) return transportOpened(info, opener.key);
  if (asymmetricKeyType === 'ec' && isTagged(info, 1)) return agreementOpened(info, opener.key);
  return undefined;
}

function transportOpened(info: Node, key: KeyObject): Uint8Array | undefined {
  const [, , algorithm, encrypted] = inSequence(info);
  const [name, parameters] = inSequence(algorithm);
  if (oidOf(name) !== OID.rsaOaep) return undefined;
  const [hash, mask] = inSequence(parameters);
  const [ofHash] = inTagged(hash, 0);
  const [ofMask] = inTagged(mask, 1);
  const [maskName, maskHash] = inSequence(ofMask);
  const isSha256 = (node: Node | undefined) => oidOf(inSequence(node)[0]) === OID.sha256;
  if (!isSha256(ofHash) || oidOf(maskName) !== OID.mgf1 || !isSha256(maskHash)) return undefined;
  try {
    return new Uint8Array(privateDecrypt({ key, ...OAEP }, octetsOf(encrypted)));
  } catch (error) {
    if (error instanceof Malformed) throw error;
    // It was not encrypted to this key: an answer.
    return undefined;
  }
}

function agreementOpened(info: Node, key: KeyObject): Uint8Array | undefined {
  const [, originator, algorithm, receivers] = inTagged(info, 1);
  const [scheme, wrap] = inSequence(algorithm);
  if (oidOf(scheme) !== OID.ecdhSha256 || oidOf(inSequence(wrap)[0]) !== OID.aes256Wrap) return undefined;
  const [own] = inTagged(originator, 0);
  const [, point] = inTagged(own, 1);
  const [ofKey] = inSequence(spkiOf(createPublicKey(key)));
  if (!ofKey) throw new Malformed();
  const theirs = sequence(ofKey, bits(bitsOf(point)));
  for (const receiver of inSequence(receivers)) {
    const opened = unwrapped(octetsOf(inSequence(receiver)[1]), key, derOf(theirs));
    if (opened) return opened;
  }
  return undefined;
}

function unwrapped(wrapped: Uint8Array, key: KeyObject, theirs: Uint8Array): Uint8Array | undefined {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(theirs), format: 'der', type: 'spki' });
    const decipher = createDecipheriv('id-aes256-wrap', agreedKey(key, publicKey), WRAP_IV);
    return concat(new Uint8Array(decipher.update(wrapped)), new Uint8Array(decipher.final()));
  } catch {
    // A point of another curve, or a key that does not unwrap: this one is for another receiver.
    return undefined;
  }
}

async function passwordOpened(
  info: Node,
  passphrase: string,
  keys: PassphraseKeys,
): Promise<Uint8Array | undefined> {
  const [, derivation, encryption, encrypted] = inTagged(info, 3);
  const [name, parameters] = inTagged(derivation, 0);
  const [salt, rounds, ...more] = inSequence(parameters);
  const [wrap, cipher] = inSequence(encryption);
  const [cipherName, iv] = inSequence(cipher);
  const isOurs =
    oidOf(name) === OID.pbkdf2 && oidOf(wrap) === OID.pwriKek && oidOf(cipherName) === OID.aes256Cbc;
  const prf = more.find((node) => isUniversal(node, 'sequence'));
  if (!isOurs || oidOf(inSequence(prf)[0]) !== OID.hmacSha256) return undefined;
  const times = smallOf(rounds);
  const first = octetsOf(iv);
  if (first.length !== IV_BYTES) throw new Malformed();
  const kek = await keys.of(passphrase, { salt: octetsOf(salt), rounds: times });
  return unwrapTwice(kek, first, octetsOf(encrypted));
}

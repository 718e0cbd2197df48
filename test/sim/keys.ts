/**
 * Keys and sealing of a simulation. Keys are real P-256 keys, drawn from the seed. Sealing is a model: a box
 * says for which key, use and place it was made, and holds its plaintext; what it proves is who could open it,
 * which is all that the rules ask. HPKE itself is tested with the vectors of its RFC.
 */
import { createECDH, createHash } from 'node:crypto';

import type { Hpke, HpkeKey, HpkeSealed } from '../../src/crypto/hpke.ts';
import type { SigningKey } from '../../src/crypto/sign.ts';
import type { Chance } from './chance.ts';

/** The parts of PKCS #8 and SubjectPublicKeyInfo around a P-256 key (RFC 5915, RFC 5480). */
const PKCS8 = ['308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'a144034200'];
const SPKI = '3059301306072a8648ce3d020106082a8648ce3d030107034200';

function drawPair(chance: Chance): { scalar: Buffer; point: Buffer } {
  const pair = createECDH('prime256v1');
  const scalar = Buffer.from(chance.bytes(32));
  // Below the order of the curve, whatever was drawn.
  scalar[0] = (scalar[0] ?? 0) & 0x7f;
  pair.setPrivateKey(scalar);
  return { scalar, point: pair.getPublicKey() };
}

export function drawSigningKey(chance: Chance): SigningKey {
  const { scalar, point } = drawPair(chance);
  const [begin = '', middle = ''] = PKCS8;
  return {
    privateKey: new Uint8Array(
      Buffer.concat([Buffer.from(begin, 'hex'), scalar, Buffer.from(middle, 'hex'), point]),
    ),
    publicKey: new Uint8Array(Buffer.concat([Buffer.from(SPKI, 'hex'), point])),
  };
}

export function drawHpkeKey(chance: Chance): HpkeKey {
  const { scalar, point } = drawPair(chance);
  return { privateKey: new Uint8Array(scalar), publicKey: new Uint8Array(point) };
}

type Place = { info: string; aad: string };
const MARK_BYTES = 16;

function markOf(publicKey: Uint8Array, place: Place): Uint8Array {
  const hash = createHash('sha256').update(publicKey).update(`\0${place.info}\0${place.aad}`).digest();
  return new Uint8Array(hash.subarray(0, MARK_BYTES));
}

export class ModelHpke implements Hpke {
  readonly #points = new Map<string, Uint8Array>();

  async seal(publicKey: Uint8Array, plaintext: Uint8Array, place: Place): Promise<HpkeSealed> {
    return { enc: markOf(publicKey, place), ciphertext: plaintext };
  }

  async open(privateKey: Uint8Array, sealed: HpkeSealed, place: Place): Promise<Uint8Array | undefined> {
    const mark = markOf(this.#pointOf(privateKey), place);
    return Buffer.compare(mark, sealed.enc) === 0 ? sealed.ciphertext : undefined;
  }

  #pointOf(privateKey: Uint8Array): Uint8Array {
    const name = Buffer.from(privateKey).toString('hex');
    const known = this.#points.get(name);
    if (known) return known;
    const pair = createECDH('prime256v1');
    pair.setPrivateKey(privateKey);
    const point = new Uint8Array(pair.getPublicKey());
    this.#points.set(name, point);
    return point;
  }
}

export const sealedText = (sealed: HpkeSealed) => ({
  enc: Buffer.from(sealed.enc).toString('base64url'),
  ciphertext: Buffer.from(sealed.ciphertext).toString('base64url'),
});

/** The order of P-256 (SEC 2, section 2.4.2). */
const ORDER = BigInt('0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551');

/**
 * Signs a note anew with a nonce that follows from key and text (FIPS 186-5, section 6.4.1, with the nonce
 * given). A provider draws its nonces, so that the bytes of a note, and with them the hash by which a bank
 * names a message that it refused, would differ between two runs of one seed.
 */
export function signAgain(note: string, key: SigningKey): string {
  const split = note.lastIndexOf('\n\n');
  const text = note.slice(0, split + 1);
  const [, name = ''] = note.slice(split + 2).split(' ');
  const scalar = Buffer.from(key.privateKey.subarray(36, 68));
  const hash = (...parts: (string | Uint8Array)[]) =>
    parts.reduce((made, part) => made.update(part), createHash('sha256')).digest();
  const nonce = hash('nonce', scalar, text);
  nonce[0] = (nonce[0] ?? 0) & 0x7f;
  const pair = createECDH('prime256v1');
  pair.setPrivateKey(nonce);
  const r = numberOf(pair.getPublicKey().subarray(1, 33)) % ORDER;
  const s = (inverse(numberOf(nonce)) * (numberOf(hash(text)) + r * numberOf(scalar))) % ORDER;
  const body = Buffer.concat([derInteger(r), derInteger(s)]);
  const signature = Buffer.concat([Buffer.of(0x30, body.length), body]);
  const keyId = hash(key.publicKey).subarray(0, 4);
  return `${text}\n— ${name} ${Buffer.concat([keyId, signature]).toString('base64')}\n`;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** By Euclid's extended algorithm; the order is prime, so that it ends at one. */
function inverse(value: bigint): bigint {
  let [high, low] = [ORDER, value % ORDER];
  let [before, factor] = [0n, 1n];
  while (low > 1n) {
    const times = high / low;
    [high, low] = [low, high - times * low];
    [before, factor] = [factor, before - times * factor];
  }
  return factor < 0n ? factor + ORDER : factor;
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.length % 2 ? `0${hex}` : hex, 'hex');
  const positive = (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.of(0), bytes]) : bytes;
  return Buffer.concat([Buffer.of(0x02, positive.length), positive]);
}

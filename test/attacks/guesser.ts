/**
 * How a thief guesses short codes fast: HMAC-SHA-256 (FIPS 198-1 over FIPS 180-4) of which everything but the
 * code is computed once, so that a guess costs two blocks of SHA-256. A provider's HMAC does five and more, and
 * a call; whoever defends has to count with this, and with machines that are faster.
 */
import { fromBase64url, utf8 } from '../../src/crypto/bytes.ts';

const BLOCK = 64;
const WORDS = 16;

const PRIMES = Array.from({ length: 400 }, (_, n) => n).filter(
  (n) => n > 1 && Array.from({ length: n - 2 }, (_, index) => index + 2).every((d) => n % d !== 0),
);
/** FIPS 180-4, sections 4.2.2 and 5.3.3: fractions of the cube and square roots of the first primes. */
const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0;
const K = Int32Array.from(PRIMES.slice(0, 64), (prime) => fraction(Math.cbrt(prime)));
const IV = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));

const schedule = new Int32Array(64);

/** FIPS 180-4, section 6.2.2: `into` is the state after `block` on top of `state`. */
function compress(state: Int32Array, block: Int32Array, into: Int32Array): void {
  schedule.set(block);
  for (let t = WORDS; t < 64; t++) {
    const x = schedule[t - 15] as number;
    const y = schedule[t - 2] as number;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    schedule[t] = ((schedule[t - 16] as number) + s0 + (schedule[t - 7] as number) + s1) | 0;
  }
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let t = 0; t < 64; t++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (K[t] as number) + (schedule[t] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  into[0] = ((state[0] as number) + a) | 0;
  into[1] = ((state[1] as number) + b) | 0;
  into[2] = ((state[2] as number) + c) | 0;
  into[3] = ((state[3] as number) + d) | 0;
  into[4] = ((state[4] as number) + e) | 0;
  into[5] = ((state[5] as number) + f) | 0;
  into[6] = ((state[6] as number) + g) | 0;
  into[7] = ((state[7] as number) + h) | 0;
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, index) => view.getInt32(index * 4));
}

/** The state after `bytes`, whole blocks, on top of `state`. */
function absorb(state: Int32Array, bytes: Uint8Array): Int32Array {
  const after = Int32Array.from(state);
  for (let at = 0; at < bytes.length; at += BLOCK) {
    compress(after, wordsOf(bytes.subarray(at, at + BLOCK)), after);
  }
  return after;
}

/** FIPS 180-4, section 5.1.1: what is left of a message of `bits` bits, padded to whole blocks. */
function padded(rest: Uint8Array, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((rest.length + 9) / BLOCK) * BLOCK);
  bytes.set(rest);
  bytes[rest.length] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, bits);
  return bytes;
}

export type Guessing = {
  key: Uint8Array;
  /** Everything in front of the code. */
  before: string;
  digits: number;
  verifier: string;
};

/** Answers whether the code `guess` (with leading zeros) has this verifier. */
export function guesser({ key, before, digits, verifier }: Guessing): (guess: number) => boolean {
  const pad = (byte: number) => {
    const block = new Uint8Array(BLOCK).fill(byte);
    for (const [index, own] of key.entries()) block[index] = own ^ byte;
    return block;
  };
  const text = utf8(before);
  const constant = text.length - (text.length % BLOCK);
  const inner = absorb(absorb(IV, pad(0x36)), text.subarray(0, constant));
  const outer = absorb(IV, pad(0x5c));
  const rest = new Uint8Array(text.length - constant + digits);
  rest.set(text.subarray(constant));
  const tail = padded(rest, (BLOCK + text.length + digits) * 8);
  const last = wordsOf(padded(new Uint8Array(32), (BLOCK + 32) * 8));
  const target = wordsOf(fromBase64url(verifier) ?? new Uint8Array(32));
  const state = new Int32Array(8);
  const end = rest.length - 1;
  const view = new DataView(tail.buffer);
  const block = new Int32Array(WORDS);
  return (guess) => {
    for (let left = guess, index = end; index > end - digits; index--, left = Math.floor(left / 10))
      tail[index] = 48 + (left % 10);
    state.set(inner);
    for (let at = 0; at < tail.length; at += BLOCK) {
      for (let word = 0; word < WORDS; word++) block[word] = view.getInt32(at + word * 4);
      compress(state, block, state);
    }
    last.set(state);
    compress(outer, last, state);
    for (let index = 0; index < 8; index++) if (state[index] !== target[index]) return false;
    return true;
  };
}

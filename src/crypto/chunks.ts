/**
 * AES-256-GCM over a file in chunks of a megabyte, so that whoever opens it never gives out a byte that was not
 * checked. It is the construction STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption, 2015,
 * section 7): the nonce counts the chunks and says which is the last, so that none can be left out, moved, or put
 * behind the end. Nonces are counted and not drawn (NIST SP 800-38D section 8.2.1), because a key here is drawn for
 * one file and never seals another.
 *
 * `0x01 ‖ chunk ‖ …`, each chunk being its ciphertext and a tag of sixteen bytes. The associated data names the place.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { concat, plain, utf8 } from './bytes.ts';
import { equalBytes } from './hash.ts';

const VERSION = Uint8Array.of(1);
const CHUNK_BYTES = 1_048_576;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Behind the seven bytes that a file with a key of its own needs no prefix for. */
const COUNTER_AT = 7;

function nonceOf(index: number, isLast: boolean): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(index, COUNTER_AT);
  nonce[NONCE_BYTES - 1] = isLast ? 1 : 0;
  return nonce;
}

/** `key` is drawn for these bytes alone. */
export function sealChunks(key: Uint8Array, bytes: Uint8Array, place: string): Uint8Array {
  const parts: Uint8Array[] = [VERSION];
  const last = Math.max(0, Math.ceil(bytes.length / CHUNK_BYTES) - 1);
  for (let index = 0; index <= last; index++) {
    const cipher = createCipheriv('aes-256-gcm', key, nonceOf(index, index === last), {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(utf8(place));
    parts.push(cipher.update(bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES)));
    cipher.final();
    parts.push(cipher.getAuthTag());
  }
  return concat(...parts);
}

/** The bytes, or undefined when they are not whole, or were sealed for another place or under another key. */
export function openChunks(key: Uint8Array, sealed: Uint8Array, place: string): Uint8Array | undefined {
  if (sealed.length < 1 + TAG_BYTES || !equalBytes(sealed.subarray(0, 1), VERSION)) return undefined;
  const parts: Buffer[] = [];
  const whole = CHUNK_BYTES + TAG_BYTES;
  const last = Math.ceil((sealed.length - 1) / whole) - 1;
  for (let index = 0; index <= last; index++) {
    const chunk = sealed.subarray(1 + index * whole, 1 + (index + 1) * whole);
    if (chunk.length < TAG_BYTES) return undefined;
    const nonce = nonceOf(index, index === last);
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(utf8(place));
    decipher.setAuthTag(chunk.subarray(chunk.length - TAG_BYTES));
    parts.push(decipher.update(chunk.subarray(0, chunk.length - TAG_BYTES)));
    try {
      decipher.final();
    } catch {
      // The only failure of `final` in GCM is a tag that does not match: an answer, not a fault.
      return undefined;
    }
  }
  return plain(Buffer.concat(parts));
}

/**
 * AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce. A sealed value is
 * `0x01 ‖ nonce(12) ‖ ciphertext ‖ tag(16)`. The associated data names the place that the value
 * belongs to, so that a row moved to another place does not open. One key seals at most 2^32 values
 * (SP 800-38D section 8.3); per-person and per-bank keys stay far below.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { concat, utf8 } from './bytes.ts';
import type { HeldKey } from './key.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
export const KEY_BYTES = 32;

export function newKey(): Uint8Array {
  return new Uint8Array(randomBytes(KEY_BYTES));
}

export function seal(key: Uint8Array | HeldKey, plaintext: Uint8Array, place: string): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(utf8(place));
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return concat(Uint8Array.of(VERSION), nonce, ciphertext, cipher.getAuthTag());
}

/** The plaintext, or undefined when the value is not whole, or was sealed for another place or key. */
export function open(key: Uint8Array | HeldKey, sealed: Uint8Array, place: string): Uint8Array | undefined {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) return undefined;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(utf8(place));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  const plaintext = decipher.update(sealed.subarray(1 + NONCE_BYTES, sealed.length - TAG_BYTES));
  try {
    decipher.final();
  } catch {
    // The only failure of `final` in GCM is a tag that does not match: an answer, not a fault.
    return undefined;
  }
  return new Uint8Array(plaintext);
}

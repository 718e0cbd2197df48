/**
 * AES-256 over what is too long to hold at once. GCM (NIST SP 800-38D) with a tag at the end, for what is handed out;
 * counter mode (SP 800-38A section 6.5) for files that a process keeps beside it for a while and that nobody else has
 * to read. A key here is drawn for one file and what is inside it; each message has a nonce of its own.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;
const BLOCK_BYTES = 16;
const PART_BYTES = 65_536;
/** Blocks that one nonce may be used for (SP 800-38D section 5.2.1.1): 2^39 − 256 bits. */
export const CONTENT_BYTES_MAX = (2 ** 32 - 2) * BLOCK_BYTES;

/** Bytes that are read where they lie. */
export type Readable = { size: number; read(at: number, length: number): Uint8Array };

export type GcmKey = { key: Uint8Array; nonce: Uint8Array };

export type SealingStream = { add(part: Uint8Array): Uint8Array; end(): Uint8Array };

/** Each part becomes one of the same length; the end is the tag. */
export function sealingStream({ key, nonce }: GcmKey): SealingStream {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  return {
    add: (part) => new Uint8Array(cipher.update(part)),
    end: () => {
      cipher.final();
      return new Uint8Array(cipher.getAuthTag());
    },
  };
}

/** Reads all of it once and keeps nothing: whether the tag is the one of these bytes under this key. */
export function isWhole(sealed: Readable, { key, nonce }: GcmKey, tag: Uint8Array): boolean {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(tag);
  for (let at = 0; at < sealed.size; at += PART_BYTES)
    decipher.update(sealed.read(at, Math.min(PART_BYTES, sealed.size - at)));
  try {
    decipher.final();
    return true;
  } catch {
    // The only failure of `final` in GCM is a tag that does not match: an answer, not a fault.
    return false;
  }
}

/**
 * The content, from any place, without a copy of it in clear anywhere. GCM is counter mode from a counter of two on
 * (SP 800-38D section 7.1). Only for what `isWhole` has said yes to: nothing here is checked again.
 */
export function openedAt(sealed: Readable, { key, nonce }: GcmKey): Readable {
  return readingAt(sealed, (block) => counterStream(key, nonce, block + 2));
}

function readingAt(sealed: Readable, from: (block: number) => Transform): Readable {
  return {
    size: sealed.size,
    read(at, length) {
      const block = Math.floor(at / BLOCK_BYTES);
      const skipped = at - block * BLOCK_BYTES;
      const bytes = sealed.read(at - skipped, length + skipped);
      return from(block)(bytes).subarray(skipped);
    },
  };
}

type Transform = (bytes: Uint8Array) => Uint8Array;

function counterStream(key: Uint8Array, nonce: Uint8Array, counter: number): Transform {
  const first = Buffer.alloc(BLOCK_BYTES);
  first.set(nonce);
  first.writeUInt32BE(counter, NONCE_BYTES);
  const cipher = createCipheriv('aes-256-ctr', key, first);
  return (bytes) => new Uint8Array(cipher.update(bytes));
}

/** A file of one's own: what stands on the disk says nothing to whoever finds it there, and dies with the process. */
export type ScratchCipher = { write: Transform; read: Transform };

export function scratchCipher(): ScratchCipher {
  const [key, nonce] = [randomBytes(32), randomBytes(NONCE_BYTES)];
  return { write: counterStream(key, nonce, 0), read: counterStream(key, nonce, 0) };
}

/** SHA-256 (FIPS 180-4), HMAC-SHA-256 (FIPS 198-1), and comparison in constant time. */
import { createHash, createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { concat, utf8 } from './bytes.ts';
import type { HeldKey } from './key.ts';

/** Of a text, its UTF-8 is hashed. */
export function sha256(text: string): Uint8Array;
export function sha256(...parts: readonly Uint8Array[]): Uint8Array;
export function sha256(...parts: readonly Uint8Array[] | [string]): Uint8Array {
  const [only] = parts;
  if (typeof only === 'string') return bytesOf(hash('sha256', only, 'binary'));
  return bytesOf(hash('sha256', whole(parts as readonly Uint8Array[]), 'binary'));
}

/** The same as base64url. */
export function sha256Text(...parts: readonly Uint8Array[]): string {
  return hash('sha256', whole(parts), 'base64url');
}

/** In one piece: for what is hashed here, setting up an incremental hash costs more than hashing. */
function whole(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only ? only : concat(...parts);
}

const SHA256_BYTES = 32;

/** Node answers a text of the bytes three times as fast as a buffer; with small inputs that is most of the time. */
function bytesOf(digest: string): Uint8Array {
  const bytes = new Uint8Array(SHA256_BYTES);
  for (let at = 0; at < SHA256_BYTES; at++) bytes[at] = digest.charCodeAt(at);
  return bytes;
}

export function hmacSha256(key: Uint8Array | HeldKey, ...parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const part of parts) mac.update(part);
  return new Uint8Array(mac.digest());
}

/** True when both are of equal length and content; the time taken tells only the length. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Joins labelled text parts so that no two lists of parts give the same bytes. No part may hold NUL. */
export function labelled(label: string, ...parts: readonly string[]): Uint8Array {
  for (const part of [label, ...parts]) {
    if (part.includes('\0')) throw new Error('a labelled part holds NUL');
  }
  return utf8([label, ...parts].join('\0'));
}

/** HKDF-SHA-256 (RFC 5869): `length` bytes for a use named `info`, from a uniform key. */
export function deriveKey(key: Uint8Array, info: string, length = 32): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, new Uint8Array(0), utf8(info), length));
}

export type RunningHash = { add(part: Uint8Array): void; end(): Uint8Array };

/** SHA-256 over what is too long to hold at once. */
export function runningSha256(): RunningHash {
  const running = createHash('sha256');
  return { add: (part) => void running.update(part), end: () => new Uint8Array(running.digest()) };
}

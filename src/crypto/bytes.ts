/** Bytes and their texts. base64url without padding (RFC 4648 section 5) is the house's text for bytes. */

import { isAscii } from 'node:buffer';

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return plain(Buffer.from(text));
}

/** A Buffer as what the house hands around: the same bytes, without Node's methods. */
export function plain(bytes: Buffer): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Throws a TypeError when the bytes are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  // What is ASCII reads the same as Latin-1, and of a megabyte that is read twenty times as fast.
  if (isAscii(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return utf8Decoder.decode(bytes);
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** True when `text` is what `base64url` writes for these bytes; without writing it. It takes as long as they agree. */
export function isBase64url(text: string, bytes: Uint8Array): boolean {
  if (text.length !== Math.ceil((bytes.length * 4) / 3)) return false;
  let [held, bits, at] = [0, 0, 0];
  for (let index = 0; index < bytes.length; index++) {
    held = ((held << 8) | (bytes[index] ?? 0)) & 0xffff;
    for (bits += 8; bits >= 6; bits -= 6)
      if (text.charCodeAt(at++) !== LETTERS.charCodeAt((held >> (bits - 6)) & 63)) return false;
  }
  return bits === 0 || text.charCodeAt(at) === LETTERS.charCodeAt((held << (6 - bits)) & 63);
}

const BASE64URL = /^[A-Za-z0-9_-]*$/;
/** Letters that an incomplete group of four may end with: their left-over bits are zero (RFC 4648 section 3.5). */
const LAST_LETTERS = ['', '', 'AQgw', 'AEIMQUYcgkosw048'] as const;

/** The bytes of base64url text, or undefined when the text is not exactly what `base64url` would write. */
export function fromBase64url(text: string): Uint8Array | undefined {
  if (!BASE64URL.test(text)) return undefined;
  const left = text.length % 4;
  if (left > 0 && !LAST_LETTERS[left]?.includes(text.slice(-1))) return undefined;
  return new Uint8Array(Buffer.from(text, 'base64url'));
}

/** The bytes of padded base64 text, or undefined when it is not canonical. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(Buffer.from(text, 'base64'));
  return base64(bytes) === text ? bytes : undefined;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'hex'));
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return plain(Buffer.concat(parts));
}

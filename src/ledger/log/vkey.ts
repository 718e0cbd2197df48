/**
 * The keys that verify a log's notes, and their text, the *vkey* `<name>+<key id in hex>+<base64(type ‖ key)>`
 * (C2SP signed-note, section "Verifier keys"). Two types are known: 0x01, an Ed25519 signature over the text
 * of the note, by which a log signs; and 0x04, a timestamped Ed25519 cosignature (C2SP tlog-cosignature), by
 * which a witness does. Type and name are hashed into the key id, so that a signature never passes for one
 * of the other type.
 */
import { base64, concat, fromBase64, hex, utf8 } from '../../crypto/bytes.ts';
import { isEd25519PublicKey } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { type LogResult, refused } from './refusals.ts';

export const KEY_ID_BYTES = 4;
const VKEY_LENGTH_MAX = 4096;
const TYPE_BYTES = { signature: 0x01, cosignature: 0x04 } as const;
export type LogKeyType = keyof typeof TYPE_BYTES;

export type LogKey = {
  type: LogKeyType;
  name: string;
  /** 32 bytes. */
  publicKey: Uint8Array;
};

/** Non-empty, and without Unicode spaces and plus (section "Format"); a control would break the note. */
const KEY_NAME = /^[^\p{White_Space}\p{Cc}+]+$/u;
/** The base64 part may hold a plus itself, so the name ends at the first. */
const VKEY = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/;

export function isKeyName(name: string): boolean {
  return KEY_NAME.test(name) && name.isWellFormed();
}

/** SHA-256(name ‖ 0x0A ‖ type ‖ public key), its first four bytes (section "Signatures"). */
export function keyIdOf({ type, name, publicKey }: LogKey): Uint8Array {
  const typed = concat(Uint8Array.of(0x0a, TYPE_BYTES[type]), publicKey);
  return sha256(utf8(name), typed).subarray(0, KEY_ID_BYTES);
}

/** Throws when the name cannot stand in a note or the key is none (a bug: both are ours). */
export function vkeyText(key: LogKey): string {
  if (!isKeyName(key.name)) throw new Error('a key name has no space, no control and no plus');
  if (!isEd25519PublicKey(key.publicKey)) throw new Error(`${key.name} has no fit Ed25519 public key`);
  const material = concat(Uint8Array.of(TYPE_BYTES[key.type]), key.publicKey);
  return `${key.name}+${hex(keyIdOf(key))}+${base64(material)}`;
}

export function parseVkey(text: string): LogResult<LogKey> {
  const match = text.length > VKEY_LENGTH_MAX ? null : VKEY.exec(text);
  const [, name = '', id = '', encoded = ''] = match ?? [];
  const material = fromBase64(encoded);
  if (!match || !isKeyName(name) || !material) return refused('vkey-malformed', text);
  const type = typeOf(material[0]);
  if (type === undefined) return refused('vkey-type-unknown', name);
  const publicKey = material.slice(1);
  if (!isEd25519PublicKey(publicKey)) return refused('vkey-key-unfit', name);
  const key = { type, name, publicKey };
  return hex(keyIdOf(key)) === id ? allowed(key) : refused('vkey-id-wrong', name);
}

function typeOf(byte: number | undefined): LogKeyType | undefined {
  if (byte === TYPE_BYTES.signature) return 'signature';
  return byte === TYPE_BYTES.cosignature ? 'cosignature' : undefined;
}

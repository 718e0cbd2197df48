/**
 * Signed notes (C2SP signed-note): a text that ends in a newline, an empty line, and signature lines
 * `— <key name> <base64(key id ‖ signature)>`. Signatures here are of type 0x02: ECDSA over P-256 with
 * SHA-256, whose key id is the first four bytes of the SHA-256 of the key's SubjectPublicKeyInfo. One
 * form serves batch heads, rosters and epochs, so that one routine, and any C2SP tool, verifies them.
 *
 * The text of a note must not be used before a trusted key verified it.
 */
import { base64, concat, fromBase64, utf8 } from '../crypto/bytes.ts';
import { equalBytes, sha256 } from '../crypto/hash.ts';
import { sign, verify } from '../crypto/sign.ts';

const KEY_ID_BYTES = 4;
export const SIGNATURES_MAX = 16;
export const NOTE_BYTES_MAX = 1_048_576;
const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;

export type NoteSigner = { name: string; publicKey: Uint8Array; privateKey: Uint8Array };
export type NoteVerifier = { name: string; publicKey: Uint8Array };

/** Throws when the text or a name cannot stand in a note (a bug: both are ours). */
export function signNote(text: string, signers: readonly NoteSigner[]): string {
  if (!text.endsWith('\n') || !isNoteText(text)) throw new Error('a note is text of whole lines');
  const message = utf8(text);
  const lines = signers.map((signer) => {
    if (!/^[^\s+]+$/u.test(signer.name)) throw new Error('a key name has no space and no plus');
    const signature = sign(signer.privateKey, message);
    return `— ${signer.name} ${base64(concat(keyId(signer.publicKey), signature))}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/**
 * The text of a note, with those of `verifiers` whose signature it carries. Undefined when the form is
 * wrong, when a known key's signature does not verify, and when no known key has signed.
 */
export function openNote(
  note: string,
  verifiers: readonly NoteVerifier[],
): { text: string; signedBy: NoteVerifier[] } | undefined {
  if (note.length > NOTE_BYTES_MAX || !isNoteText(note)) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > SIGNATURES_MAX) return undefined;
  const message = utf8(text);
  const signedBy: NoteVerifier[] = [];
  for (const line of lines) {
    const match = SIGNATURE_LINE.exec(line);
    const signature = fromBase64(match?.[2] ?? '');
    if (!match || !signature || signature.length <= KEY_ID_BYTES) return undefined;
    const id = signature.subarray(0, KEY_ID_BYTES);
    // A line of an unknown key is ignored, as the standard asks.
    const known = verifiers.find(
      (verifier) => verifier.name === match[1] && equalBytes(keyId(verifier.publicKey), id),
    );
    if (!known) continue;
    if (!verify(known.publicKey, message, signature.subarray(KEY_ID_BYTES))) return undefined;
    if (!signedBy.includes(known)) signedBy.push(known);
  }
  return signedBy.length === 0 ? undefined : { text, signedBy };
}

/** For as long as the caller holds a key's bytes, which are drawn or read once and never edited. */
const keyIds = new WeakMap<Uint8Array, Uint8Array>();

function keyId(publicKey: Uint8Array): Uint8Array {
  const known = keyIds.get(publicKey);
  if (known) return known;
  const id = sha256(publicKey).subarray(0, KEY_ID_BYTES);
  keyIds.set(publicKey, id);
  return id;
}

/**
 * Text that has one UTF-8 form, and no control characters but newline. A lone surrogate would be signed
 * as U+FFFD, so that two different texts had one signature.
 */
function isNoteText(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return false;
  }
  return text.isWellFormed();
}

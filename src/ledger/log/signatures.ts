/**
 * The signed notes of a log (C2SP signed-note): a text, an empty line, and lines
 * `— <key name> <base64(key id ‖ signature)>`. `../note.ts` holds the notes of banks and site roots, which
 * are signed with ECDSA (type 0x02); here are the types of logs and witnesses, 0x01 and 0x04.
 *
 * What a cosigner signs is `cosignature/v1`, a line with the time, and the text (C2SP tlog-cosignature,
 * section "Ed25519 signed message"): so the time is signed, and no signature of a log passes for one.
 */
import { base64, concat, fromBase64, utf8 } from '../../crypto/bytes.ts';
import { signEd25519, verifyEd25519 } from '../../crypto/ed25519.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { signNote } from '../note.ts';
import { type LogResult, refused } from './refusals.ts';
import { isKeyName, KEY_ID_BYTES, keyIdOf, type LogKey, type LogKeyType } from './vkey.ts';

/** Signatures of types that come after us may have 5 kB each, and sixteen have to be read (section "Format"). */
export const LOG_NOTE_LENGTH_MAX = 131_072;
/** A log, its last keys, and the 32 witnesses that C2SP tlog-policy asks for ("Implementation limits"). */
export const LOG_SIGNATURES_MAX = 64;
const TIME_BYTES = 8;

export type LogSigner = { name: string; privateKey: Uint8Array; publicKey: Uint8Array };
export type NoteSignature = {
  key: LogKey;
  /** When a cosigner signed, in seconds since 1970; null for a signature of a log, which says no time. */
  atS: number | null;
};
export type SignatureLine = { name: string; id: Uint8Array; signature: Uint8Array; line: string };
export type OpenedNote = { text: string; signatures: NoteSignature[] };

/** The whole note, a line for each signer. Throws when text or name cannot stand in a note (a bug: both are ours). */
export function signLogNote(text: string, ...signers: readonly LogSigner[]): string {
  // Without a signer the other types' routine checks the text and writes what stands before the lines.
  const begin = signNote(text, []);
  const lines = signers.map((signer) =>
    lineOf('signature', signer, signEd25519(signer.privateKey, utf8(text))),
  );
  return begin + lines.join('');
}

export type Cosign = { text: string; signer: LogSigner; atS: number };

/** One signature line, as a witness answers it. Throws on a time that cannot be signed (a bug). */
export function cosignatureLine({ text, signer, atS }: Cosign): string {
  if (!(Number.isSafeInteger(atS) && atS > 0)) throw new Error(`a cosignature has a time, not ${atS}`);
  const time = new Uint8Array(TIME_BYTES);
  new DataView(time.buffer).setBigUint64(0, BigInt(atS));
  const signature = signEd25519(signer.privateKey, cosignedMessage(text, atS));
  return lineOf('cosignature', signer, concat(time, signature));
}

function lineOf(type: LogKeyType, signer: LogSigner, signature: Uint8Array): string {
  const { name, publicKey } = signer;
  if (!isKeyName(name)) throw new Error('a key name has no space, no control and no plus');
  return `— ${name} ${base64(concat(keyIdOf({ type, name, publicKey }), signature))}\n`;
}

function cosignedMessage(text: string, atS: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${atS}\n${text}`);
}

/**
 * The text of a note with those of `keys` that signed it, each once. Lines of unknown keys are ignored; one
 * wrong signature of a known key spoils the note; without any the text is not handed out at all.
 */
export function openLogNote(note: string, keys: readonly LogKey[]): LogResult<OpenedNote> {
  const split = splitNote(note);
  if (!split.ok) return split;
  const { text, lines } = split.value;
  const signatures = readSignatures(text, lines, keys);
  if (!signatures.ok) return signatures;
  return signatures.value.length === 0
    ? refused('signature-missing', lines.map(({ name }) => name).join(', '))
    : allowed({ text, signatures: signatures.value });
}

/** Which of `keys` signed `text` by one of `lines`. */
export function readSignatures(
  text: string,
  lines: readonly SignatureLine[],
  keys: readonly LogKey[],
): LogResult<NoteSignature[]> {
  const found = new Map<LogKey, NoteSignature>();
  for (const line of lines) {
    const key = keys.find(
      (candidate) => candidate.name === line.name && equalBytes(keyIdOf(candidate), line.id),
    );
    if (!key) continue;
    const read = verifyLine(text, line.signature, key);
    if (!read.ok) return read;
    // Who cosigned twice is counted once, with the later time.
    const before = found.get(key);
    if (!before || (before.atS ?? 0) < (read.value.atS ?? 0)) found.set(key, read.value);
  }
  return allowed([...found.values()]);
}

function verifyLine(text: string, signature: Uint8Array, key: LogKey): LogResult<NoteSignature> {
  const wrong = refused('signature-wrong', key.name);
  if (key.type === 'signature')
    return verifyEd25519(key.publicKey, utf8(text), signature) ? allowed({ key, atS: null }) : wrong;
  if (signature.length <= TIME_BYTES) return wrong;
  const view = new DataView(signature.buffer, signature.byteOffset, TIME_BYTES);
  const time = view.getBigUint64(0);
  // The standard allows 63 bits; a time that no calendar knows, or none at all, says nothing.
  if (time === 0n || time > BigInt(Number.MAX_SAFE_INTEGER))
    return refused('cosignature-time-wrong', key.name);
  const atS = Number(time);
  const message = cosignedMessage(text, atS);
  return verifyEd25519(key.publicKey, message, signature.subarray(TIME_BYTES))
    ? allowed({ key, atS })
    : wrong;
}

const SIGNATURE_LINE = /^— ([^\p{White_Space}+]+) ([A-Za-z0-9+/]+={0,2})$/u;

/** The parts of a note by its form alone. Nothing is verified: the text must not be used yet. */
export function splitNote(note: string): LogResult<{ text: string; lines: SignatureLine[] }> {
  if (note.length > LOG_NOTE_LENGTH_MAX) return refused('note-too-long', `${note.length} characters`);
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !hasOneForm(note)) return refused('note-malformed', 'the text');
  const lines = splitLines(note.slice(split + 2));
  return lines.ok ? allowed({ text: note.slice(0, split + 1), lines: lines.value }) : lines;
}

/** Signature lines, each with its newline; as a witness answers them (C2SP tlog-witness, "add-checkpoint"). */
export function splitLines(text: string): LogResult<SignatureLine[]> {
  if (text.length > LOG_NOTE_LENGTH_MAX) return refused('note-too-long', `${text.length} characters`);
  if (!text.endsWith('\n')) return refused('note-malformed', 'the last line');
  const lines: SignatureLine[] = [];
  for (const line of text.slice(0, -1).split('\n')) {
    if (lines.length === LOG_SIGNATURES_MAX)
      return refused('note-too-many-signatures', `more than ${LOG_SIGNATURES_MAX}`);
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = fromBase64(encoded ?? '');
    if (name === undefined || !bytes || bytes.length <= KEY_ID_BYTES) return refused('note-malformed', line);
    lines.push({
      name,
      id: bytes.slice(0, KEY_ID_BYTES),
      signature: bytes.slice(KEY_ID_BYTES),
      line: `${line}\n`,
    });
  }
  return allowed(lines);
}

/** Well-formed Unicode without controls but newline: a lone surrogate would be signed as U+FFFD. */
function hasOneForm(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 && code !== 0x0a) return false;
  }
  return text.isWellFormed();
}

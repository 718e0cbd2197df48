/**
 * Checkpoints (C2SP tlog-checkpoint): what a log says of itself, signed. Three lines, each with its newline:
 *
 *     <origin>
 *     <tree size>
 *     <base64 RFC 6962 tree hash>
 *
 * Extension lines are allowed there and refused here: no monitor can audit them (section "Note text").
 */
import { base64, fromBase64 } from '../../crypto/bytes.ts';
import { equalBytes, sha256 } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { isCount, readDecimal } from './numbers.ts';
import { type LogResult, refused } from './refusals.ts';
import {
  type LogSigner,
  type NoteSignature,
  openLogNote,
  readSignatures,
  signLogNote,
  splitLines,
  splitNote,
} from './signatures.ts';
import type { LogKey } from './vkey.ts';

export const HASH_BYTES = 32;
/** The tree hash of no leaves (RFC 6962 section 2.1). */
export const EMPTY_ROOT = sha256(new Uint8Array(0));

export type TreeHead = { size: number; root: Uint8Array };
export type Checkpoint = TreeHead & { origin: string };

/** Throws when the parts are no checkpoint (a bug: they are ours). */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  if (origin === '' || origin.includes('\n')) throw new Error('an origin is one line');
  if (!isCount(size) || root.length !== HASH_BYTES) throw new Error(`${origin} has no head of size ${size}`);
  if (size === 0 && !equalBytes(root, EMPTY_ROOT)) throw new Error('an empty tree has one root only');
  return `${origin}\n${size}\n${base64(root)}\n`;
}

/** Reads the text of a checkpoint. Only a text whose signature was verified may be believed. */
export function parseCheckpoint(text: string): LogResult<Checkpoint> {
  const lines = text.split('\n');
  const [origin = '', sizeText = '', rootText = ''] = lines;
  if (lines.at(-1) !== '' || lines.length < 4 || origin === '') return refused('checkpoint-malformed', text);
  if (lines.length > 4) return refused('checkpoint-extended', lines.slice(3, -1).join('\n'));
  const size = readDecimal(sizeText);
  if (!size.ok) return size;
  const root = fromBase64(rootText);
  if (root?.length !== HASH_BYTES) return refused('root-malformed', rootText);
  if (size.value === 0 && !equalBytes(root, EMPTY_ROOT)) return refused('root-of-empty-wrong', rootText);
  return allowed({ origin, size: size.value, root });
}

/** The note that a log publishes; while a key takes over from another, both sign it. */
export function signCheckpoint(checkpoint: Checkpoint, ...signers: readonly LogSigner[]): string {
  return signLogNote(checkpointText(checkpoint), ...signers);
}

/** A key that took over: no checkpoint of `fromSize` entries or more is believed without its signature. */
export type KeyTerm = { key: LogKey; fromSize: number };

/** Whom a reader of one log trusts: the log's own keys, of which one must have signed, and witnesses. */
export type LogTrust = {
  origin: string;
  logKeys: readonly LogKey[];
  witnesses: readonly LogKey[];
  /** Keys that the log itself recorded as successors of those, oldest first (`succession.ts`). */
  successors?: readonly KeyTerm[];
};
export type OpenedCheckpoint = {
  checkpoint: Checkpoint;
  /** The signed text, which is what witnesses cosign. */
  text: string;
  /** Of the log and of known witnesses. */
  signatures: NoteSignature[];
};

export function openCheckpoint(note: string, trust: LogTrust): LogResult<OpenedCheckpoint> {
  const { origin, logKeys, witnesses, successors = [] } = trust;
  const opened = openLogNote(note, [...logKeys, ...successors.map(({ key }) => key), ...witnesses]);
  if (!opened.ok) return opened;
  const { text, signatures } = opened.value;
  const isSignedBy = (keys: readonly LogKey[]) =>
    signatures.some((signed) => keys.some((key) => isSameKey(key, signed.key)));
  const checkpoint = parseCheckpoint(text);
  if (!checkpoint.ok) return checkpoint;
  if (checkpoint.value.origin !== origin) return refused('checkpoint-origin-other', checkpoint.value.origin);
  const { size } = checkpoint.value;
  const due = successors.findLast(({ fromSize }) => fromSize <= size);
  // A cosignature without the log's own signature would let a witness speak for the log. And a key that was given up
  // may have been stolen since: for what comes after it, its signature alone is worth nothing.
  if (!isSignedBy(due ? [due.key] : logKeys)) return refused('signature-missing', origin);
  return allowed({ checkpoint: checkpoint.value, text, signatures });
}

function isSameKey(a: LogKey, b: LogKey): boolean {
  return a.type === b.type && a.name === b.name && equalBytes(a.publicKey, b.publicKey);
}

/**
 * Adds what a witness answered to a checkpoint: only lines of known witnesses, verified, and each witness
 * once; the rest of the answer is ignored (C2SP tlog-witness, section "add-checkpoint").
 */
export function addCosignatures(
  note: string,
  { answer, witnesses }: { answer: string; witnesses: readonly LogKey[] },
): LogResult<{ note: string; added: NoteSignature[] }> {
  const split = splitNote(note);
  if (!split.ok) return split;
  const lines = splitLines(answer);
  if (!lines.ok) return lines;
  const { text } = split.value;
  const known = readSignatures(text, split.value.lines, witnesses);
  if (!known.ok) return known;
  const added: NoteSignature[] = [];
  let whole = note;
  for (const line of lines.value) {
    const read = readSignatures(text, [line], witnesses);
    if (!read.ok) return read;
    const [signature] = read.value;
    if (!signature || [...known.value, ...added].some(({ key }) => key === signature.key)) continue;
    added.push(signature);
    whole += line.line;
  }
  const again = splitNote(whole);
  return again.ok ? allowed({ note: whole, added }) : again;
}

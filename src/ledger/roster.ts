/**
 * Rosters and notifier epochs as signed notes. A verifier of evidence needs them as much as a bank
 * does: a bank's key counts only when a root-signed roster names it.
 *
 *     holdfast/roster/v1
 *     <site id>
 *     <canonical JSON of the roster (RFC 8785)>
 */
import canonicalize from 'canonicalize';
import { base64url, fromBase64url, utf8 } from '../crypto/bytes.ts';
import { labelled, sha256 } from '../crypto/hash.ts';
import { isPoint, isPublicKey, type SigningKey } from '../crypto/sign.ts';
import { allowed, denied, type Result } from '../domain/outcome.ts';
import { type Epoch, epochSchema, type Roster, rosterSchema } from '../domain/roster.ts';
import { type NoteVerifier, openNote, signNote } from './note.ts';

const ROSTER_TITLE = 'holdfast/roster/v1';
const EPOCH_TITLE = 'holdfast/notifier-epoch/v1';

export function signRoster(roster: Roster, rootKeys: readonly SigningKey[]): string {
  const text = `${ROSTER_TITLE}\n${roster.site}\n${canonicalize(roster)}\n`;
  return signNote(
    text,
    rootKeys.map((key) => ({ name: roster.site, ...key })),
  );
}

/** What a bank knows when a roster comes: its site, the root it trusts now, and the version it holds. */
export type RosterTrust = {
  site: string;
  /** SubjectPublicKeyInfo of each root key, base64url. */
  rootKeys: readonly string[];
  k: number;
  /** The version held; a roster must be newer. 0 when none is held. */
  version: number;
};

/** The roster in a note, if this site's root signed it and it is newer than the one held. */
export function openRoster(note: string, trust: RosterTrust): Result<Roster> {
  const verifiers = trust.rootKeys.map(
    (key): NoteVerifier => ({ name: trust.site, publicKey: fromBase64url(key) ?? new Uint8Array(0) }),
  );
  const opened = openNote(note, verifiers);
  if (!opened || opened.signedBy.length < trust.k) return denied('signature-wrong');
  const roster = readRosterText(opened.text);
  if (!roster) return denied('roster-malformed');
  if (roster.site !== trust.site) return denied('roster-wrong-site');
  if (roster.version <= trust.version) return denied('roster-version-old');
  return allowed(roster);
}

function readRosterText(text: string): Roster | undefined {
  const [title, site, json, end, ...rest] = text.split('\n');
  if (title !== ROSTER_TITLE || end !== '' || rest.length > 0 || json === undefined) return undefined;
  const roster = readCanonical(json, rosterSchema);
  if (!roster || roster.site !== site || !canSignNext(roster)) return undefined;
  const points = [roster.keys.intake, ...roster.banks.map((bank) => bank.sealKey)];
  return points.every(isKeyPoint) ? roster : undefined;
}

/**
 * The roster in a note whoever signed it: for a person who reads it and decides whether to sign it too.
 * Nothing may be done because of it.
 */
export function readUnverifiedRoster(note: string): Roster | undefined {
  const split = note.lastIndexOf('\n\n');
  return split < 0 ? undefined : readRosterText(note.slice(0, split + 1));
}

/**
 * Those of `keys` (SubjectPublicKeyInfo, base64url) that have signed, each once; none where the signature of one
 * of them does not verify, as where it was taken from below another roster.
 */
export function rosterSigners(note: string, of: { site: string; keys: readonly string[] }): string[] {
  const verifiers = [...new Set(of.keys)].map(
    (key): NoteVerifier => ({ name: of.site, publicKey: fromBase64url(key) ?? new Uint8Array(0) }),
  );
  return (openNote(note, verifiers)?.signedBy ?? []).map(({ publicKey }) => base64url(publicKey));
}

/** The same text with the signature of `key` below those that it has. */
export function addRosterSignature(note: string, roster: Roster, key: SigningKey): string {
  const own = signRoster(roster, [key]);
  return `${note}${own.slice(own.lastIndexOf('\n\n') + 2)}`;
}

/** What a roster still needs so that it may follow one that names the root before. */
export type RosterNeeds = {
  /** Of the keys of the root before, so many must sign, and so many have. */
  k: number;
  signed: number;
  /** Keys that come in with it and have not signed: whether anybody has their private halves is not known. */
  unproved: string[];
  /** Of the keys that it names, so many are still missing before a new bank can begin with it. */
  missingNext: number;
};

/**
 * A change of the root is signed by both sides: by enough keys of the root before, which banks ask for, and by each key
 * that comes in and enough of the root that it names. So no key is named that nobody holds, and a bank that begins with
 * the new root can read the very roster that brought it.
 */
export function rosterNeeds(note: string, roster: Roster, before: Roster['root']): RosterNeeds {
  const { site, root } = roster;
  const signers = rosterSigners(note, { site, keys: [...before.keys, ...root.keys] });
  const has = (key: string) => signers.includes(key);
  return {
    k: before.k,
    signed: before.keys.filter(has).length,
    unproved: root.keys.filter((key) => !before.keys.includes(key) && !has(key)),
    missingNext: Math.max(0, root.k - root.keys.filter(has).length),
  };
}

export function isWhole({ k, signed, unproved, missingNext }: RosterNeeds): boolean {
  return signed >= k && unproved.length === 0 && missingNext === 0;
}

/** A root that could not sign the next roster would close the site for good, so it is never adopted. */
function canSignNext({ root }: Roster): boolean {
  return (
    root.k <= root.keys.length &&
    root.keys.every((key) => isPublicKey(fromBase64url(key) ?? new Uint8Array(0)))
  );
}

/** While one notifier key follows another, each epoch is signed by both: a bank asks for the one that its roster names. */
export function signEpoch(epoch: Epoch, ...notifierKeys: readonly SigningKey[]): string {
  return signNote(
    `${EPOCH_TITLE}\n${canonicalize(epoch)}\n`,
    notifierKeys.map((key) => ({ name: epoch.tenant, ...key })),
  );
}

/** The epoch in a note, if the notifier key that the roster names signed it. */
export function openEpoch(note: string, roster: Roster): Result<Epoch> {
  const verifier: NoteVerifier = {
    name: roster.tenant,
    publicKey: fromBase64url(roster.keys.notifier) ?? new Uint8Array(0),
  };
  const opened = openNote(note, [verifier]);
  if (!opened) return denied('signature-wrong');
  const [title, json, end, ...rest] = opened.text.split('\n');
  if (title !== EPOCH_TITLE || end !== '' || rest.length > 0 || json === undefined)
    return denied('message-malformed');
  const epoch = readCanonical(json, epochSchema);
  const sound = epoch?.tenant === roster.tenant && isKeyPoint(epoch.key);
  return epoch && sound ? allowed(epoch) : denied('message-malformed');
}

/**
 * The hash by which a roster's version is shown and compared: of the note's text, because a note of the
 * same text may carry more signatures, or others. Total, since notes that are refused are named by it too.
 */
export function noteHash(note: string): string {
  const split = note.lastIndexOf('\n\n');
  const text = split < 0 ? note : note.slice(0, split + 1);
  return base64url(sha256(utf8('note/v1\0'), utf8(text)));
}

/** How a badge's secret stands in the roster. The secret has 128 bits, so a plain hash hides it. */
export function badgeHash(secret: string): string {
  return base64url(sha256(labelled('badge/v1', secret)));
}

/** A point off the curve would fail only when something is sealed to it, and then at every try. */
function isKeyPoint(text: string): boolean {
  return isPoint(fromBase64url(text) ?? new Uint8Array(0));
}

/** Canonical JSON of one shape: text that would be spelt otherwise is another text, and refused. */
export function readCanonical<T>(
  json: string,
  schema: { safeParse(value: unknown): { success: true; data: T } | { success: false } },
): T | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // Signed text that is no JSON is refused by name by the caller.
    return undefined;
  }
  const parsed = schema.safeParse(value);
  return parsed.success && canonicalize(parsed.data) === json ? parsed.data : undefined;
}

/**
 * A log whose key has a successor. The log says so itself: a record `log.key-rotated` names the new key, and a checkpoint
 * over that record is signed by the key before, and by the new one, which so shows that it is there. From that record on
 * the new key signs; the one before may sign beside it for a while, so that who knows only it can follow.
 *
 * A link is that record with a proof of it (C2SP tlog-proof), which any C2SP verifier checks with the key before. Links
 * give no key by themselves: each has to begin at a key that the reader trusts already.
 */
import { z } from 'zod';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { isEd25519PublicKey } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { type LedgerRecord, leafHash, parseRecord, type RecordDraft } from '../record.ts';
import { type KeyTerm, type LogTrust, type OpenedCheckpoint, openCheckpoint } from './checkpoint.ts';
import { isIncluded } from './inclusion.ts';
import { PROOF_LENGTH_MAX, parseProof } from './proof-file.ts';
import { type LogResult, refused } from './refusals.ts';
import { keyIdOf, type LogKey, vkeyText } from './vkey.ts';

/** A key a year for a lifetime; each asks for two signatures to be verified. */
export const LINKS_MAX = 64;
const RECORD_LENGTH_MAX = 2_000;

export const successionLink = z.strictObject({
  /** The record's own text. */
  record: z.string().max(RECORD_LENGTH_MAX),
  /** A tlog-proof file. */
  proof: z.string().max(PROOF_LENGTH_MAX),
});
export type SuccessionLink = z.infer<typeof successionLink>;

export const SUCCESSION_FORMAT = 'holdfast/succession/v1';
/** A file to hand to whoever trusts an earlier key of the log. */
export const successionFile = z.strictObject({
  format: z.literal(SUCCESSION_FORMAT),
  origin: z.string().min(1).max(1000),
  links: z.array(successionLink).max(LINKS_MAX),
});

/** How a record names a key: by all that a verifier needs to know of it. */
export function hashOfKey(key: LogKey): string {
  return base64url(sha256(utf8(vkeyText(key))));
}

const idOf = (key: LogKey) => {
  const id = keyIdOf(key);
  return new DataView(id.buffer, id.byteOffset, id.length).getUint32(0);
};

type Rotation = { before: LogKey; publicKey: Uint8Array };

export function rotationDraft({ before, publicKey }: Rotation): RecordDraft {
  const key = { ...before, publicKey };
  return {
    kind: 'log.key-rotated',
    facts: { before: hashOfKey(before), key: base64url(publicKey), id: idOf(key) },
  };
}

/** The key that a record gives the log after `before`; undefined where it does not speak of that key, or names none. */
export function successorIn({ kind, facts }: LedgerRecord, before: LogKey): LogKey | undefined {
  return facts.before === hashOfKey(before) ? namedBy({ kind, facts }, before) : undefined;
}

/** The key that a record names, for the log of `log`; undefined where it names none. */
function namedBy({ kind, facts }: Pick<LedgerRecord, 'kind' | 'facts'>, log: LogKey): LogKey | undefined {
  if (kind !== 'log.key-rotated') return undefined;
  const publicKey = fromBase64url(String(facts.key));
  if (!publicKey || !isEd25519PublicKey(publicKey)) return undefined;
  const key = { ...log, publicKey };
  return facts.id === idOf(key) ? key : undefined;
}

type Following = Omit<LogTrust, 'successors'> & {
  /** Whether enough witnesses have cosigned what a link stands on; asked where a reader has a policy. */
  agreed?(opened: OpenedCheckpoint): boolean;
  /** Keys that were followed before, oldest first. */
  followed?: readonly KeyTerm[];
};

/**
 * The keys that follow those that are trusted. Links that begin at a key which is no longer the newest were followed
 * before, or are another's; one that begins at the newest key has to hold.
 */
export function followSuccession(
  links: readonly SuccessionLink[],
  { origin, logKeys, witnesses, agreed = () => true, followed = [] }: Following,
): LogResult<KeyTerm[]> {
  const terms = [...followed];
  if (links.length > LINKS_MAX) return refused('succession-malformed', `${links.length} links`);
  for (const { record: text, proof } of links) {
    const newest = terms.at(-1);
    const parsed = parseRecord(utf8(text));
    if (!parsed.ok) return refused('succession-malformed', parsed.why);
    const from = (newest ? [newest.key] : logKeys).find(
      (key) => key.name === origin && parsed.record.facts.before === hashOfKey(key),
    );
    if (!from) continue;
    const key = successorIn(parsed.record, from);
    if (!key) return refused('succession-unsaid', `no key follows that of ${origin}`);
    const proved = proveLink({ text, proof, from, key }, { origin, witnesses, agreed });
    if (!proved.ok) return proved;
    terms.push({ key, fromSize: proved.value });
  }
  return allowed(terms);
}

type Link = { text: string; proof: string; from: LogKey; key: LogKey };

/** The first size that the new key has to sign. */
function proveLink(
  { text, proof, from, key }: Link,
  { origin, witnesses, agreed }: Required<Pick<Following, 'origin' | 'witnesses' | 'agreed'>>,
): LogResult<number> {
  const file = parseProof(proof);
  if (!file.ok) return file;
  const { index, path, checkpoint: note } = file.value;
  for (const signer of [from, key]) {
    const opened = openCheckpoint(note, { origin, logKeys: [signer], witnesses });
    if (!opened.ok) return opened;
    if (!agreed(opened.value)) return refused('quorum-missing', `the key that follows ${vkeyText(from)}`);
    const head = opened.value.checkpoint;
    if (index >= head.size || !isIncluded({ leaf: leafHash(text), index, head, path }))
      return refused('inclusion-wrong', `entry ${index} of ${head.size}`);
  }
  return allowed(index + 1);
}

/**
 * Whether links lead in their order to this key, each from the key that the one before it names. Whose the first is, and
 * whether any was signed, is for `followSuccession` to say.
 */
export function leadsTo(links: readonly SuccessionLink[], key: LogKey): boolean {
  const first = recordOf(links[0]);
  if (!first) return links.length === 0;
  let newest = String(first.facts.before);
  for (const link of links) {
    const record = recordOf(link);
    const next = record && namedBy(record, key);
    if (!next || record.facts.before !== newest) return false;
    newest = hashOfKey(next);
  }
  return newest === hashOfKey(key);
}

function recordOf(link: SuccessionLink | undefined): LedgerRecord | undefined {
  const parsed = link && parseRecord(utf8(link.record));
  return parsed?.ok ? parsed.record : undefined;
}

/** What earlier keys of a log were called, from the records that gave it the later ones: heads under those are its own. */
export function namesOfLog(key: LogKey, rotations: readonly LedgerRecord[]): Set<string> {
  const names = new Set([hashOfKey(key)]);
  // From the newest on, each names the key before it.
  for (const { kind, facts } of rotations.toReversed()) {
    const publicKey = kind === 'log.key-rotated' ? fromBase64url(String(facts.key)) : undefined;
    if (publicKey && isEd25519PublicKey(publicKey) && names.has(hashOfKey({ ...key, publicKey })))
      names.add(String(facts.before));
  }
  return names;
}

/**
 * What a holder of a root key is warned of before the question whether to sign. Only this holder's own last roster
 * and what they typed themselves count here; the cloud drafts, and a file comes from whoever carried it.
 */
import { base64url, fromBase64url } from '../crypto/bytes.ts';
import { fingerprint } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Roster } from '../domain/roster.ts';
import { noteHash, openRoster, readUnverifiedRoster, rosterSigners } from '../ledger/roster.ts';

export type Root = Roster['root'];

/** What this key signed last: the note, and the roster in it. */
export type Last = { note: string; roster: Roster };

/** What lies beside the key. It was put there after this key had signed it, so anything else is a reason to stop. */
export function lastOf(note: string, site: string, own: Uint8Array): Last {
  const opened = openRoster(note, { site, rootKeys: [base64url(own)], k: 1, version: 0 });
  if (!opened.ok)
    throw new HoldfastError(
      'conflict',
      `what stands as the last roster is not signed by this root (${opened.reason})`,
    );
  return { note, roster: opened.value };
}

/**
 * The same where nothing lies beside the key, from what the cloud calls the last roster: believed only if this key
 * signed it. Where several keys must sign, the others may have signed without this one: then it has signed none,
 * nothing is known, and every row counts as new.
 */
export function lastFromCloud(note: string | null, site: string, own: Uint8Array): Last | undefined {
  if (note === null) return undefined;
  const keys = readUnverifiedRoster(note)?.root.keys ?? [];
  const isOneOfSeveral = keys.length > 1 && keys.includes(base64url(own));
  const opened = openRoster(note, { site, rootKeys: [base64url(own)], k: 1, version: 0 });
  return !opened.ok && isOneOfSeveral ? undefined : lastOf(note, site, own);
}

export type Asked = {
  roster: Roster;
  last: Last | undefined;
  own: Uint8Array;
  /** The root that this holder named for the roster, where it is to be another. */
  named: Root | undefined;
  again: boolean;
};

/** Throws what stops a signature. */
export function judge(asked: Asked): void {
  judgeRoot(asked);
  judgeVersion(asked);
}

function judgeRoot({ roster, last, own, named }: Asked): void {
  const { root } = roster;
  if (named) {
    if (isSameRoot(named, root)) return;
    throw new HoldfastError(
      'conflict',
      `the roster names another root than the one that was given here: ${root.k} of ${root.keys.map(fingerprintOf).join(', ')}`,
    );
  }
  if (!root.keys.includes(base64url(own)))
    throw new HoldfastError(
      'conflict',
      'the draft does not name this root key; signing it would lock this root out',
    );
  if (last && !isSameRoot(last.roster.root, root))
    throw new HoldfastError(
      'conflict',
      `the draft names another root than the last roster that this key signed: ${root.k} of ${root.keys.map(fingerprintOf).join(', ')}. If you mean that, name it yourself, from files that its holders gave you: --root-key FILE for each key, and --signatures ${root.k}`,
    );
}

/** Each draft counts by one, and a holder may miss some that the others signed. */
const STEP_MAX = 1_000;
/** The same for who has signed none yet, at a site that may be old. */
const FIRST_MAX = 1_000_000;

/**
 * Two rosters of one number, both whole, would let the cloud show them to different banks. One of a number that leaves
 * no room above it would be the last one of its site for ever: banks take only what is newer.
 */
function judgeVersion({ roster, last, again }: Asked): void {
  const most = last ? last.roster.version + STEP_MAX : FIRST_MAX;
  if (roster.version > most)
    throw new HoldfastError(
      'conflict',
      `version ${roster.version} is far beyond ${last ? `the last one, ${last.roster.version}` : 'what a site comes to'}: signing it would leave no number for the next`,
    );
  if (!last || roster.version > last.roster.version || isSameText(roster, last.roster)) return;
  const { version, root } = last.roster;
  const unfinished = roster.version === version && root.k > 1;
  if (unfinished && again) return;
  const hint = unfinished
    ? `; this key has signed another one of that number (hash ${noteHash(last.note)}). Only if that one was given up and its file destroyed: --again`
    : '';
  throw new HoldfastError('conflict', `version ${roster.version} is not newer than ${version}${hint}`);
}

/** Whose signatures stand below what was carried here. One that does not fit this text spoils the whole. */
export function signersSoFar({
  note,
  roster,
  last,
}: {
  note: string;
  roster: Roster;
  last: Last | undefined;
}): string[] {
  const keys = [...(last?.roster.root.keys ?? []), ...roster.root.keys];
  const signers = rosterSigners(note, { site: roster.site, keys });
  if (signers.length === 0)
    throw new HoldfastError(
      'input-invalid',
      'no key of this site’s root has signed this roster, or a signature was changed; it is not signed too',
    );
  return signers;
}

const isSameText = (a: Roster, b: Roster) => JSON.stringify(a) === JSON.stringify(b);

export function isSameRoot(a: Root, b: Root): boolean {
  return a.k === b.k && [...a.keys].sort().join() === [...b.keys].sort().join();
}

/** As *Rosters* and `site-root.pub` show a key. */
export function fingerprintOf(key: string): string {
  return fingerprint(fromBase64url(key) ?? new Uint8Array(0));
}

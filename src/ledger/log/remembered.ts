/**
 * What somebody makes of a log who remembers one head of it, trusts one key and has no clock, no disk and no line:
 * the whole check by which a bank audits its tenant's log. The closed list of what can be wrong is `LOG_DISPUTES`.
 *
 * Nothing that was shown is believed before the signature of `key` over it was verified.
 */
import type { LogDispute } from '../../domain/conditions.ts';
import { EMPTY_ROOT, HASH_BYTES, type KeyTerm, openCheckpoint, type TreeHead } from './checkpoint.ts';
import { judgeGrowth } from './consistency.ts';
import type { LogRefusal } from './refusals.ts';
import { followSuccession, type SuccessionLink } from './succession.ts';
import type { LogKey } from './vkey.ts';

/** What is shown for a question: a note, or that there is none, and the proof from the head that was asked from. */
export type Shown = {
  note: string | null;
  proof: readonly (Uint8Array | undefined)[];
  /** How the log's later keys follow from the one that is believed. */
  succession?: readonly SuccessionLink[];
};

export type ShownLog = {
  /** Its name is the log's origin. */
  key: LogKey;
  /** Keys that were found to follow that one, oldest first. */
  followed?: readonly KeyTerm[];
  /** Undefined before the first: then the head that is shown is taken for what it is (trust on first use). */
  remembered: TreeHead | undefined;
  shown: Shown;
};

export type Verdict =
  | { is: 'grown'; head: TreeHead; followed: readonly KeyTerm[] }
  /** No log is shown, and none was before. */
  | { is: 'nothing' }
  /** `shown`: the head that was shown, where the key signed it. */
  | { is: 'disputed'; reason: LogDispute; shown: TreeHead | null };

export function judgeShown({ key, followed = [], remembered, shown }: ShownLog): Verdict {
  const { note, proof } = shown;
  if (note === null) return remembered ? disputed('gone', null) : { is: 'nothing' };
  const trust = { origin: key.name, logKeys: [key], witnesses: [] };
  // A key that does not follow by proof is nobody's, and what it alone has signed is unsigned.
  const found = followSuccession(shown.succession ?? [], { ...trust, followed });
  const successors = found.ok ? found.value : followed;
  const opened = openCheckpoint(note, { ...trust, successors });
  if (!opened.ok) return disputed(isUnsigned(opened.reason) ? 'unsigned' : 'malformed', null);
  const { size, root } = opened.value.checkpoint;
  const to = { size, root };
  const hashes = proof.filter((hash) => hash?.length === HASH_BYTES) as Uint8Array[];
  const from = remembered ?? { size: 0, root: EMPTY_ROOT };
  const grown = judgeGrowth({ from, to, proof: hashes });
  if (!grown.ok) return disputed(disputeOf(grown.reason), to);
  if (hashes.length !== proof.length) return disputed('unproved', to);
  // One that this checkpoint does not reach yet is followed when one does.
  return { is: 'grown', head: to, followed: successors.filter(({ fromSize }) => fromSize <= size) };
}

function disputed(reason: LogDispute, shown: TreeHead | null): Verdict {
  return { is: 'disputed', reason, shown };
}

/** A note of another log, or by another key, is one that the log in question did not sign. */
function isUnsigned(reason: LogRefusal): boolean {
  return (
    reason === 'signature-wrong' || reason === 'signature-missing' || reason === 'checkpoint-origin-other'
  );
}

function disputeOf(reason: LogRefusal): LogDispute {
  if (reason === 'log-rolled-back') return 'rolled-back';
  return reason === 'log-forked' ? 'forked' : 'unproved';
}

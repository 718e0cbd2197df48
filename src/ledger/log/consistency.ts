/**
 * That a log only grew: consistency proofs (RFC 6962 section 2.1.2, checked as in RFC 9162 section 2.1.4.2),
 * and what it means for somebody who remembers a head when one does not hold.
 */
import { equalBytes } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { nodeHash } from '../tree.ts';
import { EMPTY_ROOT, HASH_BYTES, type TreeHead } from './checkpoint.ts';
import { isCount } from './numbers.ts';
import { type LogResult, refused } from './refusals.ts';

export type ConsistencyClaim = { from: TreeHead; to: TreeHead; proof: readonly Uint8Array[] };

/**
 * True when the tree `to` begins with the tree `from`. Every tree continues the empty one, without a proof
 * (C2SP tlog-witness, section "add-checkpoint").
 */
export function isConsistent({ from, to, proof }: ConsistencyClaim): boolean {
  if (!isCount(from.size) || !isCount(to.size) || from.size > to.size) return false;
  if (from.size === 0) {
    const isSound = to.size > 0 ? to.root.length === HASH_BYTES : equalBytes(to.root, EMPTY_ROOT);
    return proof.length === 0 && equalBytes(from.root, EMPTY_ROOT) && isSound;
  }
  if (from.size === to.size) return proof.length === 0 && equalBytes(from.root, to.root);
  return leadsToBoth({ from, to, proof });
}

function leadsToBoth({ from, to, proof }: ConsistencyClaim): boolean {
  let [position, last] = [from.size - 1, to.size - 1];
  while (position % 2 === 1) [position, last] = [(position - 1) / 2, Math.floor(last / 2)];
  // The root of an old tree that is one whole subtree is not repeated in the proof.
  const path = position === 0 ? [from.root, ...proof] : proof;
  const [first, ...rest] = path;
  if (!first || proof.length === 0) return false;
  let [oldHash, newHash] = [first, first];
  for (const hash of rest) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      oldHash = nodeHash(hash, oldHash);
      newHash = nodeHash(hash, newHash);
      while (position % 2 === 0 && position !== 0) [position, last] = [position / 2, Math.floor(last / 2)];
    } else {
      newHash = nodeHash(newHash, hash);
    }
    [position, last] = [Math.floor(position / 2), Math.floor(last / 2)];
  }
  return last === 0 && equalBytes(oldHash, from.root) && equalBytes(newHash, to.root);
}

/**
 * What somebody who remembers `from` says to a signed head `to`. Fewer leaves than were signed before, or
 * another root over as many, is a log that lied; the two signed notes prove it to anybody.
 */
export function judgeGrowth(claim: ConsistencyClaim): LogResult<TreeHead> {
  const { from, to } = claim;
  const sizes = `from ${from.size} to ${to.size}`;
  if (to.size < from.size) return refused('log-rolled-back', sizes);
  if (to.size === from.size && !equalBytes(to.root, from.root)) return refused('log-forked', sizes);
  return isConsistent(claim) ? allowed(to) : refused('consistency-wrong', sizes);
}

/**
 * Merkle tree hashes and inclusion proofs of RFC 6962 section 2.1. Leaves are given as leaf hashes. The
 * consistency proofs of section 2.1.2 come with the transparency log.
 */
import { concat } from '../crypto/bytes.ts';
import { equalBytes, sha256 } from '../crypto/hash.ts';

const HASH_BYTES = 32;
/** Filled anew for each node, so that a tree of a million does not make a million of them. */
const node = Uint8Array.of(1, ...new Uint8Array(2 * HASH_BYTES));

/** The hash of an interior node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // A stranger's proof may hold what is no hash; it is hashed as it stands, and leads nowhere.
  if (left.length !== HASH_BYTES || right.length !== HASH_BYTES)
    return sha256(concat(Uint8Array.of(1), left, right));
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/** The tree hash over `leaves`; of no leaves, SHA-256 of nothing. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return sha256(new Uint8Array(0));
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  const split = largestPowerOfTwoBelow(leaves.length);
  return nodeHash(treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

/** The audit path for leaf `index`, nearest sibling first (section 2.1.1). */
export function inclusionPath(leaves: readonly Uint8Array[], index: number): Uint8Array[] {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < leaves.length))
    throw new Error(`there is no leaf ${index} among ${leaves.length}`);
  if (leaves.length === 1) return [];
  const split = largestPowerOfTwoBelow(leaves.length);
  return index < split
    ? [...inclusionPath(leaves.slice(0, split), index), treeHash(leaves.slice(split))]
    : [...inclusionPath(leaves.slice(split), index - split), treeHash(leaves.slice(0, split))];
}

/** True when `path` leads from the leaf at `index` to `root` in a tree of `size` leaves (RFC 9162 section 2.1.3.2). */
export function includes(claim: {
  leaf: Uint8Array;
  index: number;
  size: number;
  path: readonly Uint8Array[];
  root: Uint8Array;
}): boolean {
  const { leaf, index, size, path, root } = claim;
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size))
    return false;
  let position = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) {
        position = Math.floor(position / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(hash, root);
}

/** The largest power of two smaller than `count` (the `k` of section 2.1). */
function largestPowerOfTwoBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

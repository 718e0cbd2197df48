/** Inclusion proofs (RFC 9162 section 2.1.3.2) over hashes of the length that a log has, and no others. */
import { includes } from '../tree.ts';
import { HASH_BYTES, type TreeHead } from './checkpoint.ts';

export type InclusionClaim = { leaf: Uint8Array; index: number; head: TreeHead; path: readonly Uint8Array[] };

/** True when `path` leads from `leaf` at `index` to the root. Without the lengths, nothing would be in nothing. */
export function isIncluded({ leaf, index, head, path }: InclusionClaim): boolean {
  const { size, root } = head;
  const areHashes = [leaf, root, ...path].every((hash) => hash.length === HASH_BYTES);
  return areHashes && includes({ leaf, index, size, path, root });
}

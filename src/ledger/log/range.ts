/**
 * Compact ranges: of a log's tree only the roots of its largest whole subtrees, left to right, one for each
 * bit of the size. That is all that appending needs: k leaves more cost fewer than k hashes plus one for each
 * whole subtree, and the root one for each bit. The nodes are those of RFC 6962 section 2.1.
 */
import { nodeHash } from '../tree.ts';
import { EMPTY_ROOT, HASH_BYTES } from './checkpoint.ts';
import { isCount } from './numbers.ts';

/** A node whose subtree is whole: it covers leaves `index · 2^height` to `(index + 1) · 2^height`. */
export type Node = { height: number; index: number };

export type CompactRange = { size: number; hashes: readonly Uint8Array[] };
export const EMPTY_RANGE: CompactRange = { size: 0, hashes: [] };

/** `seen` is told every node that has become whole, leaves included, each once and never again. */
export function appendLeaves(
  range: CompactRange,
  leaves: readonly Uint8Array[],
  seen: (node: Node, hash: Uint8Array) => void = () => undefined,
): CompactRange {
  assertRange(range);
  const hashes = [...range.hashes];
  let { size } = range;
  for (const leaf of leaves) {
    let node = { height: 0, index: size };
    let hash = leaf;
    seen(node, hash);
    while (node.index % 2 === 1) {
      hash = nodeHash(hashes.pop() ?? hash, hash);
      node = { height: node.height + 1, index: (node.index - 1) / 2 };
      seen(node, hash);
    }
    hashes.push(hash);
    size += 1;
  }
  if (!isCount(size)) throw new Error('a log has fewer than 2^53 leaves');
  return { size, hashes };
}

/** The root of the tree that the range stands for. */
export function rangeRoot(range: CompactRange): Uint8Array {
  assertRange(range);
  return range.size === 0 ? EMPTY_ROOT : foldRight(range.hashes);
}

/** The hash over whole subtrees of falling size: the smallest two are joined first. */
export function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  const [last, ...before] = hashes.toReversed();
  if (!last) throw new Error('there is no hash over nothing');
  return before.reduce((right, left) => nodeHash(left, right), last);
}

/** What an earlier run left behind has to fit its own size; anything else would grow into a wrong tree. */
function assertRange({ size, hashes }: CompactRange): void {
  let bits = 0;
  for (let left = size; left > 0; left = Math.floor(left / 2)) bits += left % 2;
  if (!isCount(size) || hashes.length !== bits || hashes.some((hash) => hash.length !== HASH_BYTES))
    throw new Error(`${hashes.length} hashes are no range of ${size} leaves`);
}

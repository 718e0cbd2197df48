/**
 * Proofs from tiles. A proof reads at most two tiles of each level; before it is handed out
 * it is verified against the root that was signed, so that a damaged tile is found here and not by a stranger.
 */
import { allowed } from '../../domain/outcome.ts';
import { EMPTY_ROOT, type TreeHead } from './checkpoint.ts';
import { isConsistent } from './consistency.ts';
import { isIncluded } from './inclusion.ts';
import { isCount } from './numbers.ts';
import { type LogResult, refused } from './refusals.ts';
import { consistencySpans, inclusionSpans } from './spans.ts';
import { hashSpans, type TileReader } from './tiles.ts';

export type InclusionProof = { index: number; leaf: Uint8Array; path: Uint8Array[] };

export async function proveInclusion(
  tiles: TileReader,
  { index, head }: { index: number; head: TreeHead },
): Promise<LogResult<InclusionProof>> {
  const { size } = head;
  if (!isCount(index) || index >= size) return refused('index-outside-tree', `${index} of ${size}`);
  const spans = [{ begin: index, end: index + 1 }, ...inclusionSpans(index, size)];
  const hashes = await hashSpans(tiles, { spans, size });
  if (!hashes.ok) return hashes;
  const [leaf, ...path] = hashes.value;
  if (!leaf || !isIncluded({ leaf, index, head, path }))
    return refused('tiles-disagree', `leaf ${index} of ${size}`);
  return allowed({ index, leaf, path });
}

export type ConsistencyProof = {
  /** The root that the tiles give for the old size: whoever remembers another one has been lied to. */
  from: TreeHead;
  proof: Uint8Array[];
};

export async function proveConsistency(
  tiles: TileReader,
  { from, head }: { from: number; head: TreeHead },
): Promise<LogResult<ConsistencyProof>> {
  if (!isCount(from) || from > head.size) return refused('size-outside-tree', `${from} of ${head.size}`);
  if (from === 0) return allowed({ from: { size: 0, root: EMPTY_ROOT }, proof: [] });
  const spans = [{ begin: 0, end: from }, ...consistencySpans(from, head.size)];
  const hashes = await hashSpans(tiles, { spans, size: head.size });
  if (!hashes.ok) return hashes;
  const [root, ...proof] = hashes.value;
  const old = { size: from, root: root ?? EMPTY_ROOT };
  return isConsistent({ from: old, to: head, proof })
    ? allowed({ from: old, proof })
    : refused('tiles-disagree', `from ${from} to ${head.size}`);
}

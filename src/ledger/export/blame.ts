/**
 * Which line of a bundle is wrong, once it is known that something in it is. A root says only that one of many is another;
 * where each record has a proof of its own, that says which: of the record itself, and of the hashes in tree.txt, for each of
 * them is a neighbour on the path of a record that is shown beside it.
 */
import { base64 } from '../../crypto/bytes.ts';
import type { TreeHead } from '../log/checkpoint.ts';
import { isIncluded } from '../log/inclusion.ts';
import { powerOfTwoBelow } from '../log/numbers.ts';
import { gapsAround, partsWithin } from './cover.ts';

/** A record that is shown, with the path of its own proof; undefined where that is no proof. */
export type Shown = { index: number; leaf: Uint8Array; path: readonly Uint8Array[] | undefined };

/** Undefined where nothing tells: there is no proof of each record. */
export function firstWrong(
  shown: readonly Shown[],
  { head, tree }: { head: TreeHead; tree: readonly string[] },
): string | undefined {
  if (shown.length === 0) return undefined;
  const wrong = shown.find(
    ({ index, leaf, path }) => path === undefined || !isIncluded({ leaf, index, head, path }),
  );
  if (wrong) return `entry ${wrong.index} is the first whose own proof does not lead there`;
  const known = new Map(shown.flatMap((one) => neighboursOf(one, head.size)));
  const indices = shown.map(({ index }) => index);
  const parts = gapsAround(indices, head.size).flatMap((gap) => partsWithin(gap, head.size));
  const at = parts.findIndex(({ begin, end }, line) => tree[line] !== known.get(`${begin} ${end}`));
  return `line ${(at < 0 ? parts.length : at) + 1} of tree.txt is not what the proofs beside it say`;
}

/** The parts of the tree along a path, each with its hash. */
function neighboursOf({ index, path = [] }: Shown, size: number): [string, string][] {
  const parts: string[] = [];
  for (let [begin, end] = [0, size]; end - begin > 1; ) {
    const split = begin + powerOfTwoBelow(end - begin);
    if (index < split) {
      parts.push(`${split} ${end}`);
      end = split;
    } else {
      parts.push(`${begin} ${split}`);
      begin = split;
    }
  }
  // The path begins at the leaf.
  return parts.toReversed().map((part, at) => [part, base64(path[at] ?? new Uint8Array(0))]);
}

/** Of two notes that should be one the first line in which they are not; undefined when they are the same. */
export function firstOtherLine(note: string, other: string): number | undefined {
  const [lines, others] = [note.split('\n'), other.split('\n')];
  const at = lines.findIndex((line, index) => line !== others[index]);
  if (at >= 0) return at + 1;
  return lines.length === others.length ? undefined : lines.length + 1;
}

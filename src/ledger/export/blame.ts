/**
 * Which line of a bundle is wrong, once it is known that its records do not lead to the signed root. A root says only that
 * something below it is another; the proof of each record says which. A hash in tree.txt stands on the path of a record
 * that is shown beside it, so that one which stands on no path is the wrong one.
 */
import { base64 } from '../../crypto/bytes.ts';
import type { TreeHead } from '../log/checkpoint.ts';
import { isIncluded } from '../log/inclusion.ts';

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
  const paths = new Set(shown.flatMap(({ path = [] }) => path.map(base64)));
  const line = tree.findIndex((hash) => !paths.has(hash));
  // Each of them is some record's neighbour: then they are too few, or in another order.
  return line < 0
    ? `tree.txt has ${tree.length} lines, and not in the order of the tree`
    : `line ${line + 1} of tree.txt is no neighbour of a record that is here`;
}

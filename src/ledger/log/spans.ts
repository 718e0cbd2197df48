/**
 * Which parts of a tree a proof is made of. RFC 6962 defines proofs by hashes over spans of leaves; each span
 * is joined from whole subtrees, and those stand in tiles.
 */
import { powerOfTwoBelow } from './numbers.ts';
import type { Node } from './range.ts';

/** Leaves `begin` up to, and without, `end`. */
export type Span = { begin: number; end: number };

/** The audit path of leaf `index` in a tree of `size`, nearest sibling first (RFC 6962 section 2.1.1). */
export function inclusionSpans(index: number, size: number): Span[] {
  const spans: Span[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const split = begin + powerOfTwoBelow(end - begin);
    if (index < split) {
      spans.push({ begin: split, end });
      end = split;
    } else {
      spans.push({ begin, end: split });
      begin = split;
    }
  }
  return spans.reverse();
}

/** The proof that the tree of `to` leaves continues the one of `from`, 0 < from <= to (RFC 6962 section 2.1.2). */
export function consistencySpans(from: number, to: number): Span[] {
  const spans: Span[] = [];
  let [begin, end] = [0, to];
  while (from < end) {
    const split = begin + powerOfTwoBelow(end - begin);
    if (from <= split) {
      spans.push({ begin: split, end });
      end = split;
    } else {
      spans.push({ begin, end: split });
      begin = split;
    }
  }
  // The old tree itself is known to who asks; a part of it is not.
  if (begin > 0) spans.push({ begin, end });
  return spans.reverse();
}

/** The whole subtrees of a span, largest first. A span of a tree begins where a subtree of its size does. */
export function nodesOf({ begin, end }: Span): Node[] {
  const nodes: Node[] = [];
  for (let at = begin; at < end; ) {
    const left = end - at;
    const covers = left === 1 ? 1 : powerOfTwoAtMost(left);
    nodes.push({ height: Math.round(Math.log2(covers)), index: at / covers });
    at += covers;
  }
  return nodes;
}

function powerOfTwoAtMost(count: number): number {
  const below = powerOfTwoBelow(count);
  return below * 2 === count ? count : below;
}

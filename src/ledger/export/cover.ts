/**
 * Many leaves of one tree shown at once. Beside the leaves that are shown, only the roots of the largest parts that
 * hold none of them are needed, in the order of the tree; whoever has both computes the root of the tree (the nodes
 * are those of RFC 6962 section 2.1). A whole tree needs none, one leaf as many as its audit path has.
 */

import { powerOfTwoBelow } from '../log/numbers.ts';
import type { Span } from '../log/spans.ts';
import { nodeHash } from '../tree.ts';
import type { Steps } from './steps.ts';

/** The largest parts of a tree of `size` leaves that lie within a gap between two leaves that are shown, in order. */
export function partsWithin(gap: Span, size: number): Span[] {
  const parts: Span[] = [];
  const visit = (begin: number, end: number): void => {
    if (gap.end <= begin || end <= gap.begin) return;
    if (gap.begin <= begin && end <= gap.end) {
      parts.push({ begin, end });
      return;
    }
    const split = begin + powerOfTwoBelow(end - begin);
    visit(begin, split);
    visit(split, end);
  };
  if (gap.begin < gap.end) visit(0, size);
  return parts;
}

/** The gaps before, between and behind some leaves in rising order. */
export function gapsAround(indices: readonly number[], size: number): Span[] {
  const begins = [0, ...indices.map((index) => index + 1)];
  return begins.map((begin, at) => ({ begin, end: indices[at] ?? size }));
}

type Shown = {
  /** The index of the next leaf that is shown; undefined behind the last. */
  next(): number | undefined;
  /** Takes that leaf, and answers its hash. */
  leaf(): Uint8Array;
  /** The next root of a part that holds no leaf that is shown. */
  hash(): Uint8Array;
};

/** The root of the tree. It holds as many hashes at once as the tree has levels, however many leaves are shown. */
export function rootOfShown(shown: Shown, size: number): Uint8Array {
  return rootOfPart(shown, 0, size);
}

function rootOfPart(shown: Shown, begin: number, end: number): Uint8Array {
  const next = shown.next();
  if (next === undefined || next >= end) return shown.hash();
  if (end - begin === 1) return shown.leaf();
  const split = begin + powerOfTwoBelow(end - begin);
  const left = rootOfPart(shown, begin, split);
  return nodeHash(left, rootOfPart(shown, split, end));
}

/** Each leaf may be the first of a batch, whose signature is then checked. */
const LEAVES_A_STEP = 64;

export function rootInSteps(shown: Shown, size: number): Steps<Uint8Array> {
  return partInSteps(shown, 0, size);
}

function* partInSteps(shown: Shown, begin: number, end: number): Steps<Uint8Array> {
  const next = shown.next();
  if (next === undefined || next >= end || end - begin <= LEAVES_A_STEP) {
    yield;
    return rootOfPart(shown, begin, end);
  }
  const split = begin + powerOfTwoBelow(end - begin);
  const left = yield* partInSteps(shown, begin, split);
  return nodeHash(left, yield* partInSteps(shown, split, end));
}

/**
 * The state of a log as one column: the hashes of its compact range, then those of each level's last tile. How
 * many there are of each follows from the size, so no count is kept that could say something else.
 */
import { concat } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { HASH_BYTES } from '../../ledger/log/checkpoint.ts';
import type { LogState } from '../../ledger/log/growth.ts';
import { hashesAt, TILE_WIDTH } from '../../ledger/log/layout.ts';

export function encodeState({ range, edge }: LogState): Uint8Array {
  return concat(...range.hashes, ...edge.flat());
}

/** Throws when the bytes are no state of this size: whatever grew from it would be another tree. */
export function decodeState(size: number, bytes: Uint8Array): LogState {
  let at = 0;
  const take = (count: number) => {
    const from = at;
    at += count * HASH_BYTES;
    return Array.from(
      { length: count },
      (_, index) =>
        new Uint8Array(bytes.subarray(from + index * HASH_BYTES, from + (index + 1) * HASH_BYTES)),
    );
  };
  const hashes = take(subtreesOf(size));
  const edge: Uint8Array[][] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) edge.push(take(hashesAt(level, size) % TILE_WIDTH));
  if (at !== bytes.length) throw new Error(`${bytes.length} bytes are no state of a log of ${size} entries`);
  return { range: { size, hashes }, edge };
}

/** The first leaf below a hash that is another one in `bytes` than in `state`, which hold as many. */
export function firstOtherLeaf({ range, edge }: LogState, bytes: Uint8Array): number {
  const below: number[] = [];
  // The subtrees of a compact range, from the largest: one for each bit of the size.
  let begun = 0;
  for (let width = 2 ** 52; width >= 1; width /= 2)
    if (Math.floor(range.size / width) % 2 === 1) {
      below.push(begun);
      begun += width;
    }
  for (const [level, hashes] of edge.entries()) {
    const each = TILE_WIDTH ** level;
    const first = Math.floor(range.size / each) - hashes.length;
    for (const at of hashes.keys()) below.push((first + at) * each);
  }
  const whole = encodeState({ range, edge });
  const other = below.filter((_, at) => !isSame(whole, bytes, at * HASH_BYTES));
  return Math.min(range.size, ...other);
}

function isSame(a: Uint8Array, b: Uint8Array, from: number): boolean {
  return equalBytes(a.subarray(from, from + HASH_BYTES), b.subarray(from, from + HASH_BYTES));
}

/** One for each bit of the size. */
function subtreesOf(size: number): number {
  let bits = 0;
  for (let left = size; left > 0; left = Math.floor(left / 2)) bits += left % 2;
  return bits;
}

/**
 * How a log grows: from what is known of the tree, and new leaves, to the next state and the tiles to write.
 * The state is the compact range and, for each level, the hashes of the tile that is not full yet; so the
 * whole tree is never read, and each new node is hashed once for root and tiles together.
 */
import { concat } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { allowed } from '../../domain/outcome.ts';
import { BUNDLE_BYTES_MAX, type Entry, encodeEntries } from './bundle.ts';
import type { TreeHead } from './checkpoint.ts';
import { hashesAt, TILE_WIDTH, tilePath } from './layout.ts';
import { appendLeaves, type CompactRange, EMPTY_RANGE, rangeRoot } from './range.ts';
import { type LogResult, refused } from './refusals.ts';
import { nodesOf } from './spans.ts';
import { encodeTile, hashSpans, readTile, type TileReader } from './tiles.ts';

const TILE_HEIGHT = 8;

export type LogState = {
  range: CompactRange;
  /** For each level the hashes of its last tile, as long as that is not full. */
  edge: readonly (readonly Uint8Array[])[];
};
export const EMPTY_LOG: LogState = { range: EMPTY_RANGE, edge: [] };

/** What is written under a path: immutable, so writing it again changes nothing. */
export type LogObject = { path: string; bytes: Uint8Array };

export function headOf({ range }: LogState): TreeHead {
  return { size: range.size, root: rangeRoot(range) };
}

/** The state with `leaves` (leaf hashes) at its end, and every tile that is new or wider by them. */
export function growTree(
  before: LogState,
  leaves: readonly Uint8Array[],
): { state: LogState; objects: LogObject[] } {
  const { state, objects } = growWhole(before, leaves);
  return { state, objects: [...objects, ...edgeTiles(before.range.size, state)] };
}

/** The same with the tiles alone that are full now: for whoever goes on before anybody reads the others. */
export function growWhole(
  { range, edge }: LogState,
  leaves: readonly Uint8Array[],
): { state: LogState; objects: LogObject[] } {
  assertEdge(range.size, edge);
  const levels = edge.map((hashes) => [...hashes]);
  const objects: LogObject[] = [];
  const grown = appendLeaves(range, leaves, ({ height, index }, hash) => {
    if (height % TILE_HEIGHT !== 0) return;
    const level = height / TILE_HEIGHT;
    const tile = levels[level] ?? [];
    levels[level] = tile;
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    objects.push(tileObject(level, Math.floor(index / TILE_WIDTH), tile));
    levels[level] = [];
  });
  return { state: { range: grown, edge: levels }, objects };
}

/** The tiles that are not full, of those levels that have other hashes than in a log of `before` leaves. */
export function edgeTiles(before: number, { range: { size }, edge }: LogState): LogObject[] {
  return edge.flatMap((hashes, level) => {
    const count = hashesAt(level, size);
    if (hashes.length === 0 || count === hashesAt(level, before)) return [];
    return [tileObject(level, Math.floor(count / TILE_WIDTH), hashes)];
  });
}

function tileObject(level: number, index: number, hashes: readonly Uint8Array[]): LogObject {
  const path = tilePath({ of: 'hashes', level, index, width: hashes.length });
  return { path, bytes: encodeTile(hashes) };
}

/** A state that was kept wrongly would write wrong tiles under names that never change. */
function assertEdge(size: number, edge: LogState['edge']): void {
  for (let level = 0; level < edge.length || hashesAt(level, size) > 0; level++) {
    const width = hashesAt(level, size) % TILE_WIDTH;
    if ((edge[level]?.length ?? 0) !== width)
      throw new Error(`level ${level} of a log of ${size} leaves has another edge than ${width} hashes`);
  }
}

export type GrowBundles = {
  /** How many entries the log has before these. */
  size: number;
  /** The bytes of the last bundle, where that is not full; none otherwise. */
  last: Uint8Array;
  entries: readonly Entry[];
};

/** The entry bundles that are new or longer by `entries`. */
export function growBundles({ size, last, entries }: GrowBundles): LogObject[] {
  if ((size % TILE_WIDTH === 0) !== (last.length === 0) || last.length > BUNDLE_BYTES_MAX)
    throw new Error(`a log of ${size} entries has no last bundle of ${last.length} bytes`);
  const objects: LogObject[] = [];
  let index = Math.floor(size / TILE_WIDTH);
  let before = last;
  for (let at = 0; at < entries.length; index++) {
    const room = index * TILE_WIDTH + TILE_WIDTH - size - at;
    const part = entries.slice(at, at + room);
    const width = TILE_WIDTH - room + part.length;
    const bytes = encodeEntries(part, before);
    objects.push({ path: tilePath({ of: 'entries', index, width }), bytes });
    before = new Uint8Array(0);
    at += part.length;
  }
  return objects;
}

/** The bundle of a log of `size` entries that is not full, or the last when all are, of parts that are framed already. */
export function bundleObject(size: number, parts: readonly Uint8Array[]): LogObject {
  const index = Math.ceil(size / TILE_WIDTH) - 1;
  return {
    path: tilePath({ of: 'entries', index, width: size - index * TILE_WIDTH }),
    bytes: concat(...parts),
  };
}

/**
 * What is not full of a log that is shown anew after `before` leaves. `last`: the parts of its last bundle, none where
 * that is full. What lay between is nothing that anybody was shown.
 */
export function edgeObjects(before: number, state: LogState, last: readonly Uint8Array[]): LogObject[] {
  const { size } = state.range;
  if (size === before) return [];
  return [...(last.length === 0 ? [] : [bundleObject(size, last)]), ...edgeTiles(before, state)];
}

/**
 * The state from tiles, as after a restore: one tile a level is read. Every hash of it is part of the root,
 * so tiles that are not of this head are found.
 */
export async function readState(tiles: TileReader, head: TreeHead): Promise<LogResult<LogState>> {
  const { size, root } = head;
  const edge: Uint8Array[][] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const hashes = hashesAt(level, size);
    const [index, width] = [Math.floor(hashes / TILE_WIDTH), hashes % TILE_WIDTH];
    if (width === 0) {
      edge.push([]);
      continue;
    }
    const tile = await readTile(tiles, { of: 'hashes', level, index, width });
    if (!tile.ok) return tile;
    edge.push(tile.value);
  }
  const spans = nodesOf({ begin: 0, end: size }).map(({ height, index }) => ({
    begin: index * 2 ** height,
    end: (index + 1) * 2 ** height,
  }));
  const hashes = await hashSpans(tiles, { spans, size });
  if (!hashes.ok) return hashes;
  const range = { size, hashes: hashes.value };
  return equalBytes(rangeRoot(range), root)
    ? allowed({ range, edge })
    : refused('tiles-disagree', `the edge of ${size}`);
}

/**
 * Reading tiles. What a tile holds is not believed by itself: whoever reads here compares what comes of it
 * with a root that somebody signed.
 */
import { concat } from '../../crypto/bytes.ts';
import { allowed } from '../../domain/outcome.ts';
import { treeHash } from '../tree.ts';
import { HASH_BYTES } from './checkpoint.ts';
import { type HashTile, TILE_WIDTH, tilePath, widthAt } from './layout.ts';
import { foldRight, type Node } from './range.ts';
import { type LogResult, refused } from './refusals.ts';
import { nodesOf, type Span } from './spans.ts';

/** Where tiles come from; undefined where there is none. The path is that of the layout, without a prefix. */
export type TileReader = { read(path: string): Promise<Uint8Array | undefined> };

/** Levels of the tree in one tile. */
const TILE_HEIGHT = 8;

export function encodeTile(hashes: readonly Uint8Array[]): Uint8Array {
  return concat(...hashes);
}

/**
 * The hashes of a tile. Where a partial tile is gone, the whole one, which may have replaced it, is asked for
 * (C2SP tlog-tiles, section "Partial Tiles").
 */
export async function readTile(tiles: TileReader, tile: HashTile): Promise<LogResult<Uint8Array[]>> {
  const path = tilePath(tile);
  let bytes = await tiles.read(path);
  let width = tile.width;
  if (!bytes && width < TILE_WIDTH) {
    bytes = await tiles.read(tilePath({ ...tile, width: TILE_WIDTH }));
    width = TILE_WIDTH;
  }
  if (!bytes) return refused('tile-missing', path);
  if (bytes.length !== width * HASH_BYTES) return refused('tile-length-wrong', path);
  const whole = bytes;
  return allowed(
    Array.from({ length: tile.width }, (_, at) => whole.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  );
}

/** The tile in which a whole subtree stands, and the hashes there that are its leaves. */
export function placeOf(
  { height, index }: Node,
  size: number,
): { tile: HashTile; first: number; count: number } {
  const level = Math.floor(height / TILE_HEIGHT);
  const count = 2 ** (height % TILE_HEIGHT);
  const tileIndex = Math.floor((index * count) / TILE_WIDTH);
  const width = widthAt({ level, index: tileIndex, size });
  const tile: HashTile = { of: 'hashes', level, index: tileIndex, width };
  return { tile, first: (index * count) % TILE_WIDTH, count };
}

/** The hashes over `spans` of a tree of `size`. Each tile is read once, and none that is not needed. */
export async function hashSpans(
  tiles: TileReader,
  { spans, size }: { spans: readonly Span[]; size: number },
): Promise<LogResult<Uint8Array[]>> {
  const places = spans.map((span) => nodesOf(span).map((node) => placeOf(node, size)));
  const wanted = new Map(places.flat().map(({ tile }) => [tilePath(tile), tile]));
  const read = new Map<string, Uint8Array[]>();
  const answers = await Promise.all(
    [...wanted].map(async ([path, tile]) => [path, await readTile(tiles, tile)] as const),
  );
  for (const [path, answer] of answers) {
    if (!answer.ok) return answer;
    read.set(path, answer.value);
  }
  return allowed(
    places.map((nodes) =>
      foldRight(
        nodes.map(({ tile, first, count }) =>
          treeHash((read.get(tilePath(tile)) ?? []).slice(first, first + count)),
        ),
      ),
    ),
  );
}

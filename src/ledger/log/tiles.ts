/**
 * Reading tiles. What a tile holds is not believed by itself: whoever reads here compares what comes of it
 * with a root that somebody signed.
 */
import { concat } from '../../crypto/bytes.ts';
import { allowed } from '../../domain/outcome.ts';
import { treeHash } from '../tree.ts';
import { decodeBundle } from './bundle.ts';
import { HASH_BYTES } from './checkpoint.ts';
import { type EntryBundle, type HashTile, TILE_WIDTH, type Tile, tilePath, widthAt } from './layout.ts';
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

/** The hashes of a tile. */
export async function readTile(tiles: TileReader, tile: HashTile): Promise<LogResult<Uint8Array[]>> {
  const found = await readObject(tiles, tile);
  if (!found.ok) return found;
  const { bytes, width } = found.value;
  if (bytes.length !== width * HASH_BYTES) return refused('tile-length-wrong', tilePath(tile));
  return allowed(
    Array.from({ length: tile.width }, (_, at) => bytes.slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)),
  );
}

/** The entries of a bundle. They are the log's only when their leaf hashes are those of the tile at level 0. */
export async function readBundle(tiles: TileReader, bundle: EntryBundle): Promise<LogResult<Uint8Array[]>> {
  const found = await readObject(tiles, bundle);
  if (!found.ok) return found;
  const entries = decodeBundle(found.value.bytes, found.value.width);
  return entries.ok ? allowed(entries.value.slice(0, bundle.width)) : entries;
}

/**
 * What stands at a place. Where a partial object is gone, the whole one, which may have replaced it, is asked
 * for (C2SP tlog-tiles, section "Partial Tiles").
 */
async function readObject(
  tiles: TileReader,
  tile: Tile,
): Promise<LogResult<{ bytes: Uint8Array; width: number }>> {
  const bytes = await tiles.read(tilePath(tile));
  if (bytes) return allowed({ bytes, width: tile.width });
  const whole =
    tile.width < TILE_WIDTH ? await tiles.read(tilePath({ ...tile, width: TILE_WIDTH })) : undefined;
  return whole ? allowed({ bytes: whole, width: TILE_WIDTH }) : refused('tile-missing', tilePath(tile));
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

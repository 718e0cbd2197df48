/**
 * Where the parts of a log stand (C2SP tlog-tiles, section "Merkle Tree"): tiles of 256 hashes,
 * `tile/<level>/<index>[.p/<width>]`, and bundles of 256 entries, `tile/entries/<index>[.p/<width>]`. An
 * index is written in groups of three digits, all but the last with an `x` before: 1234067 is `x001/x234/067`.
 */
import { allowed } from '../../domain/outcome.ts';
import { isCount, readDecimal } from './numbers.ts';
import { type LogResult, refused } from './refusals.ts';

export const TILE_WIDTH = 256;
export const LEVEL_MAX = 63;
export const CHECKPOINT_PATH = 'checkpoint';

/** A width of 256 is a whole tile; one below is written into the path. */
export type HashTile = { of: 'hashes'; level: number; index: number; width: number };
export type EntryBundle = { of: 'entries'; index: number; width: number };
export type Tile = HashTile | EntryBundle;

/** Throws on coordinates that no tile has (a bug). */
export function tilePath(tile: Tile): string {
  const { index, width } = tile;
  const level = tile.of === 'entries' ? 0 : tile.level;
  if (!isCount(index) || !isCount(level) || level > LEVEL_MAX || width < 1 || width > TILE_WIDTH)
    throw new Error(`there is no tile ${level}/${index} of width ${width}`);
  const folder = tile.of === 'entries' ? 'entries' : level;
  return `tile/${folder}/${indexPath(index)}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

function indexPath(index: number): string {
  const groups: string[] = [];
  for (let left = index; groups.length === 0 || left > 0; left = Math.floor(left / 1000))
    groups.unshift(String(left % 1000).padStart(3, '0'));
  return groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
}

/** At most six groups: 2^53 has sixteen digits. */
const PATH = /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/;

/** The tile that a path of a request names; a path in any other form than ours is refused. */
export function parseTilePath(path: string): LogResult<Tile> {
  const [, folder, groups, partial] = PATH.exec(path) ?? [];
  if (folder === undefined || groups === undefined) return refused('path-malformed', path);
  const index = readDecimal(groups.replaceAll(/[x/]/g, '').replace(/^0+(?=[0-9])/, ''));
  if (!index.ok) return refused(index.reason, path);
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  const level = folder === 'entries' ? 0 : Number(folder);
  if (level > LEVEL_MAX || (partial !== undefined && width >= TILE_WIDTH))
    return refused('path-malformed', path);
  const tile: Tile =
    folder === 'entries'
      ? { of: 'entries', index: index.value, width }
      : { of: 'hashes', level, index: index.value, width };
  return tilePath(tile) === path ? allowed(tile) : refused('path-malformed', path);
}

/** How many hashes tile `index` of `level` has in a tree of `size` leaves; 0 when there is no such tile. */
export function widthAt({ level, index, size }: { level: number; index: number; size: number }): number {
  const hashes = hashesAt(level, size);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** How many hashes a level has: one for each whole tile below, or each leaf. */
export function hashesAt(level: number, size: number): number {
  return Math.floor(size / TILE_WIDTH ** level);
}

export type Growth = { from: number; to: number };

/** The tiles and bundles that are new, or wider, in a tree that grew; each as wide as it is at the end. */
export function grownTiles({ from, to }: Growth): Tile[] {
  if (!isCount(from) || !isCount(to) || from > to)
    throw new Error(`a log does not grow from ${from} to ${to}`);
  const tiles: Tile[] = [];
  for (const { index, width } of grownAt(0, { from, to })) tiles.push({ of: 'entries', index, width });
  for (let level = 0; hashesAt(level, to) > 0; level++)
    for (const { index, width } of grownAt(level, { from, to }))
      tiles.push({ of: 'hashes', level, index, width });
  return tiles;
}

function grownAt(level: number, { from, to }: Growth): { index: number; width: number }[] {
  const [before, after] = [hashesAt(level, from), hashesAt(level, to)];
  const grown: { index: number; width: number }[] = [];
  if (before === after) return grown;
  for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < after; index++)
    grown.push({ index, width: widthAt({ level, index, size: to }) });
  return grown;
}

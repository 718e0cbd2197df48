/** Entry bundles (C2SP tlog-tiles, section "Log entries"): each entry with its length as a big-endian uint16. */
import { concat } from '../../crypto/bytes.ts';
import { allowed } from '../../domain/outcome.ts';
import { TILE_WIDTH } from './layout.ts';
import { type LogResult, refused } from './refusals.ts';

const LENGTH_BYTES = 2;
export const ENTRY_BYTES_MAX = 0xffff;
export const BUNDLE_BYTES_MAX = TILE_WIDTH * (LENGTH_BYTES + ENTRY_BYTES_MAX);

/**
 * The bytes of entries in a bundle; those of more entries stand right after them. Throws on an entry that is
 * longer than a record may be (a bug).
 */
export function encodeEntries(entries: readonly Uint8Array[]): Uint8Array {
  return concat(
    ...entries.flatMap((entry) => {
      if (entry.length > ENTRY_BYTES_MAX) throw new Error(`an entry has ${entry.length} bytes`);
      return [Uint8Array.of(entry.length >> 8, entry.length & 0xff), entry];
    }),
  );
}

/** The entries of a bundle that holds `width` of them, no byte more and none less. */
export function decodeBundle(bytes: Uint8Array, width: number): LogResult<Uint8Array[]> {
  if (!(Number.isInteger(width) && width >= 1 && width <= TILE_WIDTH))
    throw new Error(`no bundle holds ${width} entries`);
  if (bytes.length > BUNDLE_BYTES_MAX) return refused('bundle-too-long', `${bytes.length} bytes`);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const [high, low] = bytes.subarray(at, at + LENGTH_BYTES);
    if (high === undefined || low === undefined)
      return refused('bundle-truncated', `entry ${entries.length}`);
    at += LENGTH_BYTES;
    const entry = bytes.subarray(at, at + high * 256 + low);
    if (entry.length !== high * 256 + low) return refused('bundle-truncated', `entry ${entries.length}`);
    entries.push(entry);
    at += entry.length;
  }
  return at === bytes.length
    ? allowed(entries)
    : refused('bundle-trailing-bytes', `${bytes.length - at} bytes after ${width} entries`);
}

/** Entry bundles (C2SP tlog-tiles, section "Log entries"): each entry with its length as a big-endian uint16. */
import { allowed } from '../../domain/outcome.ts';
import { TILE_WIDTH } from './layout.ts';
import { type LogResult, refused } from './refusals.ts';

export const LENGTH_BYTES = 2;
export const ENTRY_BYTES_MAX = 0xffff;
export const BUNDLE_BYTES_MAX = TILE_WIDTH * (LENGTH_BYTES + ENTRY_BYTES_MAX);

/** An entry's bytes, or the text of which they are the UTF-8. */
export type Entry = Uint8Array | string;

/**
 * The bytes of entries in a bundle, behind those of the entries before. Throws on an entry that is longer than a
 * record may be (a bug).
 */
export function encodeEntries(entries: readonly Entry[], before: Uint8Array = new Uint8Array(0)): Uint8Array {
  const lengths = entries.map((entry) =>
    typeof entry === 'string' ? Buffer.byteLength(entry) : entry.length,
  );
  const long = lengths.find((length) => length > ENTRY_BYTES_MAX);
  if (long !== undefined) throw new Error(`an entry has ${long} bytes`);
  const bytes = lengths.reduce((sum, length) => sum + LENGTH_BYTES + length, before.length);
  const whole = new Uint8Array(bytes);
  const target = Buffer.from(whole.buffer);
  target.set(before);
  let at = before.length;
  for (const [index, entry] of entries.entries()) {
    at = target.writeUInt16BE(lengths[index] ?? 0, at);
    if (typeof entry === 'string') at += target.write(entry, at);
    else target.set(entry, at);
    if (typeof entry !== 'string') at += entry.length;
  }
  return whole;
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

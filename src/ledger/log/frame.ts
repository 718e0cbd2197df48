/**
 * Records on their way from a table into bundles. They come as one text; what a bundle puts before each entry (C2SP
 * tlog-tiles, section "Log entries") and what a leaf's hash begins with (RFC 6962 section 2.1) are put, one after the
 * other, where their separators were, so that nothing is copied to be hashed or to be framed.
 */
import { sha256 } from '../../crypto/hash.ts';
import { ENTRY_BYTES_MAX, LENGTH_BYTES } from './bundle.ts';

/** Entries one after another as a bundle has them, and the leaf hash of each. */
export type Framed = { bytes: Uint8Array; leaves: Uint8Array[] };

/** What `frameEntries` wants between two entries: as long as the length that is put there, and in no record. */
export const SEPARATOR = '\n\n';
const NEWLINE = 0x0a;

/**
 * The entries of a text with `SEPARATOR` between them. No record has a newline in it (RFC 8785 section 3.2.2.2); one
 * that had would come out as others than it is, and with other hashes. Throws on an entry that is longer than a record
 * may be (a bug).
 */
export function frameEntries(text: string): Framed {
  const bytes = Buffer.alloc(LENGTH_BYTES + Buffer.byteLength(text));
  bytes.write(text, LENGTH_BYTES);
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const next = bytes.indexOf(NEWLINE, at + LENGTH_BYTES);
    const end = next < 0 ? bytes.length : next;
    const length = end - at - LENGTH_BYTES;
    if (length > ENTRY_BYTES_MAX) throw new Error(`an entry has ${length} bytes`);
    bytes[at + 1] = 0;
    leaves.push(sha256(bytes.subarray(at + 1, end)));
    bytes.writeUInt16BE(length, at);
    at = end;
  }
  return { bytes, leaves };
}

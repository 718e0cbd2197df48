/**
 * What a piece of evidence may be: a photo, a document or a text, told by its bytes and never by what somebody calls
 * it. It is kept as it came, byte for byte, because the record commits to the hash of those bytes; so nothing is taken
 * out of it either, not even the place where a photo was taken.
 */

export const MEDIA = {
  jpeg: { type: 'image/jpeg', ext: 'jpg' },
  png: { type: 'image/png', ext: 'png' },
  webp: { type: 'image/webp', ext: 'webp' },
  pdf: { type: 'application/pdf', ext: 'pdf' },
  text: { type: 'text/plain; charset=utf-8', ext: 'txt' },
} as const;
export type Media = keyof typeof MEDIA;
export const MEDIA_NAMES = Object.keys(MEDIA) as [Media, ...Media[]];

/** Of one file, and how many a parcel may have that can still be read. */
export const EVIDENCE_BYTES_MAX = 10_000_000;
export const EVIDENCE_PER_PARCEL_MAX = 20;

/** Who brought it. A camera of the bank's will be told from a person by this word. */
export const EVIDENCE_ORIGINS = ['staff', 'camera'] as const;

const JPEG = [0xff, 0xd8, 0xff];
const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Writers put a line end or some blanks behind the end of a PDF (ISO 32000-1 annex H.3, note 18). */
const PDF_TAIL_BYTES = 1_024;

/** Undefined for everything that is none of the list. */
export function mediaOf(bytes: Uint8Array): Media | undefined {
  if (bytes.length === 0) return undefined;
  if (begins(bytes, JPEG)) return 'jpeg';
  // The header of a PNG is its first chunk (W3C PNG section 5.6).
  if (begins(bytes, PNG)) return latin1(bytes, 12, 16) === 'IHDR' ? 'png' : undefined;
  if (latin1(bytes, 0, 4) === 'RIFF') return isWebp(bytes) ? 'webp' : undefined;
  if (latin1(bytes, 0, 5) === '%PDF-')
    return latin1(bytes, bytes.length - PDF_TAIL_BYTES, bytes.length).includes('%%EOF') ? 'pdf' : undefined;
  return isText(bytes) ? 'text' : undefined;
}

/** RFC 9649 section 2.4: the length that the file says has to be the one that it has. */
function isWebp(bytes: Uint8Array): boolean {
  const said = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    bytes.length >= 16 && latin1(bytes, 8, 12) === 'WEBP' && said.getUint32(4, true) + 8 === bytes.length
  );
}

function begins(bytes: Uint8Array, with_: readonly number[]): boolean {
  return bytes.length > with_.length && with_.every((byte, at) => bytes[at] === byte);
}

function latin1(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(Math.max(0, from), Math.max(0, to)));
}

const [TAB, LINE_FEED, CARRIAGE_RETURN, SPACE, DELETE] = [9, 10, 13, 32, 127];

/** UTF-8, and no control character but tabs and line ends: what has others is no text that a person wrote. */
function isText(bytes: Uint8Array): boolean {
  const isPlain = (byte: number) =>
    byte >= SPACE ? byte !== DELETE : byte === TAB || byte === LINE_FEED || byte === CARRIAGE_RETURN;
  if (!bytes.every(isPlain)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    // Bytes that are no UTF-8 are an answer, given as such.
    return false;
  }
}

/**
 * The bytes of a list as text. Spreadsheets write UTF-8 with and without a byte order mark, "Unicode text" as
 * UTF-16 with one, and in western Europe still Windows-1252 (Encoding standard, section 4.2). Nothing in such a file
 * says which; it is recognised here and told, so that a person can look at the names.
 */
import type { ENCODINGS } from '../../contract/http/people-import.ts';
import { HoldfastError } from '../../domain/errors.ts';

export type ReadAs = (typeof ENCODINGS)[number];
export type ListText = { text: string; readAs: ReadAs };

const ASK = 'In the spreadsheet use “Save as” or “Download” and choose CSV (UTF-8), then take that file.';

/** The first bytes of what people take for a list. A workbook (.xlsx, .ods, .numbers) is a zip file. */
const NO_LISTS: readonly { begins: readonly number[]; is: string }[] = [
  { begins: [0x50, 0x4b, 0x03, 0x04], is: 'a workbook or a zip file' },
  { begins: [0x50, 0x4b, 0x05, 0x06], is: 'an empty zip file' },
  { begins: [0xd0, 0xcf, 0x11, 0xe0], is: 'an old Excel or Word file' },
  { begins: [0x25, 0x50, 0x44, 0x46], is: 'a PDF' },
  { begins: [0x1f, 0x8b], is: 'a packed file' },
  { begins: [0x89, 0x50, 0x4e, 0x47], is: 'a picture' },
  { begins: [0xff, 0xd8, 0xff], is: 'a picture' },
];

/** Throws `file-unreadable` with a sentence that says what the file is and what to do. */
export function textOf(bytes: Uint8Array): ListText {
  if (bytes.length === 0) throw unreadable('The file is empty.');
  const other = NO_LISTS.find(({ begins }) => begins.every((byte, at) => bytes[at] === byte));
  if (other) throw unreadable(`This is ${other.is}, and not a CSV file.`);
  const read = decoded(bytes);
  const text = read.text.replaceAll(/\r\n?|\u2028|\u2029/g, '\n');
  if (/^\s*<(!doctype|html|table|\?xml)/i.test(text)) throw unreadable('This is a web page or XML.');
  if (text.trim() === '') throw unreadable('The file holds no text.');
  // One or two stray ones are dirt, and spoil their own row only.
  if ((text.match(/\0/g)?.length ?? 0) > 3) throw unreadable('This is no text.');
  return { text, readAs: read.readAs };
}

export function unreadable(what: string): HoldfastError {
  return new HoldfastError('file-unreadable', `${what} ${ASK}`);
}

const decode = (as: ReadAs, bytes: Uint8Array, fatal = false): string =>
  new TextDecoder(as, { fatal }).decode(bytes);

function decoded(bytes: Uint8Array): ListText {
  const [first, second, third] = bytes;
  const mark = first === 0xef && second === 0xbb && third === 0xbf;
  if (mark) return { text: decode('utf-8', bytes), readAs: 'utf-8' };
  if (first === 0xff && second === 0xfe) return { text: decode('utf-16le', bytes), readAs: 'utf-16le' };
  if (first === 0xfe && second === 0xff) return { text: decode('utf-16be', bytes), readAs: 'utf-16be' };
  const wide = wideOf(bytes);
  if (wide) return { text: decode(wide, bytes), readAs: wide };
  try {
    return { text: decode('utf-8', bytes, true), readAs: 'utf-8' };
  } catch {
    // Rows that somebody pasted in from elsewhere do not make a list of UTF-8 one of Windows-1252.
    const { whole, broken } = countUtf8(bytes);
    const readAs = whole > broken ? 'utf-8' : 'windows-1252';
    return { text: decode(readAs, bytes), readAs };
  }
}

/** UTF-16 without its mark: in a list of western text every second byte is zero. */
function wideOf(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const zeros = [0, 0];
  const looked = bytes.subarray(0, 4096);
  for (const [at, byte] of looked.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  const many = looked.length / 4;
  if (odd > many && even < odd / 10) return 'utf-16le';
  return even > many && odd < even / 10 ? 'utf-16be' : null;
}

/** Sequences of more than one byte that are well formed, and bytes that belong to none (RFC 3629, section 3). */
function countUtf8(bytes: Uint8Array): { whole: number; broken: number } {
  let whole = 0;
  let broken = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x80) continue;
    const more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc2 ? 1 : 0;
    const rest = bytes.subarray(at + 1, at + 1 + more);
    const fits = more > 0 && rest.length === more && rest.every((next) => next >= 0x80 && next < 0xc0);
    if (fits) whole += 1;
    else broken += 1;
    if (fits) at += more;
  }
  return { whole, broken };
}

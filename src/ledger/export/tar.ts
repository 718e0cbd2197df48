/**
 * The container of a bundle: an uncompressed ustar archive of plain files (IEEE 1003.1-2017, pax, section "ustar
 * Interchange Format"), which every tar reads. Nothing in it expands, so nothing is larger than what was handed over,
 * and a name leads nowhere: the reader takes the names that a bundle has, and no path, link or folder.
 */
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';

const BLOCK_BYTES = 512;
/** Eleven octal digits. */
const SIZE_MAX = 8 ** 11 - 1;
const LINK_PLAIN_FILE = 0x30;

/** The 512 bytes before a file: read and written by its owner alone, of no owner and no time. */
export function tarHeader(name: string, size: number): Uint8Array {
  if (!/^[\x21-\x7e]{1,99}$/.test(name) || size > SIZE_MAX)
    throw new Error(`${name} cannot stand in a bundle`);
  const header = new Uint8Array(BLOCK_BYTES);
  const put = (at: number, text: string) => header.set(utf8(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  put(0, name);
  put(100, `0000600\0${'0000000\0'.repeat(2)}${octal(size, 11)}\0${octal(0, 11)}\0`);
  put(156, '0');
  put(257, 'ustar\x0000');
  // The sum is over the header with spaces in the place of the sum.
  put(148, ' '.repeat(8));
  put(148, `${octal(sumOf(header), 6)}\0 `);
  return header;
}

/** What stands behind a file of `size` bytes, up to the next header. */
export function tarPadding(size: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** Two blocks of zeros end an archive. */
export const TAR_END = new Uint8Array(2 * BLOCK_BYTES);

function sumOf(header: Uint8Array): number {
  return header.reduce((sum, byte) => sum + byte, 0);
}

/** Bytes that are read where they lie; a bundle may be larger than the memory. */
export type ByteSource = {
  size: number;
  /** Into `target`, where that is given and long enough; what is answered then lies in it until it is written over. */
  read(at: number, length: number, target?: Uint8Array): Uint8Array;
};
export type Member = { name: string; at: number; size: number };
type Members = { ok: true; members: Member[] } | { ok: false; why: string };

/** Every file of the archive. Only what `tarHeader` writes is read: a header is compared with the one that it should be. */
export function tarMembers(source: ByteSource, membersMax: number): Members {
  const members: Member[] = [];
  let at = 0;
  for (;;) {
    const block = source.read(at, BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) return { ok: false, why: 'the archive is cut off' };
    if (block.every((byte) => byte === 0)) break;
    const found = memberOf(block, at + BLOCK_BYTES);
    if (!found) return { ok: false, why: `the header at byte ${at} is not one of a plain file in a bundle` };
    const end = found.at + found.size;
    if (end > source.size)
      return {
        ok: false,
        why: `${found.name} is said to have ${found.size} bytes, and the archive ends before`,
      };
    const padding = source.read(end, tarPadding(found.size).length);
    if (padding.some((byte) => byte !== 0)) return { ok: false, why: `bytes hide behind ${found.name}` };
    if (members.length === membersMax) return { ok: false, why: `there are more than ${membersMax} files` };
    members.push(found);
    at = end + padding.length;
  }
  const rest = source.size - at;
  const isEnd = rest === TAR_END.length && source.read(at, rest).every((byte) => byte === 0);
  return isEnd
    ? { ok: true, members }
    : { ok: false, why: 'bytes stand behind the end of the archive, or the end is cut off' };
}

function memberOf(header: Uint8Array, at: number): Member | undefined {
  const text = (from: number, to: number) => Buffer.from(header.subarray(from, to)).toString('latin1');
  const [name = ''] = text(0, 100).split('\0');
  const digits = text(124, 135);
  if (header[156] !== LINK_PLAIN_FILE || !/^[0-7]{11}$/.test(digits) || !/^[\x21-\x7e]{1,99}$/.test(name))
    return undefined;
  const size = Number.parseInt(digits, 8);
  return Buffer.from(tarHeader(name, size)).equals(header) ? { name, at, size } : undefined;
}

const CHUNK_BYTES = 65_536;

/** Each holds until the next is asked for. */
export function* chunksOf(source: ByteSource, { at, size }: Member): Generator<Uint8Array> {
  const target = new Uint8Array(Math.min(CHUNK_BYTES, size));
  for (let done = 0; done < size; done += CHUNK_BYTES)
    yield source.read(at + done, Math.min(CHUNK_BYTES, size - done), target);
}

const LINE_BYTES_MAX = 262_144;

const NEWLINE = 0x0a;

/** The lines of a file, each ended by a newline. Undefined stands for one that is too long, cut off, or no UTF-8. */
export function* linesOf(source: ByteSource, { at, size }: Member): Generator<string | undefined> {
  // What is left of a line stands at the front, and what is read next behind it.
  const held = new Uint8Array(Math.min(LINE_BYTES_MAX + CHUNK_BYTES, size));
  let left = 0;
  for (let done = 0; done < size; ) {
    const read = source.read(at + done, Math.min(CHUNK_BYTES, size - done), held.subarray(left));
    if (read.length === 0) break;
    if (read.buffer !== held.buffer) held.set(read, left);
    done += read.length;
    const bytes = held.subarray(0, left + read.length);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    yield* linesIn(bytes.subarray(0, end));
    left = bytes.length - end;
    if (left > LINE_BYTES_MAX) return yield undefined;
    held.copyWithin(0, end, bytes.length);
  }
  if (left > 0) yield undefined;
}

/** Whole lines. They are read as one text; where that is none, one by one, to find which of them is none. */
function* linesIn(bytes: Uint8Array): Generator<string | undefined> {
  const whole = lineOf(bytes);
  if (whole === undefined) {
    for (let at = 0; at < bytes.length; ) {
      const end = bytes.indexOf(NEWLINE, at);
      yield lineOf(bytes.subarray(at, end));
      at = end + 1;
    }
    return;
  }
  for (let at = 0; at < whole.length; ) {
    const end = whole.indexOf('\n', at);
    yield whole.slice(at, end);
    at = end + 1;
  }
}

function lineOf(bytes: Uint8Array): string | undefined {
  try {
    return fromUtf8(bytes);
  } catch {
    // Bytes that are no text are an answer, given as such.
    return undefined;
  }
}

/**
 * JSON from strangers, read as I-JSON (RFC 7493): a name stands once in its object (section 2.3), and text holds
 * no half of a surrogate pair (section 2.1). `JSON.parse` keeps the last of two equal names where another reader
 * keeps the first, so two programs could read two orders in one message. Two more are refused that no message of
 * ours needs: deep nesting, because what walks such a value later would run out of stack; and U+0000, which the
 * text of PostgreSQL cannot hold (its manual, section 8.3).
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { fromUtf8 } from '../crypto/bytes.ts';

const DEPTH_MAX = 32;

/** Throws a TypeError for what is not UTF-8, and a SyntaxError for everything that is not I-JSON, or is too deep. */
export function readIJson(bytes: Uint8Array): unknown {
  return parseIJson(bytes.length < LONG_MIN || bytes.length > LONG_BYTES ? fromUtf8(bytes) : longText(bytes));
}

/**
 * A text of this length up to about a megabyte is given pages of its own by the engine, which come from the system
 * and go back to it with every message: on a virtual machine that costs more than reading does. A longer one Node
 * keeps beside the heap, where memory is used again, and blanks at the end of JSON mean nothing (RFC 8259 section 2).
 */
const LONG_MIN = 65_536;
const LONG_BYTES = 2_097_152;
const KEPT_BESIDE_MIN = 1_048_576;
const BLANK = 32;
let place: Buffer | undefined;

function longText(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw new TypeError('not UTF-8');
  place ??= Buffer.alloc(LONG_BYTES, BLANK);
  const until = Math.max(bytes.length, KEPT_BESIDE_MIN);
  try {
    place.set(bytes);
    return place.toString(isAscii(bytes) ? 'latin1' : 'utf8', 0, until);
  } finally {
    // What was in it is nobody's from here on: it may have been opened just now.
    place.fill(BLANK, 0, bytes.length);
  }
}

/** The same of a text. */
export function parseIJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!text.isWellFormed()) throw new SyntaxError('half of a surrogate pair');
  checkNames(text);
  return value;
}

const [QUOTE, BACKSLASH, COMMA] = [34, 92, 44];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY] = [123, 125, 91, 93];

/** `text` is JSON by now, so that a walk over its marks and strings is enough. By numbers: it may have a million. */
function checkNames(text: string): void {
  /**
   * One entry an open bracket: the names so far in an object, null in an array. A set costs more than a hundred
   * times the two bytes of an empty object, so there is one only where there are two names to be compared.
   */
  const open: Names[] = [];
  // A zero character or half of a pair can only stand in JSON as an escape.
  const hasCodes = text.includes('\\u');
  let awaitsName = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    switch (code) {
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        awaitsName = code === OPEN_OBJECT;
        open.push(awaitsName ? undefined : null);
        if (open.length > DEPTH_MAX) throw new SyntaxError('nested too deep');
        break;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        open.pop();
        // Only blanks can follow, and there may be many.
        if (open.length === 0) return;
        awaitsName = false;
        break;
      case COMMA:
        awaitsName = open.at(-1) !== null;
        break;
      case QUOTE: {
        const end = endOfString(text, at);
        if (awaitsName || hasCodes) {
          const string = readString(text.slice(at, end + 1));
          if (awaitsName) open[open.length - 1] = withName(open.at(-1), string);
        }
        awaitsName = false;
        at = end;
        break;
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) return at;
    at += code === BACKSLASH ? 2 : 1;
  }
}

function readString(quoted: string): string {
  const plain = quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
  if (plain.includes('\u0000')) throw new SyntaxError('a zero character');
  if (!plain.isWellFormed()) throw new SyntaxError('half of a surrogate pair');
  return plain;
}

/** None, one, or several names of an object; null for an array, which has none. */
type Names = Set<string> | string | undefined | null;

/** Names are compared as they read, so that an escaped letter makes no second name. */
function withName(names: Names, name: string): Names {
  if (names === undefined || names === null) return name;
  const all = typeof names === 'string' ? new Set([names]) : names;
  if (all.has(name)) throw new SyntaxError('a name that stands twice');
  return all.add(name);
}

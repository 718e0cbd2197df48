/**
 * Rows and cells of a list (RFC 4180, and what spreadsheets make of it). What a quotation mark means is the
 * library's; this file decides where a row begins and ends when one is missing: a mark that is never closed would
 * swallow every row after it, so the line that opened it is one bad row and reading goes on at the next line.
 */
import papa from 'papaparse';
import { DELIMITERS, FILE_ROWS_MAX } from '../../contract/http/people-import.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { unreadable } from './text.ts';

export type Delimiter = (typeof DELIMITERS)[number];
/** `broken`: a quotation mark in it is missing or stands where none can; `cells` is then a guess, to be shown. */
export type Row = { row: number; cells: string[]; broken: boolean };

/** Lines that one cell may hold; beyond that its quotation mark was never closed. */
const LINES_A_ROW_MAX = 60;
const SAMPLE_LINES = 40;
/** No person takes as much; what does is no list. */
const LINE_LENGTH_MAX = 32_768;
const ROW_LENGTH_MAX = 65_536;

/** The lines of a list without the one with which Excel names its delimiter (`sep=;`). */
export function linesOf(text: string): { lines: string[]; delimiter: Delimiter } {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  if (lines.length > FILE_ROWS_MAX * 3)
    throw new HoldfastError('too-large', `A list holds at most ${FILE_ROWS_MAX} rows; split it.`);
  if (lines.some((line) => line.length > LINE_LENGTH_MAX))
    throw unreadable(`A line has more than ${LINE_LENGTH_MAX} characters.`);
  const named = DELIMITERS.find((one) => lines[0]?.toLowerCase() === `sep=${one}`);
  if (named === undefined) return { lines, delimiter: guessed(lines) };
  // The line stays one, so that rows are counted as the spreadsheet counts them.
  return { lines: ['', ...lines.slice(1)], delimiter: named };
}

function guessed(lines: readonly string[]): Delimiter {
  const sample = lines.filter((line) => line.trim() !== '').slice(0, SAMPLE_LINES);
  const { meta } = papa.parse<string[]>(sample.join('\n'), {
    newline: '\n',
    delimitersToGuess: [...DELIMITERS],
  });
  const found = DELIMITERS.find((one) => one === meta.delimiter);
  if (found === undefined || !sample.some((line) => line.includes(found)))
    throw unreadable('Only one column was found, without commas, semicolons or tabs between cells.');
  return found;
}

type Reading = {
  lines: readonly string[];
  delimiter: Delimiter;
  /** Columns that hold no line break; one in them shows that a quotation mark is missing. */
  oneLine: ReadonlySet<number>;
};

/** Every row, the empty ones too, in order. */
export function* rowsOf({ lines, delimiter, oneLine }: Reading): Generator<Row> {
  let row = 1;
  for (let at = 0; at < lines.length; row++) {
    const found = rowAt({ lines, delimiter, oneLine }, at);
    yield { row, cells: found.cells, broken: found.broken };
    at += found.lines;
  }
}

type Found = { cells: string[]; broken: boolean; lines: number };

function rowAt(reading: Reading, at: number): Found {
  const { lines, delimiter } = reading;
  const first = lines[at] ?? '';
  if (!first.includes('"')) return { cells: first.split(delimiter), broken: false, lines: 1 };
  const alone = cellsOf(first, delimiter);
  if (alone) return { cells: alone, broken: false, lines: 1 };
  const longer = longerRow(reading, at);
  return longer ?? { cells: first.split(delimiter), broken: true, lines: 1 };
}

/** The row that begins at a line and goes on over others, because a cell holds line breaks. */
function longerRow(reading: Reading, at: number): Found | undefined {
  const { lines, delimiter } = reading;
  const end = Math.min(lines.length, at + LINES_A_ROW_MAX);
  let quotes = marksIn(lines[at]);
  let length = 0;
  // Marks come in pairs: an odd number of them is not a whole row yet, an even one that does not fit never is.
  for (let last = at + 1; last < end && quotes % 2 === 1; last++) {
    quotes += marksIn(lines[last]);
    length += lines[last]?.length ?? 0;
    if (length > ROW_LENGTH_MAX) break;
    if (quotes % 2 === 1) continue;
    const cells = cellsOf(lines.slice(at, last + 1).join('\n'), delimiter);
    if (cells && !hasSwallowed(reading, cells)) return { cells, broken: false, lines: last - at + 1 };
  }
  return undefined;
}

const marksIn = (line: string | undefined): number => (line ?? '').split('"').length - 1;

/** The cells of one row; undefined when its quotation marks do not fit. */
function cellsOf(text: string, delimiter: Delimiter): string[] | undefined {
  const { data, errors } = papa.parse<string[]>(text, { delimiter, newline: '\n' });
  return errors.length === 0 && data.length === 1 ? data[0] : undefined;
}

/** Whether a cell of several lines has eaten rows: it is one that holds no line break, or a line of it is a whole row. */
function hasSwallowed({ delimiter, oneLine }: Reading, cells: readonly string[]): boolean {
  return cells.some((cell, column) => {
    if (!cell.trim().includes('\n')) return false;
    const [, ...more] = cell.split('\n');
    return oneLine.has(column) || more.some((line) => line.split(delimiter).length >= cells.length);
  });
}

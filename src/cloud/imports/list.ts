/** A file of residents, read: its columns, and each row as a draft of a resident or with what is wrong with it. */
import {
  COLUMNS_MAX,
  FILE_ROWS_MAX,
  type Field,
  type ImportPreviewed,
} from '../../contract/http/people-import.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { breath } from '../../platform/clock.ts';
import { type Delimiter, linesOf, type Row, rowsOf } from './cells.ts';
import { fieldsOf, namesSomebody } from './columns.ts';
import { type ReadAs, textOf, unreadable } from './text.ts';
import { cleaned, type Draft, isEmpty, readRow, type Spoilt } from './values.ts';

export type ListAsked = {
  bytes: Uint8Array;
  header: boolean | null;
  fields: readonly (Field | null)[] | null;
  country: string | null;
};

export type List = {
  readAs: ReadAs;
  delimiter: Delimiter;
  header: boolean | null;
  columns: ImportPreviewed['columns'];
  asks: ImportPreviewed['asks'];
  emptyRows: number;
  /** In the order of the file; none while something is asked. */
  rows: (Draft | Spoilt)[];
};

/** Rows in which headings are looked for: a title and a date often stand above them. */
const HEADINGS_WITHIN = 10;
const EXAMPLES = 3;
const EXAMPLES_WITHIN = 50;
/** Rows read at a stretch, before others get their turn. */
const STRETCH_ROWS = 500;

export async function readList(asked: ListAsked): Promise<List> {
  const { text, readAs } = textOf(asked.bytes);
  const { lines, delimiter } = linesOf(text);
  const top = topOf(rowsOf({ lines, delimiter, oneLine: new Set() }));
  const heading = headingOf(top, asked.header);
  const width = widthOf(top, heading);
  const headings = Array.from({ length: width }, (_, at) => cleaned(heading?.cells[at] ?? ''));
  const fields = asked.fields ?? fieldsOf(headings);
  checkFields(fields, width);
  const header = heading ? true : asked.header;
  const asks = asksOf(fields, header);
  const below = top.filter(({ row }) => row > (heading?.row ?? 0));
  const columns = headings.map((text, at) => ({
    heading: text,
    field: fields[at] ?? null,
    examples: examplesOf(below, at),
  }));
  const oneLine = new Set(fields.flatMap((field, at) => (field === null ? [] : [at])));
  const read = await readRows(rowsOf({ lines, delimiter, oneLine }), {
    fields,
    heading,
    country: asked.country,
  });
  return { readAs, delimiter, header, columns, asks, ...read, rows: asks.length > 0 ? [] : read.rows };
}

/** The first rows that hold anything. */
function topOf(rows: Iterable<Row>): Row[] {
  const top: Row[] = [];
  for (const row of rows) {
    if (!isEmpty(row.cells)) top.push(row);
    if (top.length === EXAMPLES_WITHIN) break;
  }
  return top;
}

/** The row of headings; undefined when there is none, or none that is known. */
function headingOf(top: readonly Row[], header: boolean | null): Row | undefined {
  if (header === false) return undefined;
  const known = ({ cells }: Row) => fieldsOf(cells.map(cleaned));
  const names = (row: Row) => namesSomebody(known(row)) && known(row).includes('flat');
  const [first] = top;
  const sure = top.slice(0, HEADINGS_WITHIN).find(names);
  if (sure || header === true) return sure ?? first;
  return first && known(first).some((field) => field !== null) ? first : undefined;
}

function widthOf(top: readonly Row[], heading: Row | undefined): number {
  const widths = (heading ? [heading] : top).map(
    ({ cells }) => cells.findLastIndex((cell) => cleaned(cell) !== '') + 1,
  );
  const width = Math.max(...widths);
  if (width > COLUMNS_MAX) throw unreadable(`There are more than ${COLUMNS_MAX} columns.`);
  return width;
}

function checkFields(fields: readonly (Field | null)[], width: number): void {
  const set = fields.filter((field) => field !== null);
  if (fields.length === width && new Set(set).size === set.length) return;
  throw new HoldfastError(
    'input-invalid',
    `Say of each of the ${width} columns what it is, each thing once.`,
  );
}

function asksOf(fields: readonly (Field | null)[], header: boolean | null): List['asks'] {
  const asks: List['asks'] = header === null ? ['header'] : [];
  if (!namesSomebody(fields)) asks.push('name');
  if (!fields.includes('flat')) asks.push('flat');
  return asks;
}

function examplesOf(rows: readonly Row[], column: number): string[] {
  const cells = rows.map(({ cells }) => cleaned(cells[column] ?? '')).filter((cell) => cell !== '');
  return [...new Set(cells)].slice(0, EXAMPLES);
}

type Reading = { fields: readonly (Field | null)[]; country: string | null; heading: Row | undefined };

async function readRows(rows: Iterable<Row>, of: Reading): Promise<Pick<List, 'rows' | 'emptyRows'>> {
  const read: List['rows'] = [];
  let emptyRows = 0;
  for (const row of rows) {
    if (row.row === of.heading?.row) continue;
    if (isEmpty(row.cells)) emptyRows += 1;
    else read.push(readBeside(row, of));
    if (read.length > FILE_ROWS_MAX)
      throw new HoldfastError('too-large', `A list holds at most ${FILE_ROWS_MAX} rows; split it.`);
    if (row.row % STRETCH_ROWS === 0) await breath();
  }
  return { rows: read, emptyRows };
}

function readBeside(row: Row, { heading, ...of }: Reading): Draft | Spoilt {
  const spoilt = (fault: 'heading-above' | 'heading-again'): Spoilt => ({
    row: row.row,
    cells: row.cells,
    faults: [{ fault, column: null }],
  });
  if (!heading) return readRow(row, of);
  if (row.row < heading.row) return spoilt('heading-above');
  const isAgain = heading.cells.every((cell, at) => cleaned(cell) === cleaned(row.cells[at] ?? ''));
  return isAgain ? spoilt('heading-again') : readRow(row, of);
}

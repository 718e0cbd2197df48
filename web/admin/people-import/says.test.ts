import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImportPreviewed, ImportRow } from '../../../src/contract/http/people-import.ts';
import { csvOf } from '../../kit/csv.ts';
import { toDo } from './run.ts';
import { leftOutRows, type Outcomes, saysOf } from './says.ts';

const row = (n: number, verdict: ImportRow['verdict'], of: Partial<ImportRow> = {}): ImportRow => ({
  row: n,
  verdict,
  cells: [`N${n}`, `${n}`],
  faults: [],
  cautions: [],
  resident: null,
  changes: [],
  duplicateOf: null,
  act: null,
  ...of,
});
const mark = 'm'.repeat(43);
const resident = { name: 'N', flat: '1', email: null, phone: null, accessible: false };
const added = { act: { what: 'new', resident, mark } } as const;
const changed = {
  act: { what: 'change', person: 'p', set: { phone: '+447700900123' }, mark },
  changes: [{ field: 'phone', from: null, to: '+447700900123' }],
} as const satisfies Partial<ImportRow>;

const preview: ImportPreviewed = {
  readAs: 'utf-8',
  delimiter: ',',
  header: false,
  columns: [
    { heading: '', field: 'name', examples: [] },
    { heading: '', field: null, examples: [] },
  ],
  asks: [],
  emptyRows: 0,
  absent: [],
  rows: [
    row(1, 'new', added),
    row(2, 'new', added),
    row(3, 'change', { ...changed, changes: [...changed.changes] }),
    row(4, 'change', { ...changed, changes: [...changed.changes] }),
    row(5, 'same'),
    row(6, 'duplicate', { duplicateOf: 1 }),
    row(7, 'bad', { faults: [{ fault: 'name-missing', column: 0 }], cells: ['=1+1', '7', 'more'] }),
  ],
};

test('what is to be done is who is new, and the changes that were ticked', () => {
  const rows = (ticked: number[]) => toDo(preview, new Set(ticked)).map((one) => one.row);
  assert.deepEqual(rows([]), [1, 2]);
  assert.deepEqual(rows([4]), [1, 2, 4]);
});

test('every row is imported, there already, or in the file of those that are not, with the reason before it', () => {
  const outcomes: Outcomes = new Map([
    [1, { done: 'added' }],
    [2, { left: 'there-already' }],
    [4, { done: 'changed' }],
  ]);
  const [head, ...rows] = leftOutRows(preview, outcomes);
  assert.deepEqual(head, ['Why it was not imported', 'Name', 'Column 2']);
  assert.deepEqual(
    rows.map(([, ...cells]) => cells),
    [
      ['N2', '2'],
      ['N3', '3'],
      ['N6', '6'],
      ['=1+1', '7', 'more'],
    ],
  );
  const why = rows.map(([text]) => text ?? '');
  assert.match(why[0] ?? '', /added to that flat meanwhile/);
  assert.match(why[1] ?? '', /Mobile number: \(nothing\) becomes \+447700900123\. .*not made/);
  assert.match(why[2] ?? '', /row 1/);
  assert.match(why[3] ?? '', /Column 1: There is no name/);
  const [, unreached] = leftOutRows(preview, new Map([[1, { done: 'added' }]]));
  assert.deepEqual(unreached, ['The import stopped before this row.', 'N2', '2']);
  assert.match(csvOf(rows), /,'=1\+1,7,more\r\n/, 'and no spreadsheet computes it');
});

test('nothing that is said of a row is left without words', () => {
  for (const one of preview.rows)
    for (const says of saysOf(one, preview.columns)) assert.match(says, /^[^{}]+\.$/);
});

/** The page about importing residents says what the program does. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { judge } from '../src/cloud/imports/judge.ts';
import { type ListAsked, readList } from '../src/cloud/imports/list.ts';
import type { Draft } from '../src/cloud/imports/values.ts';
import {
  FILE_BYTES_MAX,
  FILE_ROWS_MAX,
  STEP_ROWS_MAX,
  VERDICTS,
} from '../src/contract/http/people-import.ts';
import { utf8 } from '../src/crypto/bytes.ts';
import { EXAMPLE } from '../web/admin/people-import/example.ts';
import { t } from '../web/admin/people-import/messages.ts';
import { csvOf } from '../web/kit/csv.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../docs/reference/residents-import.md'), 'utf8');
const read = (list: string) => {
  const asked: ListAsked = { bytes: utf8(list), header: null, fields: null, country: null };
  return readList(asked);
};
const block = (kind: string): string => {
  const [, text = ''] = new RegExp(`\`\`\`${kind}\\n(.*?)\`\`\``, 's').exec(PAGE) ?? [];
  assert.ok(text !== '', kind);
  return text;
};

test('the example is the one that the page offers, and all of it can be imported', async () => {
  assert.equal(block('csv'), csvOf(EXAMPLE).replaceAll('\r\n', '\n').replaceAll("'+", '+'));
  for (const text of [block('csv'), csvOf(EXAMPLE)]) {
    const { rows, asks } = await read(text);
    assert.deepEqual(asks, []);
    assert.ok(rows.length === EXAMPLE.length - 1 && rows.every((row) => 'told' in row));
  }
});

test('each row of the list with dirt becomes what the page says', async () => {
  const { rows } = await read(block('csv dirty'));
  const judged = judge(
    rows.filter((row): row is Draft => 'told' in row),
    [],
  );
  const found = rows.map((row) => {
    if ('faults' in row) return [String(row.row), 'bad', row.faults.map(({ fault }) => fault).join()];
    const said = judged.rows.get(row.row);
    const cautions = said?.is === 'new' ? said.cautions.map(({ caution }) => caution).join() : '';
    return [String(row.row), said?.is, cautions];
  });
  const shown = [...PAGE.matchAll(/^\| (\d+) \| `([a-z]+)` \| (?:`([a-z-]+)` )?\|$/gm)];
  assert.deepEqual(
    found,
    shown.map(([, row, is, why = '']) => [row, is, why]),
  );
});

test('every heading that the page names is known, for what the page says', async () => {
  const fields: Record<string, readonly string[]> = {
    name: ['name'],
    'first and last name': ['first-name', 'last-name'],
    flat: ['flat'],
    'e-mail address': ['email'],
    'mobile number': ['phone'],
    'seated reach': ['accessible'],
  };
  for (const [what, wanted] of Object.entries(fields)) {
    const [, cell = ''] = new RegExp(`^\\| ${what} \\| (.*) \\|$`, 'm').exec(PAGE) ?? [];
    const headings = [...cell.matchAll(/`([^`]+)`/g)].map(([, heading = '']) => heading);
    assert.ok(headings.length > 2, what);
    for (const heading of headings) {
      const { columns } = await read(`${heading},Note\nx,y\n`);
      assert.ok(wanted.includes(columns[0]?.field ?? ''), `${heading}: ${columns[0]?.field}`);
    }
  }
});

test('the limits and the verdicts are those of the program', () => {
  assert.ok(
    PAGE.includes(`At most ${FILE_ROWS_MAX.toLocaleString('en')} rows and ${FILE_BYTES_MAX / 1_048_576} MB`),
  );
  assert.ok(PAGE.includes(`in steps of ${STEP_ROWS_MAX}`));
  for (const verdict of VERDICTS) assert.ok(PAGE.includes(`| ${t(`verdict.${verdict}`)} | `), verdict);
});

/** docs/reference/errors.md says what the tables say: every code and every reason, in order, and no other. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { ERRORS } from '../../domain/errors.ts';
import { DENIALS } from '../../domain/outcome.ts';

const PAGE = new URL('../../../docs/reference/errors.md', import.meta.url);

async function rowsUnder(heading: string): Promise<string[][]> {
  const page = await readFile(PAGE, 'utf8');
  const part = page.split(/^## /m).find((section) => section.startsWith(heading)) ?? '';
  const rows = part.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

test('the page lists every error with its status, retry and meaning', async () => {
  const table = Object.entries(ERRORS).map(([code, { status, retry, title }]) => [
    code,
    String(status),
    retry ? 'yes' : 'no',
    title,
  ]);
  assert.deepEqual(await rowsUnder('Errors'), table);
});

test('the page lists every denial, each with a meaning', async () => {
  const rows = await rowsUnder('Denials');
  assert.deepEqual(
    rows.map((row) => row[0]),
    [...DENIALS],
  );
  for (const [reason, meaning] of rows) assert.ok((meaning ?? '').length > 10, `${reason} has no meaning`);
});

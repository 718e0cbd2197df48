/** Records as rows: what somebody wrote stays text, whichever sign a spreadsheet splits at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idFrom } from '../../domain/ids.ts';
import { NO_HASH, writeRecord } from '../../ledger/record.ts';
import { csvHead, csvRow } from './rows.ts';

/** The row of a record whose purpose somebody wrote, and who could be anybody who asks for something. */
function rowOf(purpose: string): string {
  const written = writeRecord({
    draft: { kind: 'custody.viewed', facts: { role: 'admin' }, fields: { purpose } },
    ...{ source: idFrom('tenant', new Uint8Array(16)), seq: 1, prev: NO_HASH },
    time: { atMs: 1_760_000_000_000, source: 'clock', uncertaintyMs: 1 },
    drawSalt: () => new Uint8Array(16),
  });
  return csvRow(41, written.record, written.openings);
}

/** What is read where `;` splits cells and a line end splits rows, and a quotation mark counts at the start of a cell only. */
const cellsElsewhere = (csv: string) =>
  csv.split(/[;\t|\r\n]/).map((cell) => cell.trimStart().replace(/^"+/, '').trimStart());

test('no text begins a cell with a formula, at a line end or at another sign than the comma, behind a quotation mark either', () => {
  for (const formula of ['=HYPERLINK("https://evil.example/","x")', '+1', '-2+3', '@SUM(1)', '\uff1d1'])
    for (const lead of [
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      '\n  ',
      '\r\n\u00a0',
      ';',
      '; ',
      '\t',
      '|',
      ';\n',
      '\n"',
      '; "',
    ])
      for (const cell of cellsElsewhere(rowOf(`x${lead}${formula}`)))
        assert.doesNotMatch(cell, /^[=+\-@\uff0b\uff0d\uff1d\uff20]/, JSON.stringify([lead, formula]));
});

test('ordinary text stands there as it was written', () => {
  const text = 'The parcel came late; see a-b, 5 + 3 = 8.\r\nSecond line: mail me @ noon\n\n"quoted" | done';
  const row = rowOf(text);
  assert.ok(row.endsWith(`"purpose: ${text.replaceAll('"', '""')}"\r\n`), row);
  assert.ok(row.startsWith('41,tenant_'));
  assert.ok(csvHead().startsWith('entry,journal,record,'));
});

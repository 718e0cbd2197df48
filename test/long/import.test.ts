/** Ten thousand rows of residents with the dirt that real lists have, over HTTP: none is lost, in bounded steps and memory. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type HttpStand, openHttpStand } from '../../src/cloud/http/test-http-stand.ts';
import * as people from '../../src/cloud/people/people.ts';
import {
  FILE_ROWS_MAX,
  type ImportAct,
  importPreviewed,
  importStepDone,
  STEP_ROWS_MAX,
} from '../../src/contract/http/people-import.ts';
import { MESSAGE_BYTES_MAX } from '../../src/contract/uplink.ts';
import { base64, base64url } from '../../src/crypto/bytes.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { systemRandom } from '../../src/platform/random.ts';

const DIRTY_EVERY = 10;
const HEAP_BYTES_MAX = 600 * 1_048_576;

let http: HttpStand;
before(async () => {
  http = await openHttpStand();
});
after(() => http.close());

function rowOf(n: number): string {
  if (n % DIRTY_EVERY === 3) return `Dirt ${n};"${n};;`;
  if (n % DIRTY_EVERY === 6) return `Zoë Zähler ${n - 1};${(n - 1) % 700}-${n - 1};;`;
  return `Zoë Zähler ${n};${n % 700}-${n};zoe${n}@many.example;07700 9${String(n).padStart(5, '0')}`;
}

test('ten thousand rows: in is imported, twice or bad, and the kiosks can still be told', async (t) => {
  const text = ['Name;Flat;Email;Mobile', ...Array.from({ length: FILE_ROWS_MAX }, (_, n) => rowOf(n))];
  const file = base64(new Uint8Array(Buffer.from(text.join('\r\n'), 'latin1')));
  const startedMs = systemClock.monotonicMs();
  const answer = await http.ask('POST', '/api/admin/people/import/preview', {
    body: { file, country: 'GB' },
  });
  assert.equal(answer.status, 200, answer.text);
  const said = importPreviewed.parse(answer.body);
  const previewedMs = systemClock.monotonicMs();
  const count = (verdict: string) => said.rows.filter((row) => row.verdict === verdict).length;
  assert.equal(said.readAs, 'windows-1252');
  const tenth = FILE_ROWS_MAX / DIRTY_EVERY;
  assert.deepEqual(
    [said.rows.length, count('new'), count('duplicate'), count('bad')],
    [FILE_ROWS_MAX, 8 * tenth, tenth, tenth],
  );
  const rows = said.rows.flatMap(({ row, act }): { row: number; act: ImportAct }[] =>
    act ? [{ row, act }] : [],
  );
  let heapBytes = 0;
  for (let at = 0; at < rows.length; at += STEP_ROWS_MAX) {
    const body = { rows: rows.slice(at, at + STEP_ROWS_MAX) };
    const key = base64url(systemRandom.bytes(24));
    const done = await http.ask('POST', '/api/admin/people/import', { body, key });
    assert.equal(done.status, 200, done.text);
    assert.ok(importStepDone.parse(done.body).rows.every((row) => row.done === 'added'));
    heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
  }
  const endedMs = systemClock.monotonicMs();
  assert.ok(heapBytes < HEAP_BYTES_MAX, `${heapBytes} bytes`);
  const { cloud } = http.stand;
  const { tenant, site } = http.alder;
  const { entries } = await cloud.database.tenant(tenant, (tx) => people.directory(cloud, tx, site));
  assert.equal(entries.length, 8 * tenth + 1);
  const bytes = Math.ceil((JSON.stringify(entries).length * 4) / 3);
  assert.ok(bytes < MESSAGE_BYTES_MAX, `a directory of ${bytes} bytes fits into one message`);
  t.diagnostic(
    `${FILE_ROWS_MAX} rows: preview ${Math.round(previewedMs - startedMs)} ms, import ${Math.round(endedMs - previewedMs)} ms, heap ${heapBytes} bytes, directory ${bytes} bytes`,
  );
});

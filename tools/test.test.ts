import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram } from './peers.ts';
import { selectFiles } from './test.ts';
import { joined, type TestEvent } from './test-summary.ts';

const counts = (of: Record<string, number>): TestEvent[] => [
  ...Object.entries(of).map(([name, value]) => ({
    type: 'test:diagnostic',
    data: { nesting: 0, message: `${name} ${value}`, level: 'info' },
  })),
  { type: 'test:summary', data: { success: true } },
];

async function* each(events: TestEvent[]): AsyncGenerator<TestEvent> {
  yield* events;
}

test('two runs end in one summary, after all tests, and a failure in either counts', async () => {
  const said = { type: 'test:diagnostic', data: { nesting: 0, message: 'tests 99', file: 'a.test.ts' } };
  const pass = { type: 'test:pass', data: { name: 'x' } };
  const summary = { failed: 0 };
  const events = [
    pass,
    said,
    ...counts({ tests: 2, pass: 1, fail: 1 }),
    pass,
    ...counts({ tests: 3, pass: 2, fail: 0, cancelled: 1 }),
  ];
  const out: TestEvent[] = [];
  for await (const event of joined(each(events), summary)) out.push(event);
  assert.deepEqual(
    out.map(({ type, data }) => (type === 'test:diagnostic' ? data.message : type)),
    ['test:pass', 'tests 99', 'test:pass', 'tests 5', 'pass 3', 'fail 1', 'cancelled 1'],
  );
  assert.equal(summary.failed, 2);
});

test('long tests run only when asked for, and a part of a path selects', () => {
  const files = ['test/long/sim.test.ts', 'src/a.test.ts', 'test/journeys/pickup.test.ts'];
  assert.deepEqual(selectFiles(files, { long: false, filters: [] }), [
    'src/a.test.ts',
    'test/journeys/pickup.test.ts',
  ]);
  assert.equal(selectFiles(files, { long: true, filters: [] }).length, 3);
  assert.deepEqual(selectFiles(files, { long: false, filters: ['journeys/'] }), [
    'test/journeys/pickup.test.ts',
  ]);
});

test('a program is found by its first name that can be run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-peers-'));
  try {
    writeFileSync(join(folder, 'first'), '', { mode: 0o644 });
    writeFileSync(join(folder, 'second'), '', { mode: 0o755 });
    assert.equal(findProgram(['first', 'second'], folder), join(folder, 'second'));
    assert.equal(findProgram(['first'], folder), undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

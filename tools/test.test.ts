import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findProgram } from './peers.ts';
import { groupsOf, selectFiles } from './test.ts';
import { keepSeen, noted, readSeen, type SeenTest, showsGreen } from './test-seen.ts';
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

test('long tests run only when asked for, a part of a path selects, and what lasts longest comes first', () => {
  const files = ['test/long/sim.test.ts', 'src/a.test.ts', 'test/journeys/pickup.test.ts'];
  assert.deepEqual(selectFiles(files, { long: false, filters: [] }), [
    'test/journeys/pickup.test.ts',
    'src/a.test.ts',
  ]);
  assert.equal(selectFiles(files, { long: true, filters: [] }).length, 3);
  assert.deepEqual(selectFiles(files, { long: false, filters: ['journeys/'] }), [
    'test/journeys/pickup.test.ts',
  ]);
});

test('the sabotages begin when all others have ended, and long files run one at a time', () => {
  const files = [
    ...['test/sabotage/sabotage.test.ts', 'test/browser/a.test.ts'],
    ...['test/sim/sabotage.test.ts', 'test/long/sim.test.ts'],
  ];
  assert.deepEqual(
    groupsOf(files).map((group) => group.files),
    [
      ['test/sim/sabotage.test.ts'],
      ['test/browser/a.test.ts'],
      ['test/sabotage/sabotage.test.ts'],
      ['test/long/sim.test.ts'],
    ],
  );
  assert.deepEqual(
    groupsOf(['test/long/a.test.ts', 'test/long/b.test.ts']).map((group) => group.atOnce),
    [1],
  );
});

/** What node:test says of a test of `/r/a.test.ts`. */
const ended = (type: 'pass' | 'fail', name: string, more: object = {}): TestEvent => ({
  type: `test:${type}`,
  data: { nesting: 0, name, file: '/r/helper.ts', entryFile: '/r/a.test.ts', ...more },
});

test('of a run it is kept which outermost tests passed, by the file that was run, for whoever begins later', async () => {
  const seen = new Map<string, SeenTest[]>();
  const events = [
    ended('pass', 'one'),
    ended('pass', 'inner', { nesting: 1 }),
    ended('pass', 'left out', { skip: 'no chromium' }),
    ended('pass', 'to do', { todo: true }),
    ended('fail', 'two'),
    // The file as a whole.
    ended('pass', '/r/a.test.ts', { entryFile: undefined }),
  ];
  const passedOn: TestEvent[] = [];
  for await (const event of noted(each(events), { root: '/r', seen })) passedOn.push(event);
  assert.deepEqual(passedOn, events);
  const before = process.env.HOLDFAST_SEEN;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-seen-'));
  try {
    keepSeen(seen, join(folder, 'seen.json'));
    assert.deepEqual(readSeen().get('a.test.ts'), [
      { name: 'one', passed: true },
      { name: 'left out', passed: false },
      { name: 'to do', passed: false },
      { name: 'two', passed: false },
    ]);
  } finally {
    if (before === undefined) delete process.env.HOLDFAST_SEEN;
    else process.env.HOLDFAST_SEEN = before;
    rmSync(folder, { recursive: true });
  }
});

test('a file shows its named tests green only where all passed, once, and none but named ones ran before them', () => {
  const shows = (names: string[], ...tests: [string, boolean][]) =>
    showsGreen(new Map([['a', tests.map(([name, passed]) => ({ name, passed }))]]), { file: 'a', names });
  assert.equal(shows(['x', 'y'], ['y', true], ['x', true], ['z', false]), true);
  assert.equal(shows(['x'], ['z', true], ['x', true]), false, 'it may live on what z left');
  assert.equal(shows(['x', 'y'], ['x', true], ['y', false]), false);
  assert.equal(shows(['x', 'y'], ['x', true]), false, 'y was not seen');
  assert.equal(shows(['x'], ['x', true], ['x', true]), false, 'which of the two is meant?');
  assert.equal(showsGreen(new Map(), { file: 'a', names: ['x'] }), false);
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

/**
 * What a run of all tests has seen of each file's own tests, in their order. The sabotages run last and need to know
 * which of their tests pass while nothing is broken: what was seen a minute ago need not be run again.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { TestEvent } from './test-summary.ts';

/** Where the finding stands; set by tools/test.ts for whole runs alone. */
const SEEN = 'HOLDFAST_SEEN';

export type SeenTest = { name: string; passed: boolean };
export type Seen = ReadonlyMap<string, readonly SeenTest[]>;

/** Passes the events on and notes the outermost tests. Skipped is not passed. */
export async function* noted(
  events: AsyncIterable<TestEvent>,
  of: { root: string; seen: Map<string, SeenTest[]> },
): AsyncGenerator<TestEvent> {
  for await (const event of events) {
    const { nesting, entryFile, name, skip, todo } = event.data;
    const isEnd = event.type === 'test:pass' || event.type === 'test:fail';
    // A file as a whole, which node:test reports as a test too, has none.
    if (isEnd && nesting === 0 && typeof entryFile === 'string') {
      const path = relative(of.root, entryFile).replaceAll('\\', '/');
      const passed = event.type === 'test:pass' && skip === undefined && todo === undefined;
      of.seen.set(path, [...(of.seen.get(path) ?? []), { name: String(name), passed }]);
    }
    yield event;
  }
}

/** Kept for the processes that begin after this. */
export function keepSeen(seen: Seen, file: string): void {
  writeFileSync(file, JSON.stringify([...seen]));
  process.env[SEEN] = file;
}

export function readSeen(): Seen {
  const file = process.env[SEEN];
  return new Map(
    file === undefined ? [] : (JSON.parse(readFileSync(file, 'utf8')) as [string, SeenTest[]][]),
  );
}

/**
 * True when each of the named tests of the file was seen once and passed, and ran after none but named ones: a run of
 * the named tests alone would be the same run. Otherwise nothing is shown.
 */
export function showsGreen(seen: Seen, of: { file: string; names: readonly string[] }): boolean {
  const tests = seen.get(of.file) ?? [];
  const last = tests.findLastIndex(({ name }) => of.names.includes(name));
  const until = tests.slice(0, last + 1);
  return (
    until.length === of.names.length &&
    until.every(({ name, passed }) => passed && of.names.includes(name)) &&
    new Set(until.map(({ name }) => name)).size === until.length
  );
}

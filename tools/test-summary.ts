/**
 * Several runs of node:test as one: each run ends with its own counts, and only their sum is shown, in the
 * words of node:test, as the last lines of the output.
 */

export type TestEvent = { type: string; data: Record<string, unknown> };

const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) (\d+(?:\.\d+)?)$/;

/** Passes the events on, holds the counts back, and gives their sum at the end. `summary.failed` is set by then. */
export async function* joined(
  events: AsyncIterable<TestEvent>,
  summary: { failed: number },
): AsyncGenerator<TestEvent> {
  const sums = new Map<string, number>();
  for await (const event of events) {
    const count = countIn(event);
    if (count) sums.set(count.name, (sums.get(count.name) ?? 0) + count.value);
    // A run's summary without a file is about the whole run; with one, about that file.
    else if (event.type !== 'test:summary' || event.data.file !== undefined) yield event;
  }
  summary.failed = (sums.get('fail') ?? 0) + (sums.get('cancelled') ?? 0);
  for (const [name, value] of sums) {
    yield { type: 'test:diagnostic', data: { nesting: 0, message: `${name} ${value}`, level: 'info' } };
  }
}

function countIn({ type, data }: TestEvent): { name: string; value: number } | undefined {
  // A test's own diagnostics name their file; the counts of a run do not.
  if (type !== 'test:diagnostic' || data.nesting !== 0 || data.file !== undefined) return undefined;
  const found = COUNT.exec(String(data.message));
  return found?.[1] === undefined ? undefined : { name: found[1], value: Number(found[2]) };
}

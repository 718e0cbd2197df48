import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FILE_ROWS_MAX, type Pages, restOf } from './pages.ts';

const PAGE_ROWS = 100;

/** A list of so many rows, of which one page is here. At the page of `breaksAt` nothing comes any more. */
function listOf(count: number, breaksAt = Number.POSITIVE_INFINITY) {
  const pages: Pages<number>[] = [];
  const grow = () => {
    const from = pages.length * PAGE_ROWS;
    const items = Array.from({ length: Math.min(PAGE_ROWS, count - from) }, (_, n) => from + n);
    pages.push({ items, nextCursor: from + PAGE_ROWS < count ? 'next' : null });
  };
  const now = (isError = false) => ({
    hasNextPage: pages.at(-1)?.nextCursor !== null,
    isError,
    data: { pages: [...pages] },
  });
  grow();
  return {
    ...now(),
    fetchNextPage: async () => {
      if (pages.length >= breaksAt) return now(true);
      grow();
      return now();
    },
  };
}

test('a file of a list that comes in pages holds every row that the list would show, and says how far it is', async () => {
  const said: number[] = [];
  const rest = restOf(listOf(250), (row) => row % 2 === 0);
  assert.equal(rest.isPartial, true);
  const all = await rest.fetchAll((count) => said.push(count));
  assert.equal(all?.isCut, false);
  assert.deepEqual([all?.rows.length, all?.rows.at(-1)], [125, 248]);
  assert.deepEqual(said, [100, 200]);
});

test('a list without an end fills a file of ten thousand rows, which says that it is not all', async () => {
  const all = await restOf(listOf(1_000_000)).fetchAll(() => undefined);
  assert.deepEqual([all?.rows.length, all?.isCut], [FILE_ROWS_MAX, true]);
});

test('there is no file of which rows are missing because they did not come', async () =>
  assert.equal(await restOf(listOf(500, 3)).fetchAll(() => undefined), null));

/** Questions for lists that come in pages. */
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { Api } from '../api.ts';

export type Pages<Row> = { items: Row[]; nextCursor: string | null };

type PagesOf = {
  api: Api;
  key: QueryKey;
  /** The address of the page that begins at a cursor; of the first one at null. */
  address(cursor: string | null): string;
  againMs?: number;
};

export function usePages<Row, Answer extends Pages<Row> = Pages<Row>>({
  api,
  key,
  address,
  againMs,
}: PagesOf) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => api.get<Answer>(address(pageParam), signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    ...(againMs === undefined ? {} : { refetchInterval: againMs }),
  });
}
export type Rows<Row> = ReturnType<typeof usePages<Row>>;

export function rowsOf<Row>(data: { pages: readonly Pages<Row>[] }): Row[] {
  return data.pages.flatMap(({ items }) => items);
}

/** What a list's file needs to hold more than what is shown. */
export type Rest<Row> = {
  /** There are more rows than are here. */
  isPartial: boolean;
  /** Fetches them, and tells how many are here; what the list leaves out is left out. Null: not all of them came. */
  fetchAll(tell: (count: number) => void): Promise<{ rows: Row[]; isCut: boolean } | null>;
};

/** A file is for a spreadsheet, and each page is a question to the server. */
export const FILE_ROWS_MAX = 10_000;
/** Twice as many as such a file needs of the shortest pages: news may cut a page off, and it is asked for again. */
const FILE_PAGES_MAX = 400;

type PagesSoFar<Row> = {
  hasNextPage: boolean;
  isError: boolean;
  data: { pages: readonly Pages<Row>[] } | undefined;
};
type Growing<Row> = PagesSoFar<Row> & { fetchNextPage(): Promise<PagesSoFar<Row>> };

/** Whoever filters what is loaded says what stays. */
export function restOf<Row>(rows: Growing<Row>, stays: (row: Row) => boolean = () => true): Rest<Row> {
  return {
    isPartial: rows.hasNextPage,
    async fetchAll(tell) {
      let now: PagesSoFar<Row> = rows;
      for (let asked = 0; now.hasNextPage && asked < FILE_PAGES_MAX; asked++) {
        const count = now.data ? rowsOf(now.data).length : 0;
        if (count >= FILE_ROWS_MAX) break;
        tell(count);
        now = await rows.fetchNextPage();
        if (now.isError) return null;
      }
      const all = now.data ? rowsOf(now.data) : [];
      return { rows: all.filter(stays), isCut: now.hasNextPage };
    },
  };
}

const ROWS_A_PAGE_MAX = 200;

/** Every row of a list, page by page, for what has to know them all: the names in a filter, for one. */
export async function everyRow<Row>(api: Api, path: string, signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const first = path.includes('?') ? '&' : '?';
    const page: Pages<Row> = await api.get(`${path}${first}limit=${ROWS_A_PAGE_MAX}${from}`, signal);
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

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

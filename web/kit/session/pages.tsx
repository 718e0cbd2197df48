/** Lists that come in pages: the question, and the foot of the list that asks for more. */
import { type QueryKey, useInfiniteQuery } from '@tanstack/react-query';
import type { Api } from '../api.ts';
import { Button } from '../button.tsx';
import { t } from './messages.ts';
import { ProblemNotice } from './problem.tsx';

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

type MoreProps = {
  rows: Pick<
    Rows<unknown>,
    'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error' | 'isError'
  > & { fetchNextPage(): Promise<{ hasNextPage: boolean; isError: boolean } & { fetchNextPage(): unknown }> };
};

/** The foot of a list that comes in pages. */
export function More({ rows }: MoreProps) {
  const showAll = async (): Promise<void> => {
    let page = await rows.fetchNextPage();
    while (page.hasNextPage && !page.isError) page = await rows.fetchNextPage();
  };
  return (
    <>
      {rows.isFetchNextPageError && rows.error && (
        <ProblemNotice problem={rows.error} onRetry={() => void rows.fetchNextPage()} />
      )}
      {rows.hasNextPage && (
        <div className="k-row">
          <Button busy={rows.isFetchingNextPage} onClick={() => void rows.fetchNextPage()}>
            {t('more')}
          </Button>
          <Button tone="quiet" disabled={rows.isFetchingNextPage} onClick={() => void showAll()}>
            {t('all')}
          </Button>
        </div>
      )}
    </>
  );
}

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
    const page: Pages<Row> = await api.get(`${path}?limit=${ROWS_A_PAGE_MAX}${from}`, signal);
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return rows;
}

/** The foot of a list that comes in pages: a button for the next one, and one for all that are left. */
import { Button } from '../button.tsx';
import { t } from './messages.ts';
import type { Rows } from './pages.ts';
import { ProblemNotice } from './problem.tsx';

type MoreProps = {
  rows: Pick<
    Rows<unknown>,
    'hasNextPage' | 'isFetchingNextPage' | 'isFetchNextPageError' | 'error' | 'isError'
  > & { fetchNextPage(): Promise<{ hasNextPage: boolean; isError: boolean } & { fetchNextPage(): unknown }> };
};

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
          <Button tone="quiet" busy={rows.isFetchingNextPage} onClick={() => void showAll()}>
            {t('all')}
          </Button>
        </div>
      )}
    </>
  );
}

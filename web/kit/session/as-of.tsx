/** The age of what a page shows, and what it shows instead where nothing is known. */
import { type UseQueryResult, useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from '../button.tsx';
import { useNow } from '../clock.ts';
import { Icon } from '../icon.tsx';
import { Notice } from '../notice.tsx';
import { formatAgo, formatDayTime, formatTime } from '../time.ts';
import { asOfMs, dayBeganMs } from './age.ts';
import { t } from './messages.ts';
import { useOnline } from './online.ts';
import { isUnanswered } from './phone.ts';
import { type Asked, Loading, ProblemNotice } from './problem.tsx';

type Dated = Pick<UseQueryResult<unknown>, 'data' | 'error' | 'dataUpdatedAt' | 'refetch'>;

const RENEW_MS = 10_000;

/** Since when what these questions show stands still, or null while it is current. */
export function useAsOf(asked: readonly Dated[]): { atMs: number | null; nowMs: number } {
  const nowMs = useNow(RENEW_MS);
  const online = useOnline();
  const shown = asked.map(({ data, error, dataUpdatedAt }) => ({
    dataUpdatedAt,
    isKnown: data !== undefined,
    isUnanswered: isUnanswered(error),
  }));
  return { atMs: asOfMs(shown, { online, nowMs }), nowMs };
}

export function AsOf({ asked }: { asked: readonly Dated[] }) {
  const { atMs, nowMs } = useAsOf(asked);
  // What the page asks by itself does not show: a notice that blinks is not calm.
  const again = useMutation({ mutationFn: () => Promise.all(asked.map(({ refetch }) => refetch())) });
  if (atMs === null) return null;
  const time = atMs >= dayBeganMs(nowMs) ? formatTime(atMs) : formatDayTime(atMs);
  // Only the first sentence is said aloud: the age changes by itself.
  return (
    <div className="k-notice k-notice-warn p-as-of">
      <Icon name="networkOff" size={26} />
      <div className="k-stack-tight">
        <p className="k-notice-title" role="status">
          {t('old')}
        </p>
        <p>
          <strong>{t('old.asOf', { time, ago: formatAgo(atMs, nowMs) })}</strong> {t('old.text')}
        </p>
        <Button icon="again" busy={again.isPending} onClick={() => again.mutate()}>
          {t('retry')}
        </Button>
      </div>
    </div>
  );
}

type KnownProps<Data> = { query: Asked<Data>; children: (data: Data) => ReactNode };

/** What is known, whatever its age: `AsOf` says that. Where nothing is known, why not. */
export function Known<Data>({ query, children }: KnownProps<Data>) {
  const { data, error, refetch, isFetchNextPageError = false } = query;
  const again = () => void refetch();
  if (data !== undefined)
    return (
      <>
        {error && !isUnanswered(error) && !isFetchNextPageError && (
          <ProblemNotice problem={error} title={t('problem.load')} onRetry={again} />
        )}
        {children(data)}
      </>
    );
  if (!error) return <Loading />;
  if (!isUnanswered(error))
    return <ProblemNotice problem={error} title={t('problem.load')} onRetry={again} />;
  return (
    <Notice tone="warn" title={t('unknown')}>
      <div className="k-stack-tight s-problem">
        <p>{t('unknown.text')}</p>
        <Button icon="again" onClick={again}>
          {t('retry')}
        </Button>
      </div>
    </Notice>
  );
}

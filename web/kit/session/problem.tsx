/** What a page shows while it waits, and when an answer is a "no". */
import type { UseQueryResult } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { ApiProblem } from '../api.ts';
import { Button } from '../button.tsx';
import { after } from '../clock.ts';
import { BASE, LANGUAGES } from '../languages.ts';
import { Notice } from '../notice.tsx';
import './session.css';
import { t } from './messages.ts';
import { useOnline } from './online.ts';
import { refusalOf } from './refusal.ts';

/** Longer than an answer takes over a poor line; from here on, silence would look like a page that is broken. */
const SLOW_MS = 5_000;

export function Loading() {
  const [slow, setSlow] = useState(false);
  useEffect(() => after(SLOW_MS, () => setSlow(true)), []);
  return (
    <p className="k-muted" role="status">
      {t('loading')} {slow && t('slow')}
    </p>
  );
}

type ProblemNoticeProps = { problem: Error; title?: string; onRetry?: () => void };

/** A detail of the server is in English, whatever is spoken; a denial's reason stands as the closed word that it is. */
export function ProblemNotice({ problem, title = t('problem.act'), onRetry }: ProblemNoticeProps) {
  const reason = problem instanceof ApiProblem ? problem.reason : null;
  const { says, detail } = refusalOf(problem);
  return (
    <Notice tone="bad" title={title} live="assertive">
      <div className="k-stack-tight s-problem">
        <p>{says}</p>
        {detail !== null && <p lang={LANGUAGES[BASE].tag}>{detail}</p>}
        {reason !== null && <p>{t('problem.reason', { reason })}</p>}
        {onRetry && (
          <Button icon="again" onClick={onRetry}>
            {t('retry')}
          </Button>
        )}
      </div>
    </Notice>
  );
}

export function OfflineNotice() {
  const online = useOnline();
  if (online) return null;
  return (
    <Notice tone="warn" title={t('offline')}>
      {t('offline.text')}
    </Notice>
  );
}

export type Asked<Data> = Pick<UseQueryResult<Data>, 'data' | 'error' | 'refetch'> & {
  /** Of a list: what failed is its next page, which `More` says at its foot. */
  isFetchNextPageError?: boolean;
};
type AnsweredProps<Data> = { query: Asked<Data>; children: (data: Data) => ReactNode };

/** What was loaded once stays visible under a later problem: old facts and a notice beat a blank page. */
export function Answered<Data>({ query, children }: AnsweredProps<Data>) {
  const { data, error, refetch, isFetchNextPageError = false } = query;
  return (
    <>
      {error && !isFetchNextPageError && (
        <ProblemNotice problem={error} title={t('problem.load')} onRetry={() => void refetch()} />
      )}
      {data !== undefined ? children(data) : !error && <Loading />}
    </>
  );
}

/** What the server said about one field of a form, by the field's name. */
export function fieldProblem(problem: Error | null, field: string): string | null {
  if (!(problem instanceof ApiProblem)) return null;
  return problem.fields.find(({ path }) => path.split(/[./]/).at(-1) === field)?.expected ?? null;
}

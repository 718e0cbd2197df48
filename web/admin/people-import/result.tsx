/** The import while it runs, and what became of it. */
import { useEffect, useRef } from 'react';
import type { ImportPreviewed } from '../../../src/contract/http/people-import.ts';
import { Button, LinkButton } from '../../kit/button.tsx';
import { Card, Facts } from '../../kit/card.tsx';
import { downloadCsv } from '../../kit/download.ts';
import { Notice } from '../../kit/notice.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { fragmentOf } from '../routes.ts';
import { t } from './messages.ts';
import type { Run } from './run.ts';
import { leftOut, leftOutRows } from './says.ts';

type ResultProps = { run: Run; preview: ImportPreviewed; onGoOn: () => void; onAnother: () => void };

export function Result({ run, preview, onGoOn, onAnother }: ResultProps) {
  const place = useRef<HTMLDivElement>(null);
  const { busy, problem, total } = run;
  const done = run.outcomes.size;
  // The button that was pressed is gone; a keyboard goes on from what came of it.
  useEffect(() => {
    if (!busy) place.current?.focus();
  }, [busy]);
  return (
    <div ref={place} tabIndex={-1} className="k-stack i-result">
      {busy && (
        <Card title={t('run.title')}>
          <progress className="i-progress" aria-label={t('run.progress')} value={done} max={total} />
          <p role="status">{t('run.at', { done, total })}</p>
          <p className="k-muted">{t('run.stay')}</p>
        </Card>
      )}
      {problem && (
        <ProblemNotice problem={problem} title={t('run.stopped', { done, total })} onRetry={onGoOn} />
      )}
      {!busy && <Done run={run} preview={preview} onAnother={onAnother} />}
    </div>
  );
}

function Done({ run, preview, onAnother }: Omit<ResultProps, 'onGoOn'>) {
  const outcomes = [...run.outcomes.values()];
  const count = (of: 'added' | 'changed'): number =>
    outcomes.filter((outcome) => 'done' in outcome && outcome.done === of).length;
  const same = preview.rows.filter(({ verdict }) => verdict === 'same').length;
  const left = leftOut(preview, run.outcomes).length;
  const take = (): void => downloadCsv(t('done.fileName'), leftOutRows(preview, run.outcomes));
  return (
    <Card title={t('done.title')}>
      <Facts
        items={[
          { term: t('done.added'), fact: count('added') },
          { term: t('done.changed'), fact: count('changed') },
          { term: t('done.same'), fact: same },
          { term: t('done.not'), fact: left },
        ]}
      />
      {left === 0 && <Notice tone="good" title={t('done.all')} />}
      {left > 0 && (
        <Notice tone="warn" title={t('done.some', { count: left })}>
          {t('done.someSays')}
        </Notice>
      )}
      <div className="k-row">
        {left > 0 && (
          <Button tone="go" icon="download" onClick={take}>
            {t('done.download')}
          </Button>
        )}
        <Button onClick={onAnother}>{t('done.another')}</Button>
        <LinkButton href={fragmentOf({ at: 'people' })}>{t('back')}</LinkButton>
      </div>
    </Card>
  );
}

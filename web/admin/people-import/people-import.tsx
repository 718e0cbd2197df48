/** A list of residents on its way in: the file, how it was read, what will happen, and what became of it. */
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ImportPreviewed } from '../../../src/contract/http/people-import.ts';
import { LinkButton } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { Notice } from '../../kit/notice.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { PageHead } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { session, useSites } from '../session.ts';
import { SiteField } from '../site-field.tsx';
import { ColumnsCard, type Settings } from './columns.tsx';
import { type Chosen, contentOf, FileCard, type FileProblem } from './file.tsx';
import './import.css';
import { t } from './messages.ts';
import { Result } from './result.tsx';
import { RowsCard } from './rows.tsx';
import { siteIn, toDo, useRun } from './run.ts';

const LOOK: Settings = { header: null, fields: null, country: null };
const NONE: ReadonlySet<number> = new Set();

type Asked = { file: File | Chosen; site: string; settings: Settings };
type Read = { chosen: Chosen; site: string; settings: Settings; preview: ImportPreviewed };

async function readList({ file, site, settings }: Asked): Promise<Read> {
  const chosen = file instanceof File ? { name: file.name, base64: await contentOf(file) } : file;
  const preview = await session.api.post<ImportPreviewed>(session.path('people/import/preview'), {
    file: chosen.base64,
    ...settings,
    ...siteIn(site),
  });
  return { chosen, site, settings, preview };
}

function countsOf({ rows }: ImportPreviewed) {
  const count = (...verdicts: string[]): number =>
    rows.filter(({ verdict }) => verdicts.includes(verdict)).length;
  return {
    new: count('new'),
    change: count('change'),
    same: count('same'),
    left: count('duplicate', 'bad'),
  };
}

export function PeopleImport() {
  const [read, setRead] = useState<Read | null>(null);
  const [site, setSite] = useState('');
  const sites = useSites().data ?? [];
  const asksSite = sites.length > 1;
  const [ticked, setTicked] = useState(NONE);
  const [refused, setRefused] = useState<FileProblem | null>(null);
  const { run, start, goOn, forget } = useRun();
  const ask = useMutation({ mutationFn: readList, onSuccess: setRead });
  const look = (asked: Asked): void => {
    setRefused(null);
    setTicked(NONE);
    forget();
    ask.mutate(asked);
  };
  const another = (): void => {
    setRead(null);
    ask.reset();
    forget();
  };
  const chooseSite = (chosen: string): void => {
    setSite(chosen);
    another();
  };
  // The country is the building's, and stays from file to file.
  const chooseFile = (file: File): void => {
    setRead(null);
    look({ file, site, settings: { ...LOOK, country: read?.settings.country ?? null } });
  };
  return (
    <>
      <PageHead title={t('title')} lead={t('lead')}>
        <LinkButton href={fragmentOf({ at: 'people' })}>{t('back')}</LinkButton>
      </PageHead>
      {run === null && asksSite && (
        <Card title={t('site.title')}>
          <p>{t('site.says')}</p>
          <SiteField sites={sites} site={site} onSite={chooseSite} />
        </Card>
      )}
      {run === null && !(asksSite && site === '') && (
        <FileCard chosen={read !== null} onFile={chooseFile} onProblem={setRefused} />
      )}
      <p className="k-hidden" role="status">
        {ask.isPending && t('file.reading', { name: ask.variables.file.name })}
        {!ask.isPending && read && run === null && t('rows.status', countsOf(read.preview))}
      </p>
      {refused && (
        <Notice tone="bad" title={refused.title} live="assertive">
          {refused.says}
        </Notice>
      )}
      {ask.isPending && <p className="k-muted">{t('file.reading', { name: ask.variables.file.name })}</p>}
      {ask.error && (
        <ProblemNotice
          problem={ask.error}
          title={t('file.failed', { name: ask.variables?.file.name ?? '' })}
        />
      )}
      {read && run === null && (
        <ColumnsCard
          preview={read.preview}
          fileName={read.chosen.name}
          settings={read.settings}
          onSettings={(settings) => look({ file: read.chosen, site: read.site, settings })}
        />
      )}
      {read && run === null && read.preview.asks.length === 0 && (
        <RowsCard
          key={JSON.stringify(read.settings)}
          preview={read.preview}
          ticked={ticked}
          onTicked={setTicked}
          busy={ask.isPending}
          onImport={() => start(toDo(read.preview, ticked), read.site)}
        />
      )}
      {read && run && <Result run={run} preview={read.preview} onGoOn={goOn} onAnother={another} />}
    </>
  );
}

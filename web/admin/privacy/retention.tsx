/** How long who moved out is kept: what holds, whom another time would concern, and every legal hold that stands. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { z } from 'zod';
import type * as contract from '../../../src/contract/http/privacy.ts';
import { Badge } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { Card, Facts } from '../../kit/card.tsx';
import { TextField } from '../../kit/field.tsx';
import { useCaughtFocus } from '../../kit/focus.ts';
import { Notice } from '../../kit/notice.tsx';
import { Answered, ProblemNotice } from '../../kit/session/problem.tsx';
import { formatDate } from '../../kit/time.ts';
import { t as app } from '../messages.ts';
import { PageHead } from '../parts.tsx';
import { queryOf } from '../routes.ts';
import { changed, session } from '../session.ts';
import './retention.css';
import { t } from './retention-messages.ts';
import { StandingHolds } from './standing-holds.tsx';

type Privacy = z.infer<typeof contract.privacy>;
type Preview = z.infer<typeof contract.retentionPreview>;

const DAYS_MAX = 3650;

const usePrivacy = (days: number | null) =>
  useQuery({
    queryKey: ['people', 'retention', days],
    queryFn: ({ signal }) => session.api.get<Privacy>(session.path('privacy') + queryOf({ days }), signal),
  });

export function Retention() {
  const standing = usePrivacy(null);
  const [said, setSaid] = useState<string | null>(null);
  useCaughtFocus(standing.data?.movedOutDays);
  return (
    <>
      <PageHead title={app('section.retention')} lead={t('retention.lead')} />
      {said !== null && <Notice tone="good" title={said} />}
      <Answered query={standing}>
        {(data) => (
          <>
            <div className="a-halves">
              <Standing {...data} onDone={setSaid} />
              <Change key={data.movedOutDays} now={data.movedOutDays} onDone={setSaid} />
            </div>
            <StandingHolds {...data} onDone={setSaid} />
          </>
        )}
      </Answered>
    </>
  );
}

type Done = { onDone: (said: string) => void };

function useSet({ onDone }: Done) {
  return useMutation({
    mutationFn: (movedOutDays: number | null) => session.api.post(session.path('privacy'), { movedOutDays }),
    onSuccess: async (_, days) => {
      await changed('people');
      onDone(days === null ? t('retention.wasStopped') : t('retention.wasSet', { count: days }));
    },
  });
}

function Standing({ movedOutDays, removed, erased, run, onDone }: Privacy & Done) {
  const setting = useSet({ onDone });
  const night = run ? t('retention.night', { ...run, at: formatDate(run.atMs) }) : t('retention.noNight');
  return (
    <Card title={t('retention.now')}>
      <p className="a-sentence">
        {movedOutDays === null ? t('retention.off') : t('retention.on', { count: movedOutDays })}
      </p>
      <Facts
        items={[
          { term: t('retention.removed'), fact: removed },
          { term: t('retention.erased'), fact: erased },
          { term: t('retention.lastNight'), fact: night },
        ]}
      />
      {setting.error && <ProblemNotice problem={setting.error} />}
      {movedOutDays !== null && (
        <div className="k-row">
          <Button busy={setting.isPending} onClick={() => setting.mutate(null)}>
            {t('retention.stop')}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** A whole number that the schedule takes; null for anything else. */
function daysIn(typed: string): number | null {
  const days = /^\d{1,4}$/.test(typed.trim()) ? Number(typed) : 0;
  return days >= 1 && days <= DAYS_MAX ? days : null;
}

/** Nothing is set that was not previewed: another number typed takes the preview away, and the button with it. */
function Change({ now, onDone }: Done & { now: number | null }) {
  const [typed, setTyped] = useState(now === null ? '' : String(now));
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState<number | null>(null);
  const days = daysIn(typed);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    setAsked(days);
  };
  return (
    <Card title={t('retention.change')}>
      <form className="k-stack" onSubmit={submit} noValidate>
        <TextField
          label={t('retention.days')}
          hint={t('retention.daysHint', { max: DAYS_MAX })}
          value={typed}
          inputMode="numeric"
          autoComplete="off"
          error={tried && days === null ? t('retention.daysShape', { max: DAYS_MAX }) : null}
          onChange={(event) => setTyped(event.target.value)}
        />
        <div className="k-row">
          <Button type="submit">{t('retention.preview')}</Button>
        </div>
      </form>
      {asked !== null && asked === days && <Previewed days={asked} onDone={onDone} />}
    </Card>
  );
}

function Previewed({ days, onDone }: Done & { days: number }) {
  const answer = usePrivacy(days);
  const setting = useSet({ onDone });
  return (
    <Answered query={answer}>
      {({ preview, movedOutDays }) =>
        preview && (
          <section className="a-preview" aria-label={t('retention.previewOf', { count: days })}>
            <h3>{t('retention.previewOf', { count: days })}</h3>
            <p role="status">{dueSentence(preview)}</p>
            {preview.due > 0 && <Tonight {...preview} />}
            {setting.error && <ProblemNotice problem={setting.error} />}
            {days !== movedOutDays && (
              <div className="k-row">
                <Button tone="danger" busy={setting.isPending} onClick={() => setting.mutate(days)}>
                  {t('retention.set', { count: days })}
                </Button>
              </div>
            )}
          </section>
        )
      }
    </Answered>
  );
}

function dueSentence({ due, longestGoneAtMs }: Preview): string {
  if (longestGoneAtMs === null) return t('retention.dueNone');
  return t('retention.due', { count: due, at: formatDate(longestGoneAtMs) });
}

function Tonight({ due, tonight }: Preview) {
  const { erased, held, waiting } = tonight;
  const looked = erased + held + waiting;
  return (
    <>
      <h4>{t('retention.tonight')}</h4>
      <ul className="a-counts">
        <li>
          <Badge tone={erased > 0 ? 'bad' : 'plain'} icon="erase">
            {erased}
          </Badge>
          {t('retention.wouldErase')}
        </li>
        <li>
          <Badge tone="plain" icon="lock">
            {held}
          </Badge>
          {t('retention.wouldHold')}
        </li>
        <li>
          <Badge tone="plain" icon="clock">
            {waiting}
          </Badge>
          {t('retention.wouldWait')}
        </li>
      </ul>
      {due > looked && <p className="k-muted">{t('retention.later', { count: looked })}</p>}
    </>
  );
}

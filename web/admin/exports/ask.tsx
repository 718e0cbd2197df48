/** Asking for a bundle: why, for whom, of what, encrypted to what. Counting first changes nothing. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { EXPORT_RECORDS_MAX, type ExportPreview } from '../../../src/contract/http/exports.ts';
import { Button } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { isHalfTyped, TextField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { ProblemNotice } from '../../kit/session/problem.tsx';
import { exactTime } from '../parts.tsx';
import { session } from '../session.ts';
import { t } from './messages.ts';
import { Sealing } from './receiver.tsx';
import { Opened, Which } from './which.tsx';
import { askOf, faultsOf, type Incident, NO_WISH, selectionOf, unclearIn, type Wish } from './wish.ts';

const PURPOSE_MAX = 1_000;
const NAME_MAX = 200;

type AskProps = { incident: Incident | null; onAsked: (receiver: string) => void };

export function Ask({ incident, onAsked }: AskProps) {
  const [wish, setWish] = useState<Wish>({ ...NO_WISH, incident });
  const [tried, setTried] = useState(false);
  const counting = useMutation({
    mutationFn: (of: Wish) =>
      session.api.post<ExportPreview>(session.path('exports/preview'), { selection: selectionOf(of) }),
  });
  const asking = useMutation({
    mutationFn: (of: Wish) => session.api.post(session.path('exports'), askOf(of)),
    onSuccess: async (_, { receiver }) => {
      setWish(NO_WISH);
      setTried(false);
      counting.reset();
      await session.client.invalidateQueries({ queryKey: ['exports'] });
      onAsked(receiver);
    },
  });
  const found = faultsOf(wish);
  const unclear = unclearIn(wish);
  const faults = tried ? found : unclear;
  const form = useRef<HTMLFormElement>(null);
  const isHalf = (): boolean => form.current !== null && isHalfTyped(form.current);
  const turn = (next: Partial<Wish>): void => {
    setWish((now) => ({ ...now, ...next }));
    counting.reset();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!isHalf() && found.size === 0) asking.mutate(wish);
  };
  const count = (): void => {
    if (!isHalf()) counting.mutate(wish);
  };
  const part = { wish, faults, onWish: turn };
  const problem = asking.error ?? counting.error;
  return (
    <Card title={t('ask.title')}>
      <form ref={form} className="k-stack" onSubmit={submit} noValidate>
        <div className="x-fields">
          <TextField
            {...{ label: t('ask.purpose'), hint: t('ask.purposeHint'), value: wish.purpose }}
            {...{ maxLength: PURPOSE_MAX, autoComplete: 'off' }}
            error={faults.has('purpose') ? t('ask.needed') : null}
            onChange={({ target }) => turn({ purpose: target.value })}
          />
          <TextField
            {...{ label: t('ask.receiver'), value: wish.receiver, maxLength: NAME_MAX, autoComplete: 'off' }}
            error={faults.has('receiver') ? t('ask.needed') : null}
            onChange={({ target }) => turn({ receiver: target.value })}
          />
        </div>
        <Which {...part} />
        <Opened {...part} />
        <Sealing {...part} />
        {counting.data && <Counted preview={counting.data} />}
        {problem && <ProblemNotice problem={problem} />}
        <div className="k-row">
          <Button
            type="submit"
            tone="go"
            busy={asking.isPending}
            disabled={counting.data?.isTooMany === true}
          >
            {t('ask.make')}
          </Button>
          <Button busy={counting.isPending} disabled={unclear.size > 0} onClick={count}>
            {t('ask.count')}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function Counted({ preview: { records, isTooMany, sources } }: { preview: ExportPreview }) {
  if (records === 0) return <Notice tone="warn" title={t('count.none')} />;
  const max = EXPORT_RECORDS_MAX.toLocaleString();
  return (
    <Notice tone={isTooMany ? 'warn' : 'info'} title={t('count.title', { count: records.toLocaleString() })}>
      {isTooMany && <p>{t('count.many', { max })}</p>}
      <ul>
        {sources.map(({ source, name, records: count, firstMs, lastMs }) => (
          <li key={source}>
            {t('count.source', {
              ...{ name: name ?? t('count.cloud'), count: count.toLocaleString() },
              ...{ from: exactTime(firstMs), to: exactTime(lastMs) },
            })}
          </li>
        ))}
      </ul>
    </Notice>
  );
}

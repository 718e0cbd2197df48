/** Erases a person for good, after the word was typed; places legal holds over them, and lifts those. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { z } from 'zod';
import type * as contract from '../../../src/contract/http/privacy.ts';
import { Button } from '../../kit/button.tsx';
import { Dialog } from '../../kit/dialog.tsx';
import { TextField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { Answered, ProblemNotice } from '../../kit/session/problem.tsx';
import { formatDate } from '../../kit/time.ts';
import { changed, type PersonRow, session } from '../session.ts';
import { t } from './messages.ts';

type PersonPrivacy = z.infer<typeof contract.personPrivacy>;
type EraseAnswer = z.infer<typeof contract.eraseAnswer>;

const REASON_MAX = 1_000;

type Said = { onDone: (said: string) => void };
type PrivacyDialogProps = Said & { person: PersonRow | null; onClose: () => void };

const pathOf = ({ id }: PersonRow, act: 'privacy' | 'erase' | 'hold' | 'release') =>
  session.path(`people/${encodeURIComponent(id)}/${act}`);

export function PrivacyDialog({ person, onClose, onDone }: PrivacyDialogProps) {
  return (
    <Dialog
      open={person !== null}
      title={person ? t('privacy.title', { name: person.name }) : ''}
      onClose={onClose}
    >
      {person && <Standing person={person} onDone={onDone} />}
    </Dialog>
  );
}

function Standing({ person, onDone }: Said & { person: PersonRow }) {
  const standing = useQuery({
    queryKey: ['people', 'privacy', person.id],
    queryFn: ({ signal }) => session.api.get<PersonPrivacy>(pathOf(person, 'privacy'), signal),
  });
  return (
    <Answered query={standing}>
      {({ holds, waiting }) => (
        <div className="k-stack">
          <Holds holds={holds} />
          <HoldForm person={person} isHeld={holds.length > 0} onDone={onDone} />
          {holds.length === 0 && <EraseForm person={person} waiting={waiting} onDone={onDone} />}
        </div>
      )}
    </Answered>
  );
}

function Holds({ holds }: Pick<PersonPrivacy, 'holds'>) {
  const sentence = ({ placedAtMs, untilMs, placedBy, reason }: PersonPrivacy['holds'][number]) => {
    const by = placedBy ?? t('privacy.operator');
    const of = { at: formatDate(placedAtMs), by, reason: reason ?? t('privacy.unreadable') };
    return untilMs === null
      ? t('privacy.hold', of)
      : t('privacy.holdUntil', { ...of, until: formatDate(untilMs) });
  };
  return (
    <section className="k-stack-tight" aria-label={t('privacy.holds')}>
      <h3>{t('privacy.holds')}</h3>
      {holds.length === 0 && <p className="k-muted">{t('privacy.noHold')}</p>}
      <ul>
        {holds.map((hold) => (
          <li key={hold.id}>{sentence(hold)}</li>
        ))}
      </ul>
    </section>
  );
}

function HoldForm({ person, isHeld, onDone }: Said & { person: PersonRow; isHeld: boolean }) {
  const [reason, setReason] = useState('');
  const [until, setUntil] = useState('');
  const [tried, setTried] = useState(false);
  const changing = useMutation({
    mutationFn: () => {
      const said = { reason: reason.trim() };
      return isHeld
        ? session.api.post(pathOf(person, 'release'), said)
        : session.api.post(pathOf(person, 'hold'), {
            ...said,
            untilMs: until === '' ? null : Date.parse(until),
          });
    },
    onSuccess: async () => {
      await changed('people');
      onDone(t(isHeld ? 'privacy.lifted' : 'privacy.placed', { name: person.name }));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (reason.trim()) changing.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <TextField
        label={t('privacy.reason')}
        hint={t('privacy.reasonHint')}
        value={reason}
        maxLength={REASON_MAX}
        autoComplete="off"
        error={tried && !reason.trim() ? t('privacy.needed') : null}
        onChange={(event) => setReason(event.target.value)}
      />
      {!isHeld && (
        <TextField
          label={t('privacy.until')}
          hint={t('privacy.untilHint')}
          type="date"
          value={until}
          onChange={(event) => setUntil(event.target.value)}
        />
      )}
      {changing.error && <ProblemNotice problem={changing.error} />}
      <div className="k-row">
        <Button type="submit" busy={changing.isPending}>
          {t(isHeld ? 'privacy.lift' : 'privacy.place')}
        </Button>
      </div>
    </form>
  );
}

type EraseFormProps = Said & Pick<PersonPrivacy, 'waiting'> & { person: PersonRow };

function EraseForm({ person, waiting, onDone }: EraseFormProps) {
  const [typed, setTyped] = useState('');
  const [tried, setTried] = useState(false);
  const word = t('privacy.word');
  const erasing = useMutation({
    mutationFn: () => session.api.post<EraseAnswer>(pathOf(person, 'erase'), { confirm: 'erase' }),
    onSuccess: async (answer) => {
      await changed('people', 'parcels');
      if (answer.is === 'erased') onDone(sentenceOf(person.name, answer.exportsOut));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (typed === word) erasing.mutate();
  };
  return (
    <form className="k-stack" onSubmit={submit} noValidate aria-label={t('privacy.erase')}>
      <h3>{t('privacy.erase')}</h3>
      <p>{t('privacy.eraseSays')}</p>
      {waiting.length > 0 && (
        <Notice tone="warn" title={t('privacy.first')}>
          <ul>
            {waiting.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        </Notice>
      )}
      {erasing.data?.is === 'held' && <Notice tone="warn" title={t('privacy.held')} />}
      <TextField
        label={t('privacy.confirm', { word })}
        value={typed}
        autoComplete="off"
        disabled={waiting.length > 0}
        error={tried && typed !== word ? t('privacy.mistyped', { word }) : null}
        onChange={(event) => setTyped(event.target.value)}
      />
      {erasing.error && <ProblemNotice problem={erasing.error} />}
      <div className="k-row">
        <Button type="submit" tone="danger" busy={erasing.isPending} disabled={waiting.length > 0}>
          {t('privacy.erase')}
        </Button>
      </div>
    </form>
  );
}

const sentenceOf = (name: string, count: number): string =>
  count === 0 ? t('privacy.erasedAll', { name }) : t('privacy.erased', { name, count });

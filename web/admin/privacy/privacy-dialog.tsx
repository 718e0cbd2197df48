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
import { changed, session } from '../session.ts';
import { HoldForm, Holds } from './holding.tsx';
import { t } from './messages.ts';

type PersonPrivacy = z.infer<typeof contract.personPrivacy>;
type EraseAnswer = z.infer<typeof contract.eraseAnswer>;

/** Whoever it is about, also one who moved out. */
export type Person = { id: string; name: string };

type Said = { onDone: (said: string) => void };
type PrivacyDialogProps = Said & {
  person: Person | null;
  onClose: () => void;
  /** Open until the person is erased: the page beneath shows them only while a hold stands. */
  stays?: boolean;
};

const pathOf = ({ id }: Person, act: 'privacy' | 'erase') =>
  session.path(`people/${encodeURIComponent(id)}/${act}`);

export function PrivacyDialog({ person, onClose, onDone, stays = false }: PrivacyDialogProps) {
  return (
    <Dialog
      open={person !== null}
      title={person ? t('privacy.title', { name: person.name }) : ''}
      onClose={onClose}
    >
      {person && <Standing {...{ person, onDone, stays }} />}
    </Dialog>
  );
}

function Standing({ person, onDone, stays }: Said & { person: Person; stays: boolean }) {
  const [said, setSaid] = useState('');
  const held = stays ? setSaid : onDone;
  const standing = useQuery({
    queryKey: ['people', 'privacy', person.id],
    queryFn: ({ signal }) => session.api.get<PersonPrivacy>(pathOf(person, 'privacy'), signal),
  });
  return (
    <Answered query={standing}>
      {({ holds, waiting }) => (
        <div className="k-stack">
          <Holds holds={holds} none={t('privacy.noHold')} />
          <HoldForm
            path={session.path(`people/${encodeURIComponent(person.id)}`)}
            isHeld={holds.length > 0}
            topic="people"
            onDone={(stands) => held(t(stands ? 'privacy.placed' : 'privacy.lifted', { name: person.name }))}
          />
          <p role="status" className="k-muted">
            {said}
          </p>
          {holds.length === 0 && <EraseForm person={person} waiting={waiting} onDone={onDone} />}
        </div>
      )}
    </Answered>
  );
}

type EraseFormProps = Said & Pick<PersonPrivacy, 'waiting'> & { person: Person };

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

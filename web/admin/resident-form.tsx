/** Adds a resident, or changes one. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useId, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { CheckField, TextField } from '../kit/field.tsx';
import { Notice } from '../kit/notice.tsx';
import { fieldProblem, ProblemNotice } from '../kit/session/problem.tsx';
import { t } from './messages.ts';
import {
  changesOf,
  type DraftProblem,
  draftOf,
  EMPTY_DRAFT,
  FLAT_LENGTH_MAX,
  NAME_LENGTH_MAX,
  problemsOf,
  residentOf,
} from './resident-draft.ts';
import { changed, type PersonRow, type ResidentAdd, type Sites, session } from './session.ts';
import { SiteField } from './site-field.tsx';

export type FormAsked = { what: 'add' } | { what: 'edit' | 'remove'; person: PersonRow };
type ResidentFormProps = {
  asked: FormAsked | null;
  sites: Sites;
  onClose: () => void;
  onDone: (said: string) => void;
};

export function ResidentForm({ asked, sites, onClose, onDone }: ResidentFormProps) {
  const person = asked && asked.what !== 'add' ? asked.person : null;
  return (
    <Dialog
      open={asked !== null}
      title={person ? t('people.editOf', { name: person.name }) : t('people.add')}
      onClose={onClose}
    >
      {asked && (
        <Form key={person?.id ?? 'add'} person={person} sites={sites} onClose={onClose} onDone={onDone} />
      )}
    </Dialog>
  );
}

type TextFieldName = 'name' | 'flat' | 'email' | 'phone';

type FormProps = { person: PersonRow | null } & Omit<ResidentFormProps, 'asked'>;

function Form({ person, sites, onClose, onDone }: FormProps) {
  const form = useId();
  const [draft, setDraft] = useState(() => (person ? draftOf(person) : EMPTY_DRAFT));
  const [site, setSite] = useState('');
  const [tried, setTried] = useState(false);
  // Nobody moves from site to site by being edited.
  const asksSite = person === null && sites.length > 1;
  const save = useMutation({
    mutationFn: (given: ResidentAdd) =>
      person
        ? session.api.patch<unknown>(
            session.path(`people/${encodeURIComponent(person.id)}`),
            changesOf(person, given),
          )
        : session.api.post<unknown>(session.path('people'), asksSite ? { ...given, site } : given),
    onSuccess: async (_answer, given) => {
      await changed('people');
      onDone(t(person ? 'people.saved' : 'people.added', { name: given.name }));
    },
  });
  const given = residentOf(draft);
  const problems = problemsOf(given, person);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(problems).length > 0 || (asksSite && site === '')) return;
    // A change of nothing would be a record of one.
    if (person && Object.keys(changesOf(person, given)).length === 0) return onClose();
    save.mutate(given);
  };
  const field = (name: TextFieldName, max?: number) => ({
    label: t(`people.${name}`),
    name,
    value: draft[name],
    error: tried && problems[name] ? said(problems[name], max) : fieldProblem(save.error, name),
    onChange: (event: { target: { value: string } }) => setDraft({ ...draft, [name]: event.target.value }),
  });
  return (
    <form id={form} className="k-stack" onSubmit={submit} noValidate>
      {save.error && <ProblemNotice problem={save.error} />}
      {asksSite && (
        <SiteField
          sites={sites}
          site={site}
          error={tried && site === '' ? t('people.siteNeeded') : fieldProblem(save.error, 'site')}
          onSite={setSite}
        />
      )}
      <TextField {...field('name', NAME_LENGTH_MAX)} autoComplete="off" />
      <TextField {...field('flat', FLAT_LENGTH_MAX)} autoComplete="off" />
      <TextField {...field('email')} type="email" autoComplete="off" />
      <TextField {...field('phone')} hint={t('people.phoneHint')} type="tel" autoComplete="off" />
      <CheckField
        label={t('people.accessible')}
        checked={draft.accessible}
        onChange={(event) => setDraft({ ...draft, accessible: event.target.checked })}
      />
      {given.email === null && given.phone === null && (
        <Notice tone="warn" title={t('people.contactNeeded')} live="off" />
      )}
      <div className="k-dialog-actions">
        <Button type="submit" tone="go" busy={save.isPending}>
          {t('people.save')}
        </Button>
        <Button onClick={onClose}>{t('app.cancel')}</Button>
      </div>
    </form>
  );
}

function said(problem: DraftProblem, max = 0): string {
  switch (problem) {
    case 'needed':
      return t('signIn.needed');
    case 'too-long':
      return t('people.tooLong', { max });
    case 'flat-untypeable':
      return t('people.flatUntypeable');
    case 'email-shape':
      return t('people.emailShape');
    case 'phone-shape':
      return t('people.phoneShape');
  }
}

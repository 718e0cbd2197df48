/** Password and authenticator code in one step: a wrong one is not told from the other. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { TextField } from '../kit/field.tsx';
import { catchFocus } from '../kit/focus.ts';
import { Notice } from '../kit/notice.tsx';
import { LanguageChoice } from '../kit/session/language-choice.tsx';
import { t as s } from '../kit/session/messages.ts';
import { OfflineNotice, ProblemNotice } from '../kit/session/problem.tsx';
import { language } from './language.ts';
import { SPOKEN } from './languages.ts';
import { t } from './messages.ts';
import { session } from './session.ts';

type Draft = { email: string; password: string; totp: string };
type Field = keyof Draft;

const TOTP = /^\d{6}$/;

export function SignIn() {
  const ended = session.useEnded();
  useEffect(() => {
    document.title = t('app.title');
    catchFocus();
  }, []);
  return (
    <main className="k-page k-stack s-sign-in">
      <h1>{t('signIn.title')}</h1>
      <OfflineNotice />
      {ended && (
        <Notice tone="info" title={s('ended')}>
          {s('ended.text')}
        </Notice>
      )}
      <Card>
        <SignInForm />
      </Card>
      <LanguageChoice phone={language} spoken={SPOKEN} />
    </main>
  );
}

function SignInForm() {
  const [draft, setDraft] = useState<Draft>({ email: '', password: '', totp: '' });
  const [tried, setTried] = useState(false);
  const signIn = useMutation({
    mutationFn: (given: Draft) => session.signIn(given),
    // A code is used once; the next try needs the next code.
    onError: () => setDraft((now) => ({ ...now, totp: '' })),
  });
  const given: Draft = { ...draft, email: draft.email.trim(), totp: draft.totp.replaceAll(' ', '') };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setTried(true);
    if (!given.email || !given.password || !TOTP.test(given.totp)) return;
    setTried(false);
    signIn.mutate(given);
  };
  const field = (name: Field) => ({
    name,
    value: draft[name],
    onChange: (event: { target: { value: string } }) => setDraft({ ...draft, [name]: event.target.value }),
  });
  const needed = (name: Field): string | null => (tried && !given[name] ? t('signIn.needed') : null);
  const totpError = needed('totp') ?? (tried && !TOTP.test(given.totp) ? t('signIn.totpShape') : null);
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      {signIn.error && <ProblemNotice problem={signIn.error} title={t('signIn.denied')} />}
      <TextField
        label={t('signIn.email')}
        type="email"
        autoComplete="username"
        error={needed('email')}
        {...field('email')}
      />
      <TextField
        label={t('signIn.password')}
        type="password"
        autoComplete="current-password"
        error={needed('password')}
        {...field('password')}
      />
      <TextField
        label={t('signIn.totp')}
        hint={t('signIn.totpHint')}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
        error={totpError}
        {...field('totp')}
      />
      <Button type="submit" tone="go" size="l" wide busy={signIn.isPending}>
        {t('signIn.submit')}
      </Button>
    </form>
  );
}

/** Sign-in by a link sent to the address on file. A known address gets the same answer as an unknown one. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Button } from '../button.tsx';
import { Card } from '../card.tsx';
import { TextField } from '../field.tsx';
import { catchFocus, useCaughtFocus } from '../focus.ts';
import { Notice } from '../notice.tsx';
import type { PhoneLanguage } from './language.ts';
import { LanguageChoice } from './language-choice.tsx';
import { t } from './messages.ts';
import { Loading, OfflineNotice, ProblemNotice } from './problem.tsx';
import { refusalOf } from './refusal.ts';
import type { Session } from './session.ts';

type LinkSignInProps<Me> = { session: Session<Me>; phone: PhoneLanguage; title: string; lead: string };

export function LinkSignIn<Me>({ session, phone, title, lead }: LinkSignInProps<Me>) {
  const { underWay, problem, again } = session.useArrival();
  const ended = session.useEnded();
  const leaving = session.useLeaving();
  useEffect(catchFocus, []);
  return (
    <main className="k-page k-stack s-sign-in">
      <LanguageChoice phone={phone} />
      <h1>{title}</h1>
      {leaving ? (
        <Notice tone="info" title={t('left')}>
          {t('left.text')}
        </Notice>
      ) : (
        <OfflineNotice />
      )}
      {ended && !problem && <Notice tone="info" title={t('ended')} />}
      {again && (
        <Notice tone="warn" title={t('link.unanswered')} live="assertive">
          <div className="k-stack-tight s-problem">
            <p>{t('link.unanswered.text')}</p>
            <Button icon="again" onClick={again}>
              {t('retry')}
            </Button>
          </div>
        </Notice>
      )}
      {problem && !again && (
        <Notice tone="bad" title={t('link.refused')} live="assertive">
          <p>{refusalOf(problem).says}</p>
          <p>{t('link.refused.again')}</p>
        </Notice>
      )}
      <Card>{underWay ? <Loading /> : <AskForm session={session} lead={lead} />}</Card>
    </main>
  );
}

function AskForm<Me>({ session, lead }: { session: Session<Me>; lead: string }) {
  const [email, setEmail] = useState('');
  const [empty, setEmpty] = useState(false);
  const ask = useMutation({
    mutationFn: (address: string) => session.api.post(session.path('sign-in/ask'), { email: address }),
  });
  useCaughtFocus(ask.isSuccess);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    setEmpty(email.trim() === '');
    if (email.trim() !== '') ask.mutate(email.trim());
  };
  if (ask.isSuccess) {
    return (
      <>
        <Notice tone="good" title={t('link.sent')}>
          {t('link.sent.text', { email: ask.variables })}
        </Notice>
        <Button onClick={() => ask.reset()}>{t('link.again')}</Button>
      </>
    );
  }
  return (
    <form className="k-stack" onSubmit={submit} noValidate>
      <p>{lead}</p>
      <TextField
        label={t('link.email')}
        type="email"
        name="email"
        autoComplete="email"
        inputMode="email"
        value={email}
        error={empty ? t('link.needed') : null}
        onChange={(event) => setEmail(event.target.value)}
      />
      {ask.error && <ProblemNotice problem={ask.error} />}
      <Button type="submit" tone="go" size="l" wide busy={ask.isPending}>
        {t('link.ask')}
      </Button>
    </form>
  );
}

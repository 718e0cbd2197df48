/** How the resident is told, how high the door should be, and which language this phone speaks. */
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { CheckField } from '../kit/field.tsx';
import { Notice } from '../kit/notice.tsx';
import { LanguageChoice } from '../kit/session/language-choice.tsx';
import { useOnline } from '../kit/session/online.ts';
import { ProblemNotice } from '../kit/session/problem.tsx';
import { t } from './messages.ts';
import { language, type Me, type MePatch, session } from './session.ts';

export function Preferences({ me }: { me: Me }) {
  // Kept from an earlier time: the addresses are not among it, and nothing could be saved.
  const isKept = session.useIsKept();
  const online = useOnline();
  return (
    <>
      {isKept || !online ? (
        <Notice tone="warn" title={t('preferences.offline')}>
          {t('preferences.offline.text')}
        </Notice>
      ) : (
        <Told me={me} />
      )}
      <Card title={t('preferences.language')}>
        <LanguageChoice phone={language} />
        <p className="k-muted">{t('preferences.language.text')}</p>
      </Card>
    </>
  );
}

function Told({ me }: { me: Me }) {
  const [sms, setSms] = useState(me.channels.sms);
  const [email, setEmail] = useState(me.channels.email);
  const [accessible, setAccessible] = useState(me.accessible);
  const save = useMutation({
    mutationFn: (patch: MePatch) => session.api.patch(session.path('me'), patch),
    onSuccess: () => session.client.invalidateQueries({ queryKey: ['me'] }),
  });
  // A channel without an address reaches nobody, whatever was chosen.
  const reached = (sms && me.phone !== null) || (email && me.email !== null);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reached)
      save.mutate({
        accessible,
        channels: { sms: sms && me.phone !== null, email: email && me.email !== null },
      });
  };
  return (
    <form className="k-stack" onSubmit={submit} onChange={() => save.reset()}>
      <Card title={t('preferences.channels')}>
        <CheckField
          label={me.phone === null ? t('preferences.sms.none') : t('preferences.sms', { phone: me.phone })}
          checked={sms && me.phone !== null}
          disabled={me.phone === null}
          onChange={(event) => setSms(event.target.checked)}
        />
        <CheckField
          label={
            me.email === null ? t('preferences.email.none') : t('preferences.email', { email: me.email })
          }
          checked={email && me.email !== null}
          disabled={me.email === null}
          onChange={(event) => setEmail(event.target.checked)}
        />
        {!reached && <Notice tone="warn" title={t('preferences.one')} live="assertive" />}
        <p className="k-muted">{t('preferences.wrong')}</p>
      </Card>
      <Card title={t('preferences.reach')}>
        <CheckField
          label={t('preferences.accessible')}
          hint={t('preferences.accessible.text')}
          checked={accessible}
          onChange={(event) => setAccessible(event.target.checked)}
        />
      </Card>
      {save.error && <ProblemNotice problem={save.error} />}
      {save.isSuccess && <Notice tone="good" title={t('preferences.saved')} />}
      <Button type="submit" tone="go" size="l" wide busy={save.isPending} disabled={!reached}>
        {t('preferences.save')}
      </Button>
    </form>
  );
}

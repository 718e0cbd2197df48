/** Signed in or not, and the one page of the courier app. */
import { useMutation } from '@tanstack/react-query';
import { Button } from '../kit/button.tsx';
import { Notice, type NoticeTone } from '../kit/notice.tsx';
import { LinkSignIn } from '../kit/session/link-sign-in.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { Answered, Loading, OfflineNotice, ProblemNotice } from '../kit/session/problem.tsx';
import { BankFree } from './banks.tsx';
import { Drops } from './drops.tsx';
import { t } from './messages.ts';
import { type Me, session, useBanks, useDrops } from './session.ts';

export function App() {
  const me = session.useMe();
  const { underWay } = session.useArrival();
  if (me.data) return <Signed me={me.data} />;
  if (me.data === null || underWay) {
    return <LinkSignIn session={session} title={t('signIn.title')} lead={t('signIn.lead')} />;
  }
  return (
    <main className="k-page k-stack">
      <h1>{t('app.title')}</h1>
      {me.error ? <ProblemNotice problem={me.error} onRetry={() => void me.refetch()} /> : <Loading />}
    </main>
  );
}

const STATE_TONE: Record<Me['state'], NoticeTone> = {
  active: 'good',
  'waiting-for-roster': 'warn',
  suspended: 'bad',
  removed: 'bad',
};

function Signed({ me }: { me: Me }) {
  const banks = useBanks();
  const drops = useDrops();
  const signOut = useMutation({ mutationFn: () => session.signOut() });
  return (
    <div className="k-page p-page">
      <header className="k-spread">
        <p className="k-muted">{t('app.who', { name: me.name, carrier: me.carrier })}</p>
        <Button tone="quiet" icon="leave" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('app.signOut')}
        </Button>
      </header>
      <main className="k-stack">
        <h1>{t('app.title')}</h1>
        <OfflineNotice />
        {signOut.error && <ProblemNotice problem={signOut.error} />}
        <Notice tone={STATE_TONE[me.state]} title={t(`state.${me.state}`)}>
          {t(`state.${me.state}.text`)}
        </Notice>
        <section className="k-stack" aria-labelledby="banks">
          <h2 id="banks">{t('banks')}</h2>
          <Answered query={banks}>
            {(items) =>
              items.length === 0 ? (
                <p>{t('banks.empty')}</p>
              ) : (
                items.map((bank) => <BankFree key={bank.id} bank={bank} />)
              )
            }
          </Answered>
        </section>
        <section className="k-stack" aria-labelledby="drops">
          <h2 id="drops">{t('drops')}</h2>
          <Answered query={drops}>
            {(data) => <Drops drops={rowsOf(data)} banks={banks.data ?? []} />}
          </Answered>
          <More rows={drops} />
        </section>
      </main>
    </div>
  );
}

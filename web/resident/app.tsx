/** Signed in or not, and the three pages of the resident app. */
import { useMutation } from '@tanstack/react-query';
import { Button } from '../kit/button.tsx';
import { Icon, type IconName } from '../kit/icon.tsx';
import { useFragment } from '../kit/session/fragment.ts';
import { LinkSignIn } from '../kit/session/link-sign-in.tsx';
import { Loading, OfflineNotice, ProblemNotice } from '../kit/session/problem.tsx';
import { History } from './history.tsx';
import { t } from './messages.ts';
import { Parcels } from './parcels.tsx';
import { Preferences } from './preferences.tsx';
import { type Me, session } from './session.ts';

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

const TABS = [
  { at: 'parcels', href: '#/', icon: 'parcel' },
  { at: 'history', href: '#/history', icon: 'clock' },
  { at: 'preferences', href: '#/preferences', icon: 'message' },
] as const satisfies readonly { at: string; href: string; icon: IconName }[];
type Tab = (typeof TABS)[number]['at'];

function Signed({ me }: { me: Me }) {
  const fragment = useFragment();
  const at: Tab = TABS.find(({ href }) => href === fragment)?.at ?? 'parcels';
  const signOut = useMutation({ mutationFn: () => session.signOut() });
  return (
    <div className="k-page p-page p-tabbed">
      <header className="k-spread">
        <p className="k-muted">{t('app.who', { name: me.name, flat: me.flat })}</p>
        <Button tone="quiet" icon="leave" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('app.signOut')}
        </Button>
      </header>
      <main className="k-stack">
        <h1>{t(at === 'parcels' ? 'parcels.title' : at)}</h1>
        <OfflineNotice />
        {signOut.error && <ProblemNotice problem={signOut.error} />}
        <Page at={at} me={me} />
      </main>
      <nav className="p-tabs" aria-label={t('app.sections')}>
        <ul>
          {TABS.map((tab) => (
            <li key={tab.at}>
              <a href={tab.href} aria-current={tab.at === at ? 'page' : undefined}>
                <Icon name={tab.icon} />
                {t(tab.at)}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}

function Page({ at, me }: { at: Tab; me: Me }) {
  switch (at) {
    case 'parcels':
      return <Parcels />;
    case 'history':
      return <History />;
    case 'preferences':
      return <Preferences me={me} />;
  }
}

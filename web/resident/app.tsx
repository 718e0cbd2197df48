/** Signed in or not, and the three pages of the resident app. */
import type { IconName } from '../kit/icon.tsx';
import { useFragment } from '../kit/session/fragment.ts';
import { LinkSignIn } from '../kit/session/link-sign-in.tsx';
import { PhonePage } from '../kit/session/phone-page.tsx';
import { Loading, ProblemNotice } from '../kit/session/problem.tsx';
import { SessionEnds } from '../kit/session/session-ends.tsx';
import { useSpokenLanguage } from '../kit/spoken.ts';
import { History } from './history.tsx';
import { t } from './messages.ts';
import { Parcels } from './parcels.tsx';
import { Preferences } from './preferences.tsx';
import { language, type Me, session, signOut } from './session.ts';

const title = (): string => t('app.page');

export function App() {
  useSpokenLanguage(title);
  const me = session.useMe();
  const { underWay } = session.useArrival();
  if (me.data && !underWay) return <Signed me={me.data} />;
  if (me.data === null || underWay) {
    return (
      <LinkSignIn session={session} phone={language} title={t('signIn.title')} lead={t('signIn.lead')} />
    );
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
type At = (typeof TABS)[number]['at'];

function Signed({ me }: { me: Me }) {
  const fragment = useFragment();
  const isKept = session.useIsKept();
  const { at, href } = TABS.find((tab) => tab.href === fragment) ?? TABS[0];
  return (
    <PhonePage
      who={t('app.who', { name: me.name, flat: me.flat })}
      title={t(at === 'parcels' ? 'parcels.title' : at)}
      tabs={TABS.map((tab) => ({ href: tab.href, icon: tab.icon, name: t(tab.at) }))}
      at={href}
      onSignOut={signOut}
    >
      <Page at={at} me={me} />
      {!isKept && <SessionEnds session={session} />}
    </PhonePage>
  );
}

function Page({ at, me }: { at: At; me: Me }) {
  switch (at) {
    case 'parcels':
      return <Parcels />;
    case 'history':
      return <History />;
    case 'preferences':
      return <Preferences me={me} />;
  }
}

/** Signed in or not, and the four pages of the courier app. */
import type { IconName } from '../kit/icon.tsx';
import { useFragment } from '../kit/session/fragment.ts';
import { LinkSignIn } from '../kit/session/link-sign-in.tsx';
import { PhonePage } from '../kit/session/phone-page.tsx';
import { Loading, ProblemNotice } from '../kit/session/problem.tsx';
import { SessionEnds } from '../kit/session/session-ends.tsx';
import { useSpokenLanguage } from '../kit/spoken.ts';
import { History, TakeBack } from './drops.tsx';
import { t } from './messages.ts';
import { type Me, session, signOut, language as spoken } from './session.ts';
import { Settings } from './settings.tsx';
import { TodayPage } from './today.tsx';

const title = (): string => t('app.page');

export function App() {
  useSpokenLanguage(title);
  const me = session.useMe();
  const { underWay } = session.useArrival();
  if (me.data && !underWay) return <Signed me={me.data} />;
  if (me.data === null || underWay) {
    return <LinkSignIn session={session} phone={spoken} title={t('signIn.title')} lead={t('signIn.lead')} />;
  }
  return (
    <main className="k-page k-stack">
      <h1>{t('app.title')}</h1>
      {me.error ? <ProblemNotice problem={me.error} onRetry={() => void me.refetch()} /> : <Loading />}
    </main>
  );
}

const TABS = [
  { at: 'today', href: '#/', icon: 'putIn' },
  { at: 'back', href: '#/back', icon: 'takeOut' },
  { at: 'history', href: '#/history', icon: 'clock' },
  { at: 'language', href: '#/language', icon: 'message' },
] as const satisfies readonly { at: string; href: string; icon: IconName }[];
type At = (typeof TABS)[number]['at'];

function Signed({ me }: { me: Me }) {
  const fragment = useFragment();
  const isKept = session.useIsKept();
  const { at, href } = TABS.find((tab) => tab.href === fragment) ?? TABS[0];
  return (
    <PhonePage
      who={t('app.who', { name: me.name, carrier: me.carrier })}
      title={t(`${at}.title`)}
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
    case 'today':
      return <TodayPage me={me} />;
    case 'back':
      return <TakeBack />;
    case 'history':
      return <History />;
    case 'language':
      return <Settings />;
  }
}

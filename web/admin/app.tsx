/** Signed in or not; the navigation; and which page stands where. */
import { useMutation } from '@tanstack/react-query';
import { Button, LinkButton } from '../kit/button.tsx';
import { Icon, type IconName } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { useFragment } from '../kit/session/fragment.ts';
import { LanguageChoice } from '../kit/session/language-choice.tsx';
import { useOnline } from '../kit/session/online.ts';
import { Loading, OfflineNotice, ProblemNotice } from '../kit/session/problem.tsx';
import { SessionEnds } from '../kit/session/session-ends.tsx';
import { useSpokenLanguage } from '../kit/spoken.ts';
import { formatTimeWithSeconds } from '../kit/time.ts';
import { Attention } from './attention.tsx';
import { BadgesWait, useBadgesOf } from './badge-card.tsx';
import { Banks } from './banks.tsx';
import { Couriers } from './couriers.tsx';
import { Exports } from './exports/exports.tsx';
import { Journal } from './journal/journal.tsx';
import { language } from './language.ts';
import { SPOKEN } from './languages.ts';
import { useLive } from './live.ts';
import { t } from './messages.ts';
import { Notices } from './notices.tsx';
import { OddsPage } from './odds.tsx';
import { Overview } from './overview/overview.tsx';
import { Parcel } from './parcel.tsx';
import { Parcels } from './parcels.tsx';
import { PageHead } from './parts.tsx';
import { People } from './people.tsx';
import { PeopleImport } from './people-import/people-import.tsx';
import { Retention } from './privacy/retention.tsx';
import { Count } from './reconciliation/count.tsx';
import { Reconciliation } from './reconciliation/reconciliation.tsx';
import { Rosters } from './rosters.tsx';
import { fragmentOf, type Route, routeOf, SECTIONS, type Section, sectionOf } from './routes.ts';
import { type Me, session, useAttention } from './session.ts';
import { SignIn } from './sign-in.tsx';
import { UsagePage } from './usage/usage.tsx';

const title = (): string => t('app.title');

export function App() {
  useSpokenLanguage(title);
  const me = session.useMe();
  useBadgesOf(me.data && `${me.data.tenant} ${me.data.email}`);
  if (me.data) return <Signed me={me.data} />;
  if (me.data === null) return <SignIn />;
  return (
    <main className="k-page k-stack">
      <h1>{t('app.title')}</h1>
      {me.error ? <ProblemNotice problem={me.error} onRetry={() => void me.refetch()} /> : <Loading />}
    </main>
  );
}

function Signed({ me }: { me: Me }) {
  const route = routeOf(useFragment());
  const cutSinceMs = useLive();
  return (
    <div className="a-frame">
      <Button className="a-skip" onClick={skipToMain}>
        {t('app.skip')}
      </Button>
      <Side me={me} section={sectionOf(route)} />
      <main id="main" className="a-main k-stack" tabIndex={-1}>
        {route.at !== 'couriers' && <BadgesWait />}
        <Page route={route} />
        <News cutSinceMs={cutSinceMs} />
      </main>
      <SessionEnds session={session} />
    </div>
  );
}

/**
 * Stands at the foot of the window, so that nothing on the page moves under a pointer when it comes and goes. What is
 * said aloud is what changes within a place that was there before (WAI-ARIA 1.2, 5.4).
 */
function News({ cutSinceMs }: { cutSinceMs: number | null }) {
  const online = useOnline();
  return (
    <div className="a-news">
      <OfflineNotice />
      <div role="status">
        {online && cutSinceMs !== null && (
          <Notice tone="info" title={t('app.notLive')} live="off">
            {t('app.notLive.text', { time: formatTimeWithSeconds(cutSinceMs) })}
          </Notice>
        )}
      </div>
    </div>
  );
}

/** A button and not a link to `#main`: the fragment is the page's address, and must stay. */
function skipToMain(): void {
  document.getElementById('main')?.focus();
}

const SECTION_ICON: Record<Section, IconName> = {
  overview: 'show',
  attention: 'warn',
  banks: 'door',
  parcels: 'parcel',
  reconciliation: 'sorted',
  usage: 'clock',
  people: 'person',
  retention: 'erase',
  couriers: 'badge',
  rosters: 'key',
  notices: 'message',
  odds: 'shield',
  journal: 'lock',
};

function Side({ me, section }: { me: Me; section: Section | null }) {
  const signOut = useMutation({ mutationFn: () => session.signOut() });
  return (
    <header className="a-side">
      <p className="a-brand">{t('app.brand')}</p>
      <nav aria-label={t('app.sections')}>
        <ul>
          {SECTIONS.map((name) => (
            <li key={name}>
              <a href={`#/${name}`} aria-current={name === section ? 'page' : undefined}>
                <Icon name={SECTION_ICON[name]} size={20} />
                {t(`section.${name}`)}
                {name === 'attention' && <AttentionCount />}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="a-who k-stack-tight">
        <p>{me.name}</p>
        <p className="k-muted k-small">{me.tenant}</p>
        <LanguageChoice phone={language} spoken={SPOKEN} />
        {signOut.error && <ProblemNotice problem={signOut.error} />}
        <Button icon="leave" busy={signOut.isPending} onClick={() => signOut.mutate()}>
          {t('app.signOut')}
        </Button>
      </div>
    </header>
  );
}

/** Seen only: the link keeps its name, and the page itself says what there is. */
function AttentionCount() {
  const count = useAttention().data?.items.length ?? 0;
  if (count === 0) return null;
  return (
    <span className="a-count" aria-hidden="true">
      {count}
    </span>
  );
}

function Page({ route }: { route: Route }) {
  switch (route.at) {
    case 'overview':
      return <Overview />;
    case 'attention':
      return <Attention />;
    case 'banks':
      return <Banks bank={route.bank} door={route.door} />;
    case 'parcels':
      return <Parcels state={route.state} bank={route.bank} />;
    case 'parcel':
      return <Parcel key={route.id} id={route.id} />;
    case 'reconciliation':
      return <Reconciliation bank={route.bank} />;
    case 'count':
      return <Count key={route.bank} {...route} />;
    case 'usage':
      return <UsagePage days={route.days} bank={route.bank} site={route.site} />;
    case 'people':
      return <People />;
    case 'retention':
      return <Retention />;
    case 'people-import':
      return <PeopleImport />;
    case 'exports':
      return <Exports incident={route.incident} />;
    case 'couriers':
      return <Couriers />;
    case 'rosters':
      return <Rosters />;
    case 'notices':
      return <Notices />;
    case 'odds':
      return <OddsPage />;
    case 'journal':
      return <Journal route={route} />;
    case 'nowhere':
      return (
        <>
          <PageHead title={t('app.nowhere', { asked: route.asked })} />
          <p>
            <LinkButton href={fragmentOf({ at: 'overview' })}>{t('app.nowhereBack')}</LinkButton>
          </p>
        </>
      );
  }
}

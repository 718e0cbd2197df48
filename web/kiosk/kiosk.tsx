/**
 * The kiosk's page: draws the agent's view, for gloves and ten seconds.
 *
 * Accessible names that tests may rely on (headings are level 1, the rest buttons unless said):
 * home “Collect a parcel”, drawn large until somebody touches it (`rest.ts`): keys “0” to “9”, “Delete”, “Clear”,
 * “Open my door”; after the first touch, where a code is typed, also “Mix the digits” / “Digits in order” and
 * “Show the digits” / “Hide the digits”; with flat and code: text field “Flat” (after the first touch), “Go on to
 * the code”, “Change the flat”.
 * courier: “Your courier code” / “Choose your courier code”: keys, “Next”, “Sign in”, “Cancel”;
 * “Scan the parcel’s label”: text field “Tracking number”, “Next”, “Finish”; “Who is it for?”: text field
 * “Flat”, “Find”, “Cancel”; “Choose the name on the label”: one button a name; “How big is it?”: “Small …”,
 * “Medium …”, “Large …”, “Extra large …”.
 * drop-off “Door 7 is open” and the like: “It is inside and the door is shut” (asked: “Yes, it is inside”),
 * “It does not fit”, “Open door 7 again …”, “Cancel: I keep the parcel” (asked: “No, I still have it”);
 * done “The parcel is safe”: “Next parcel”, “I am finished”.
 * pick-up: “I have my parcel” (asked: “Yes, I have it”), “Open door 7 again …”, “Something is wrong” → dialog
 * “What is wrong?”: “The door did not open”, “I did not get my parcel”, “It is not my parcel …”;
 * staff, by order: “I took the parcel out”, “It stays inside”, “There is nothing inside”, “Leave the door as it is”;
 * “Which time is right?”: one button a clock, “Neither: change nothing”; done “Thank you, it is noted”.
 * done “Thank you”, reported “It is written down for the staff”: “Back to the start”.
 * The cabinet is an image “Drawing of the cabinet. Your door is 7 …”; a denial is an alert.
 * A label's recognition is a status: “Read as a UPS number.”, with another carrier's also “That is not your
 * own carrier’s …”, or “A number of an unknown format.”
 * At the start and where the cabinet is closed, first of all a group “Language” with one button a language, by its
 * own name, pressed or not.
 * A keyboard types into the present field when slow (80 ms and more between keys); faster is a scan.
 */
import { type ReactNode, useEffect, useMemo, useState } from 'react';
import type { KioskView } from '../../src/contract/kiosk.ts';
import type { ApiProblem } from '../kit/api.ts';
import { after, every, steadyMs, useBeat } from '../kit/clock.ts';
import { Icon } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { useSpokenLanguage } from '../kit/spoken.ts';
import { language } from '../kit/words.ts';
import { type Agent, type First, useAgent } from './agent.ts';
import { isStart, useFreshPage, WARN_MS } from './fresh.ts';
import { EntryTarget, useKeyboard } from './keyboard.ts';
import { languageOfAddress } from './languages.ts';
import { t } from './messages.ts';
import { PadChoice, usePadChoice } from './pad.tsx';
import { DRIFT_AGAIN_MS, DRIFT_STEPS, useResting } from './rest.ts';
import { saidFor, saidForTrouble } from './said.ts';
import {
  CourierCodeScreen,
  FlatScreen,
  RecipientScreen,
  SizeScreen,
  TrackingScreen,
} from './screens/courier.tsx';
import { DropOffScreen, PickUpScreen } from './screens/door.tsx';
import {
  ClosedScreen,
  DropOffDoneScreen,
  End,
  PickUpDoneScreen,
  ReportedScreen,
  StaffDoneScreen,
} from './screens/ends.tsx';
import { HomeScreen } from './screens/home.tsx';
import { LanguageChoice } from './screens/languages.tsx';
import { ClockScreen, StaffScreen } from './screens/staff.tsx';
import { useSettling } from './settle.ts';
import { useStaying } from './stay.ts';
import { onTouch } from './touch.ts';

const pageTitle = (): string => t('page.title');

/**
 * `first`: what the agent showed as the page was loaded. `inLanguageOf`: the page began in the language of the person
 * who was there before.
 */
export function Kiosk({ first, inLanguageOf }: { first: First; inLanguageOf: boolean }) {
  useSpokenLanguage(pageTitle);
  const agent = useAgent(first);
  const { view, send, here } = agent;
  const target = useKeyboard((text) => send({ do: 'scan', text }));
  const pad = usePadChoice();
  useStaying();
  const [typed, setTyped] = useState(false);
  const hasBegun = typed || pad.mixed || pad.shown || language() !== languageOfAddress(location.search);
  const { isOver, forgetsSoon } = useFreshPage(view, inLanguageOf);
  const settles = useSettling(view?.show);
  const rests = useResting() && view?.show.screen === 'home' && view.message === null;
  const drift = useBeat(DRIFT_AGAIN_MS) % DRIFT_STEPS;
  const away = view === null || view.idleMs === null;
  useEffect(() => {
    if (away) return;
    return onTouch(here);
  }, [away, here]);
  if (view === null) return <Lost />;
  return (
    <EntryTarget value={target}>
      <PadChoice value={pad}>
        <div
          className="kiosk"
          data-screen={view.show.screen}
          data-turn={view.turn}
          data-rests={rests || undefined}
          data-drift={rests ? drift : undefined}
          inert={isOver}
        >
          <Header view={view} />
          <main className="stage" data-settles={settles || undefined}>
            {view.show.screen !== 'closed' && <Message view={view} trouble={agent.trouble} />}
            {hasRoom(view) && <Standing view={view} />}
            {/* Keyed by its screen: whatever a person typed leaves the page together with it. */}
            <Screen key={view.show.screen} agent={agent} view={view} rests={rests} onTyped={setTyped} />
          </main>
          {view.idleMs !== null && <Idle key={view.turn} idleMs={view.idleMs} says="idle" />}
          {view.idleMs === null && forgetsSoon && hasBegun && <Idle idleMs={WARN_MS} says="idle.forget" />}
        </div>
      </PadChoice>
    </EntryTarget>
  );
}

function Header({ view }: { view: KioskView }) {
  return (
    <header className="top">
      <p className="brand">
        <span className="brand-mark" aria-hidden="true" />
        <bdi>{view.bank}</bdi>
      </p>
      {view.development && <p className="development">{t('development')}</p>}
      {!view.online && (
        <p className="offline" role="status">
          <Icon name="networkOff" size={26} />
          {t(view.show.screen === 'closed' ? 'offline.closed' : 'offline')}
        </p>
      )}
      {isStart(view.show.screen) && <LanguageChoice />}
    </header>
  );
}

/** What the agent said; over it, that an action got no answer, because then nothing newer is known. */
function Message({ view, trouble }: { view: KioskView; trouble: ApiProblem | null }) {
  const said = trouble
    ? saidForTrouble(trouble.status)
    : view.message === null
      ? null
      : saidFor(view.message);
  if (!said) return null;
  return (
    <Notice
      key={`${view.turn} ${said.title}`}
      tone={said.tone}
      title={said.title}
      live={said.tone === 'info' ? 'polite' : 'assertive'}
    >
      {said.next}
    </Notice>
  );
}

/** A new page needs a moment for its first view; to say that something is wrong would be a false alarm. */
const LOST_AFTER_MS = 1_500;

/** The closed screen shows no message of its own, and so always has room. */
const hasRoom = ({ show, message }: KioskView): boolean =>
  show.screen === 'closed' || (isStart(show.screen) && message === null);

/**
 * What stands at this cabinet, said where everybody begins and not in the middle of somebody's journey. An open door
 * comes first, because whoever stands here can push it shut; there is room for one notice.
 */
function Standing({ view: { show, logDisputed } }: { view: KioskView }) {
  const n = show.screen === 'home' ? show.ajar : null;
  if (n !== null)
    return (
      <Notice tone="warn" title={t('home.ajar', { n })} live="polite">
        {t('home.ajar.next')}
        {logDisputed && <div>{t('log.disputed')}</div>}
      </Notice>
    );
  if (!logDisputed) return null;
  return (
    <Notice tone="warn" title={t('log.disputed')} live="polite">
      {t('log.disputed.next')}
    </Notice>
  );
}

function Lost() {
  const [late, setLate] = useState(false);
  useEffect(() => after(LOST_AFTER_MS, () => setLate(true)), []);
  if (!late) return null;
  return (
    <main className="kiosk stage">
      <End icon="clock" tone="plain" title={t('lost.title')} text={t('lost.text')} />
    </main>
  );
}

function Screen({
  agent: { layout, busy, send },
  view: { show },
  rests,
  onTyped,
}: {
  agent: Agent;
  view: KioskView;
  rests: boolean;
  onTyped: (typed: boolean) => void;
}): ReactNode {
  switch (show.screen) {
    case 'home':
      return <HomeScreen show={show} busy={busy} send={send} rests={rests} onTyped={onTyped} />;
    case 'closed':
      return <ClosedScreen show={show} />;
    case 'courier-code':
      return <CourierCodeScreen show={show} busy={busy} send={send} />;
    case 'tracking':
      return <TrackingScreen show={show} busy={busy} send={send} />;
    case 'flat':
      return <FlatScreen show={show} busy={busy} send={send} />;
    case 'recipient':
      return <RecipientScreen show={show} busy={busy} send={send} />;
    case 'size':
      return <SizeScreen show={show} busy={busy} send={send} />;
    case 'drop-off':
      return <DropOffScreen show={show} layout={layout} busy={busy} send={send} />;
    case 'drop-off-done':
      return <DropOffDoneScreen show={show} busy={busy} send={send} />;
    case 'pick-up':
      return <PickUpScreen show={show} layout={layout} busy={busy} send={send} />;
    case 'pick-up-done':
      return <PickUpDoneScreen busy={busy} send={send} />;
    case 'reported':
      return <ReportedScreen show={show} busy={busy} send={send} />;
    case 'staff':
      return <StaffScreen show={show} layout={layout} busy={busy} send={send} />;
    case 'clock':
      return <ClockScreen show={show} busy={busy} send={send} />;
    case 'staff-done':
      return <StaffDoneScreen show={show} busy={busy} send={send} />;
  }
}

/**
 * The bar is full when the screen was last touched; the agent's later answers only correct what is left. In the last
 * seconds they are written, and said once to who does not see them (WCAG 2.2, 2.2.1): any touch goes on.
 */
function Idle({ idleMs, says }: { idleMs: number; says: 'idle' | 'idle.forget' }) {
  const [fullMs] = useState(idleMs);
  const [leftMs, setLeftMs] = useState(idleMs);
  useEffect(() => {
    const endsAtMs = steadyMs() + idleMs;
    setLeftMs(idleMs);
    return every(250, () => setLeftMs(Math.max(0, endsAtMs - steadyMs())));
  }, [idleMs]);
  const text = t(says, { count: Math.ceil(leftMs / 1000) });
  const isLate = leftMs < WARN_MS;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, and not each second anew.
  const said = useMemo(() => (isLate ? text : ''), [isLate]);
  const part = Math.min(1, leftMs / Math.max(1, fullMs));
  return (
    <footer className="idle">
      <div role="timer" aria-label={text}>
        <div className="idle-bar" style={{ transform: `scaleX(${part})` }} />
        {isLate && <p>{text}</p>}
      </div>
      <p className="k-hidden" role="status">
        {said}
      </p>
    </footer>
  );
}

/**
 * The rig's page: the cabinet's metal to touch, what the people around it carry, what can go wrong, and a tour.
 *
 * Accessible names that tests may rely on (exact): buttons “Open door 7”, “Pry door 7”, “Jam door 7” and “Free
 * door 7” (shut doors only), “Close door 7”, “Put a parcel in door 7” and “Take the parcel out of door 7” (open
 * doors only), “Scan badge at the kiosk”, select “Carrier”, text field “Label”, “New label”, “Scan label at the
 * kiosk”, text field “Any text”, “Scan text”, “Show QR to the kiosk” (each message with one), “Clear the phone”;
 * switches “Power” and “Network”; group “Door 7, size M” whose status reads “Door 7 is open, its latch is free”;
 * list “The phone” and list “What just happened”, newest first; “Copy one-time code”, whose text is the code; region “What can go wrong” with
 * select “Door”, a pressed or unpressed button for each fault, and “All well again”; region “Guided tour” with
 * list “Steps of the tour”, “Show me where”, “Open the kiosk”, “Start again”, “Skip the tour”, and in the page's
 * head the button “Guided tour”; navigation “Apps”.
 */
import { useMemo, useState } from 'react';
import { carrierNamed } from '../../src/domain/tracking.ts';
import { IconButton } from '../kit/button.tsx';
import { Icon, type IconName } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { Authenticator } from './authenticator.tsx';
import { CabinetCard } from './cabinet.tsx';
import { AnyTextCard, CourierCard, FIRST_KIND, LabelCard } from './courier.tsx';
import { Faults } from './faults.tsx';
import { drawLabel } from './labels.ts';
import { type Act, type Line, useLine } from './line.ts';
import { t } from './messages.ts';
import { Phone } from './phone.tsx';
import { Seen } from './seen.tsx';
import { TourStrip, TourSwitch } from './tour.tsx';

export function RigPage() {
  const line = useLine();
  const [label, setLabel] = useState(() => drawLabel(FIRST_KIND));
  const { state, act, scan } = line;
  const carrier = state?.cast?.courier.carrier;
  const own = useMemo(() => (carrier === undefined ? null : carrierNamed(carrier)), [carrier]);
  if (!state) return <main className="k-page">{line.up ? t('waiting') : <NoLine />}</main>;
  const { cast } = state;
  return (
    <div className="bench">
      <Top line={line} />
      {cast && <TourStrip line={line} state={state} cast={cast} />}
      <main className="rig">
        <CabinetCard state={state} act={act} label={label} />
        <div className="rig-things">
          {cast && <CourierCard courier={cast.courier} scan={scan} />}
          <LabelCard {...{ label, setLabel, scan, own }} />
          <AnyTextCard scan={scan} />
          {cast && <Authenticator email={cast.admin.email} />}
          <Said line={line} />
        </div>
        <Faults state={state} act={act} />
        <div className="rig-people">
          <Seen seen={line.seen} />
          <Phone messages={line.messages} cast={cast} scan={scan} onClear={line.clearPhone} />
        </div>
      </main>
    </div>
  );
}

const LINKS = ['start', 'kiosk', 'resident', 'courier', 'admin', 'signer'] as const;

function Top({ line }: { line: Line }) {
  const { state, act } = line;
  if (!state) return null;
  return (
    <header className="rig-top">
      <div className="rig-title">
        <h1>{t('title')}</h1>
        <p>{t('lead')}</p>
      </div>
      <nav aria-label={t('links')}>
        {LINKS.map((name) => {
          const url = state.links[name];
          return url === undefined ? null : (
            <a key={name} href={url}>
              {t(`link.${name}`)}
            </a>
          );
        })}
        <a href="/openapi.json">{t('link.openapi')}</a>
      </nav>
      <div className="rig-switches">
        {state.cast && <TourSwitch line={line} />}
        <Switch
          what="power"
          icon="power"
          on={state.power}
          act={act}
          path="/power"
          body={{ on: !state.power }}
        />
        <Switch
          what="network"
          icon="network"
          on={state.network}
          act={act}
          path="/network"
          body={{ up: !state.network }}
        />
      </div>
    </header>
  );
}

type SwitchProps = {
  what: 'power' | 'network';
  icon: IconName;
  on: boolean;
  act: Act;
  path: string;
  body: unknown;
};

function Switch({ what, icon, on, act, path, body }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={t(what)}
      className="switch"
      onClick={() => act(path, body)}
    >
      <Icon name={what === 'network' && !on ? 'networkOff' : icon} size={18} />
      <span>{t(`${what}.${on ? 'on' : 'off'}`)}</span>
      <span className="switch-track" aria-hidden="true" />
    </button>
  );
}

function NoLine() {
  return (
    <Notice tone="warn" title={t('no-line')}>
      {t('no-line.text')}
    </Notice>
  );
}

function Said({ line: { up, told, dismiss } }: { line: Line }) {
  return (
    <div className="rig-said">
      {!up && <NoLine />}
      {told && (
        <Notice tone={told.tone} title={told.title} live={told.tone === 'warn' ? 'assertive' : 'polite'}>
          {told.text}
          <IconButton icon="cross" label={t('dismiss')} onClick={dismiss} />
        </Notice>
      )}
    </div>
  );
}

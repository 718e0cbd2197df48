/**
 * The rig's page: the cabinet's metal to touch, and what the people around it carry.
 *
 * Accessible names that tests may rely on (exact): buttons “Open door 7”, “Close door 7”, “Jam door 7”,
 * “Free door 7”, “Pry door 7”, “Put a parcel in door 7” and “Take the parcel out of door 7” (open doors
 * only), “Scan badge at the kiosk”, text field “Label”, “New label”, “Scan label at the kiosk”,
 * “Show QR to the kiosk” (each message with one), “Clear the phone”; switches “Power” and “Network”; group
 * “Door 7, size M” whose status reads “Door 7 is open, its latch is free”; list “The phone”, newest first;
 * “Copy one-time code”, whose text is the code; selects “Door” and “Fault” with “Set fault”; group “The boards’
 * line” with checkboxes “Noise between frames”, “Answers byte by byte” and “Answers get lost”;
 * navigation “Apps”.
 */
import { useState } from 'react';
import { Button } from '../kit/button.tsx';
import { nowMs } from '../kit/clock.ts';
import { Icon, type IconName } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { Authenticator } from './authenticator.tsx';
import { BoardFaults, CabinetCard } from './cabinet.tsx';
import { CourierCard, LabelCard } from './courier.tsx';
import { type Act, type Line, useLine } from './line.ts';
import { t } from './messages.ts';
import { Phone } from './phone.tsx';

/** Looks like a carrier's number and differs from the one before. */
const newLabel = (): string => `HF${String(nowMs()).slice(-10)}GB`;

export function RigPage() {
  const line = useLine();
  const [label, setLabel] = useState(newLabel);
  const { state } = line;
  if (!state) return <main className="k-page">{line.up ? t('waiting') : <NoLine />}</main>;
  return (
    <>
      <Top line={line} />
      <main className="rig">
        <div className="rig-left">
          <Said line={line} />
          <CabinetCard doors={state.doors} act={line.act} label={label} powered={state.power} />
          <BoardFaults state={state} act={line.act} />
        </div>
        <div className="rig-right">
          {state.cast && <CourierCard courier={state.cast.courier} scan={line.scan} />}
          <LabelCard label={label} setLabel={setLabel} onNew={() => setLabel(newLabel())} scan={line.scan} />
          {state.cast && <Authenticator email={state.cast.admin.email} />}
        </div>
        <Phone messages={line.messages} cast={state.cast} scan={line.scan} onClear={line.clearPhone} />
      </main>
    </>
  );
}

const LINKS = ['start', 'kiosk', 'resident', 'courier', 'admin', 'signer'] as const;

function Top({ line: { state, act } }: { line: Line }) {
  if (!state) return null;
  return (
    <header className="rig-top">
      <div>
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
      <div className="k-row">
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
      <Icon name={what === 'network' && !on ? 'networkOff' : icon} size={22} />
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
    <>
      {!up && <NoLine />}
      {told && (
        <Notice tone={told.tone} title={told.title} live={told.tone === 'warn' ? 'assertive' : 'polite'}>
          <div className="k-spread">
            <p>{told.text}</p>
            <Button tone="quiet" onClick={dismiss}>
              {t('dismiss')}
            </Button>
          </div>
        </Notice>
      )}
    </>
  );
}

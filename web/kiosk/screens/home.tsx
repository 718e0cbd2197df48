/** Where everyone begins: a code, a QR code, or a badge. */
import { useState } from 'react';
import type { KioskScreen } from '../../../src/contract/kiosk.ts';
import { Button } from '../../kit/button.tsx';
import { Icon, type IconName } from '../../kit/icon.tsx';
import type { Send } from '../agent.ts';
import { useEntry, useTypingInto } from '../keyboard.ts';
import { t } from '../messages.ts';
import { CodeKeys, PadOptions, PinPlaces } from '../pad.tsx';
import { Halves, Keys, Title, TypedField } from './parts.tsx';

type Home = Extract<KioskScreen, { screen: 'home' }>;
type Props = { show: Home; busy: boolean; send: Send };

const DIGIT = /^\d$/;
const FLAT = /^[A-Z0-9 ./-]$/;
const FLAT_LENGTH_MAX = 40;

export function HomeScreen({ show, busy, send }: Props) {
  return show.flatNeeded ? (
    <FlatAndPin show={show} busy={busy} send={send} />
  ) : (
    <Pin show={show} busy={busy} send={send} />
  );
}

function Pin({ show: { pinDigits }, busy, send }: Props) {
  const pin = usePin(pinDigits, (typed) => send({ do: 'pin', pin: typed }));
  useTypingInto(pin.entry);
  return (
    <Halves
      said={
        <>
          <Title title={t('home.title')} lead={t('home.lead', { count: pinDigits })} />
          <PinPlaces
            typed={pin.value}
            digits={pinDigits}
            label={t('home.pin', { count: pin.value.length, of: pinDigits })}
          />
          <PadOptions />
          <OtherWays />
        </>
      }
      pressed={
        <>
          <CodeKeys code={pin} busy={busy} />
          <OpenButton ready={pin.value.length === pinDigits} busy={busy} onPress={pin.entry.enter} />
        </>
      }
    />
  );
}

function FlatAndPin({ show: { pinDigits }, busy, send }: Props) {
  const [step, setStep] = useState<'flat' | 'pin'>('flat');
  const flat = useEntry({
    accepts: FLAT,
    lengthMax: FLAT_LENGTH_MAX,
    onEnter: (typed) => typed && setStep('pin'),
  });
  const pin = usePin(pinDigits, (typed) => {
    send({ do: 'flat-and-pin', flat: flat.value.trim(), pin: typed });
    flat.entry.clear();
    setStep('flat');
  });
  useTypingInto(step === 'flat' ? flat.entry : pin.entry);
  const lead = t('home.flat.lead', { count: pinDigits });
  if (step === 'flat') {
    return (
      <Halves
        said={
          <>
            <Title title={t('home.title')} lead={lead} />
            <TypedField label={t('home.flat')} value={flat.value} set={flat.set} />
            <OtherWays />
          </>
        }
        pressed={
          <>
            <Keys entry={flat.entry} busy={busy} />
            <Button size="xl" tone="go" wide disabled={flat.value.trim() === ''} onClick={flat.entry.enter}>
              {t('home.to-code')}
            </Button>
          </>
        }
      />
    );
  }
  return (
    <Halves
      said={
        <>
          <Title title={t('home.title')} lead={lead} />
          <PinPlaces
            typed={pin.value}
            digits={pinDigits}
            label={t('home.pin', { count: pin.value.length, of: pinDigits })}
          />
          <PadOptions />
          <Button size="l" icon="back" onClick={() => setStep('flat')}>
            {t('home.to-flat')}
          </Button>
        </>
      }
      pressed={
        <>
          <CodeKeys code={pin} busy={busy} />
          <OpenButton ready={pin.value.length === pinDigits} busy={busy} onPress={pin.entry.enter} />
        </>
      }
    />
  );
}

/** The code leaves the page as soon as it is sent. */
function usePin(digits: number, onPin: (pin: string) => void) {
  const pin = useEntry({
    accepts: DIGIT,
    lengthMax: digits,
    onEnter: (typed) => {
      if (typed.length !== digits) return;
      pin.entry.clear();
      onPin(typed);
    },
  });
  return pin;
}

function OpenButton({ ready, busy, onPress }: { ready: boolean; busy: boolean; onPress: () => void }) {
  return (
    <Button size="xl" tone="go" icon="unlock" wide disabled={!ready} busy={busy} onClick={onPress}>
      {t('home.open')}
    </Button>
  );
}

function OtherWays() {
  return (
    <ul className="ways">
      <Way icon="qr" title={t('home.qr')} text={t('home.qr.text')} />
      <Way icon="badge" title={t('home.badge')} text={t('home.badge.text')} />
    </ul>
  );
}

function Way({ icon, title, text }: { icon: IconName; title: string; text: string }) {
  return (
    <li>
      <Icon name={icon} size={44} />
      <div>
        <p className="way-title">{title}</p>
        <p className="k-muted">{text}</p>
      </div>
    </li>
  );
}

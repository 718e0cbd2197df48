/** Where everyone begins: a code, a QR code, or a badge. While nobody is here it is drawn for the far side of the room. */
import { useEffect, useState } from 'react';
import type { KioskScreen } from '../../../src/contract/kiosk.ts';
import { Button } from '../../kit/button.tsx';
import { useBeat } from '../../kit/clock.ts';
import { Icon, type IconName } from '../../kit/icon.tsx';
import type { Send } from '../agent.ts';
import { useEntry, useTypingInto } from '../keyboard.ts';
import { t } from '../messages.ts';
import { CodeKeys, PadOptions, PinPlaces } from '../pad.tsx';
import { Halves, Keys, Title, TypedField } from './parts.tsx';

type Home = Extract<KioskScreen, { screen: 'home' }>;
type Props = {
  show: Home;
  busy: boolean;
  send: Send;
  /** Nobody is here: see `rest.ts`. */
  rests: boolean;
  /** Whether anything stands here that would be lost. */
  onTyped: (typed: boolean) => void;
};

const DIGIT = /^\d$/;
const FLAT = /^[A-Z0-9 ./-]$/;
const FLAT_LENGTH_MAX = 40;

export function HomeScreen(props: Props) {
  return props.show.flatNeeded ? <FlatAndPin {...props} /> : <Pin {...props} />;
}

function useTelling(typed: boolean, tell: (typed: boolean) => void): void {
  useEffect(() => {
    tell(typed);
    return () => tell(false);
  }, [typed, tell]);
}

/** Said to who does not see that the keys are there. */
const howAt = (rests: boolean) => (rests ? { how: t('rest.how') } : {});

function Pin({ show: { pinDigits }, busy, send, rests, onTyped }: Props) {
  const pin = usePin(pinDigits, (typed) => send({ do: 'pin', pin: typed }));
  useTelling(pin.value !== '', onTyped);
  useTypingInto(pin.entry);
  return (
    <Halves
      said={
        <>
          <Title title={t('home.title')} lead={t('home.lead', { count: pinDigits })} {...howAt(rests)} />
          <PinPlaces
            typed={pin.value}
            digits={pinDigits}
            label={t('home.pin', { count: pin.value.length, of: pinDigits })}
          />
          {rests ? (
            <Rest />
          ) : (
            <>
              <PadOptions />
              <OtherWays />
            </>
          )}
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

function FlatAndPin({ show: { pinDigits }, busy, send, rests, onTyped }: Props) {
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
  useTelling(flat.value !== '' || pin.value !== '', onTyped);
  const lead = t('home.flat.lead', { count: pinDigits });
  if (step === 'flat') {
    return (
      <Halves
        said={
          <>
            <Title title={t('home.title')} lead={lead} {...howAt(rests)} />
            {rests ? (
              <Rest />
            ) : (
              <>
                <TypedField label={t('home.flat')} value={flat.value} set={flat.set} />
                <OtherWays />
              </>
            )}
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

/**
 * The light pulses now and then, and is begun anew each time: an animation without end is drawn sixty times a second for
 * as long as nobody is here, which without a graphics chip is a quarter of a processor, day and night.
 */
const PULSE_AGAIN_MS = 8_000;

/** A door that stands open with a parcel in it, in the steel of the cabinet; and the ways in that need no key. */
function Rest() {
  const pulse = useBeat(PULSE_AGAIN_MS);
  return (
    <div className="rest">
      <div className="rest-picture">
        <svg viewBox="0 0 220 220" aria-hidden="true" focusable="false">
          <rect className="k-cabinet-body" x={3} y={3} width={214} height={214} rx={9} />
          {SHUT_DOORS.map(([x, y]) => (
            <g key={`${x} ${y}`}>
              <rect className="k-door-face" x={x} y={y} width={96} height={42} rx={4} />
              <rect className="k-door-handle" x={x + 82} y={y + 13} width={4} height={16} rx={2} />
            </g>
          ))}
          <rect className="rest-inside" x={12} y={62} width={196} height={96} rx={4} />
          <path
            className="rest-parcel"
            d="M34 100l34-12 34 12v42l-34 12-34-12zM34 100l34 12 34-12M68 112v42M51 94l34 12"
          />
          <path className="rest-leaf" d="M208 62l-62 14v106l62-24z" />
          <rect className="rest-handle" x={154} y={118} width={5} height={22} rx={2.5} />
          <rect key={pulse} className="rest-light" x={12} y={62} width={196} height={96} rx={4} />
        </svg>
      </div>
      <OtherWays />
    </div>
  );
}

const SHUT_DOORS = [
  [12, 12],
  [112, 12],
  [12, 166],
  [112, 166],
] as const;

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

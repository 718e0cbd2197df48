/** The courier's way to a door: code, label, flat, name, size. */
import { useState } from 'react';
import type { KioskScreen, Recognised } from '../../../src/contract/kiosk.ts';
import { fits, SIZES, type Size } from '../../../src/domain/bank.ts';
import { Button } from '../../kit/button.tsx';
import type { Send } from '../agent.ts';
import { useEntry, useTypingInto } from '../keyboard.ts';
import { t } from '../messages.ts';
import { CodeKeys, PadOptions, TypedCode } from '../pad.tsx';
import { Halves, Keys, Title, TypedField } from './parts.tsx';

type Show<Name extends KioskScreen['screen']> = Extract<KioskScreen, { screen: Name }>;
type Props<Name extends KioskScreen['screen']> = { show: Show<Name>; busy: boolean; send: Send };

const DIGIT = /^\d$/;
const LABEL = /^[A-Z0-9 ./-]$/;
const CODE_LENGTH_MIN = 6;
const CODE_LENGTH_MAX = 12;

export function CourierCodeScreen({ show, busy, send }: Props<'courier-code'>) {
  const [first, setFirst] = useState<string | null>(null);
  const code = useEntry({
    accepts: DIGIT,
    lengthMax: CODE_LENGTH_MAX,
    onEnter: (typed) => {
      if (typed.length < CODE_LENGTH_MIN) return;
      code.entry.clear();
      if (!show.first) return send({ do: 'courier-code', code: typed });
      if (first === null) return setFirst(typed);
      setFirst(null);
      send({ do: 'courier-code-new', code: first, again: typed });
    },
  });
  useTypingInto(code.entry);
  const { carrier } = show;
  const lead =
    first !== null
      ? t('code.again.lead')
      : show.first
        ? t('code.first.lead', { carrier })
        : t('code.lead', { carrier });
  const choosing = show.first && first === null;
  return (
    <Halves
      said={
        <>
          <Title title={t(show.first ? 'code.first.title' : 'code.title')} lead={lead} />
          <TypedCode typed={code.value} label={t('code.typed', { count: code.value.length })} />
          <PadOptions />
        </>
      }
      pressed={
        <>
          <CodeKeys code={code} busy={busy} />
          <Button
            size="xl"
            tone="go"
            wide
            busy={busy}
            disabled={code.value.length < CODE_LENGTH_MIN}
            onClick={code.entry.enter}
          >
            {t(choosing ? 'code.next' : 'code.done')}
          </Button>
          <CancelButton busy={busy} send={send} />
        </>
      }
    />
  );
}

export function TrackingScreen({ show, busy, send }: Props<'tracking'>) {
  const label = useEntry({
    accepts: LABEL,
    lengthMax: 40,
    onEnter: (typed) => typed.trim() && send({ do: 'tracking', text: typed.trim() }),
  });
  useTypingInto(label.entry);
  return (
    <Halves
      said={
        <>
          <Title title={t('tracking.title')} lead={t('tracking.lead', { carrier: show.carrier })} />
          <TypedField label={t('tracking.label')} value={label.value} set={label.set} />
        </>
      }
      pressed={
        <>
          <Keys entry={label.entry} busy={busy} />
          <Button
            size="xl"
            tone="go"
            wide
            busy={busy}
            disabled={label.value.trim() === ''}
            onClick={label.entry.enter}
          >
            {t('tracking.next')}
          </Button>
          <Button size="l" icon="leave" wide held={busy} onClick={() => send({ do: 'leave' })}>
            {t('tracking.leave')}
          </Button>
        </>
      }
    />
  );
}

/** Whose number was read, so that a wrong bar code is seen before a door opens. */
function Recognition({ of: { carrier, format, others } }: { of: Recognised }) {
  const known = carrier === null ? null : t('recognised.carrier', { carrier: t(`carrier.${carrier}`) });
  return (
    <p className={others ? 'recognised recognised-others' : 'recognised'} role="status">
      <span>
        {known ?? t(format === null ? 'recognised.unknown' : 'recognised.format', { format: format ?? '' })}
      </span>
      {others && <span>{t('recognised.others')}</span>}
    </p>
  );
}

export function FlatScreen({ show, busy, send }: Props<'flat'>) {
  const flat = useEntry({
    accepts: LABEL,
    lengthMax: 40,
    onEnter: (typed) => typed.trim() && send({ do: 'flat', text: typed.trim() }),
  });
  useTypingInto(flat.entry);
  return (
    <Halves
      said={
        <>
          <Title title={t('flat.title')} lead={t('flat.lead', { tracking: show.tracking })} />
          <Recognition of={show.recognised} />
          <TypedField label={t('flat.label')} value={flat.value} set={flat.set} />
        </>
      }
      pressed={
        <>
          <Keys entry={flat.entry} busy={busy} />
          <Button
            size="xl"
            tone="go"
            wide
            busy={busy}
            disabled={flat.value.trim() === ''}
            onClick={flat.entry.enter}
          >
            {t('flat.next')}
          </Button>
          <CancelButton busy={busy} send={send} />
        </>
      }
    />
  );
}

export function RecipientScreen({ show, busy, send }: Props<'recipient'>) {
  return (
    <div className="single">
      <Title title={t('recipient.title')} lead={t('recipient.lead', { tracking: show.tracking })} />
      <Recognition of={show.recognised} />
      <ul className="choices">
        {show.recipients.map((name, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names may repeat; the index is the answer.
          <li key={index}>
            <Button size="xl" icon="person" wide held={busy} onClick={() => send({ do: 'recipient', index })}>
              <bdi>{name}</bdi>
            </Button>
          </li>
        ))}
      </ul>
      <CancelButton busy={busy} send={send} text={t('recipient.none')} />
    </div>
  );
}

export function SizeScreen({ show, busy, send }: Props<'size'>) {
  return (
    <div className="single">
      <Title
        title={t('size.title')}
        lead={t('size.lead', { tracking: show.tracking, recipient: show.recipient })}
      />
      <Recognition of={show.recognised} />
      <ul className="sizes">
        {SIZES.map((size) => (
          <SizeChoice key={size} size={size} free={show.free} busy={busy} send={send} />
        ))}
      </ul>
      <CancelButton busy={busy} send={send} />
    </div>
  );
}

type SizeChoiceProps = { size: Size; free: Show<'size'>['free']; busy: boolean; send: Send };

function SizeChoice({ size, free, busy, send }: SizeChoiceProps) {
  const any = SIZES.some((offered) => fits(size, offered) && free[offered] > 0);
  const left =
    free[size] > 0 ? t('size.free', { count: free[size] }) : t(any ? 'size.next-free' : 'size.none');
  return (
    <li>
      <button
        type="button"
        className="size"
        aria-disabled={busy || undefined}
        disabled={!any}
        onClick={() => send({ do: 'size', size })}
      >
        <span className={`size-box size-box-${size}`} aria-hidden="true">
          {size}
        </span>
        <span className="size-name">{t(`size.${size}`)}</span>
        <span className="size-like">{t(`size.${size}.like`)}</span>
        <span className="size-free">{left}</span>
      </button>
    </li>
  );
}

function CancelButton({ busy, send, text = t('cancel') }: { busy: boolean; send: Send; text?: string }) {
  return (
    <Button size="l" icon="cross" wide held={busy} onClick={() => send({ do: 'cancel' })}>
      {text}
    </Button>
  );
}

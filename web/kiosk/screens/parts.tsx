/** What several screens share: the title that is read out first, and the two ways to type. */
import { type ReactNode, useEffect, useRef } from 'react';
import { TextField } from '../../kit/field.tsx';
import { KeyPad } from '../../kit/keypad.tsx';
import type { Entry } from '../keyboard.ts';
import { pinPlaces } from '../pin.ts';

/** Takes the focus when a screen appears, so that assistive technology begins here. */
export function Title({ title, lead }: { title: string; lead?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="title">
      <h1 ref={heading} tabIndex={-1}>
        {title}
      </h1>
      {lead && <p className="lead">{lead}</p>}
    </div>
  );
}

/** Places for a code whose length is known; `label` says how many are filled. */
export function PinPlaces({ typed, digits, label }: { typed: string; digits: number; label: string }) {
  let at = 0;
  return (
    <div className="pin">
      <p className="k-hidden" role="status">
        {label}
      </p>
      {pinPlaces(typed, digits).map((group) => {
        at += group.length;
        return (
          <div className="pin-group" key={at} aria-hidden="true">
            {group.map((digit, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a place is its number.
              <span key={index} className={digit ? 'pin-place pin-filled' : 'pin-place'}>
                {digit}
              </span>
            ))}
          </div>
        );
      })}
    </div>
  );
}

/** A code that nobody beside the person should read. */
export function HiddenCode({ length, label }: { length: number; label: string }) {
  return (
    <div className="pin">
      <p className="k-hidden" role="status">
        {label}
      </p>
      <div className="pin-group pin-hidden" aria-hidden="true">
        {'●'.repeat(length)}
      </div>
    </div>
  );
}

type TypedFieldProps = { label: string; value: string; set: (text: string) => void; onFocus?: () => void };

/** The keys are on the screen, so the device need not bring up its own. */
export function TypedField({ label, value, set, onFocus }: TypedFieldProps) {
  return (
    <TextField
      className="typed"
      label={label}
      value={value}
      onChange={(event) => set(event.target.value)}
      onFocus={onFocus}
      inputMode="none"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
    />
  );
}

export function Keys({ entry, keys, busy }: { entry: Entry; keys: 'digits' | 'letters'; busy: boolean }) {
  return (
    <KeyPad keys={keys} onKey={entry.type} onDelete={entry.remove} onClear={entry.clear} disabled={busy} />
  );
}

/** Two halves: what is said, and what is pressed. Below each other upright, side by side across. */
export function Halves({ said, pressed }: { said: ReactNode; pressed: ReactNode }) {
  return (
    <div className="halves">
      <div className="half half-said">{said}</div>
      <div className="half half-pressed">{pressed}</div>
    </div>
  );
}

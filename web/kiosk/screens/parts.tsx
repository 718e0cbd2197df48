/** What several screens share: the title that is read out first, and the two ways to type. */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { TextField } from '../../kit/field.tsx';
import { KeyPad } from '../../kit/keypad.tsx';
import type { Entry } from '../keyboard.ts';

type TitleProps = {
  title: string;
  lead?: ReactNode;
  /** Said after the title to who does not see the screen. */
  how?: string | undefined;
};

/** Takes the focus when a screen appears, so that assistive technology begins here. */
export function Title({ title, lead, how }: TitleProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const id = useId();
  useEffect(() => heading.current?.focus(), []);
  return (
    <div className="title">
      <h1 ref={heading} tabIndex={-1} aria-describedby={how ? id : undefined}>
        {title}
      </h1>
      {lead && <p className="lead">{lead}</p>}
      {how && (
        <p className="k-hidden" id={id}>
          {how}
        </p>
      )}
    </div>
  );
}

type TypedFieldProps = { label: string; value: string; set: (text: string) => void; onFocus?: () => void };

/**
 * The keys are on the screen, so the device need not bring up its own. Labels and flats are written from left to
 * right, in each language.
 */
export function TypedField({ label, value, set, onFocus }: TypedFieldProps) {
  return (
    <TextField
      className="typed"
      label={label}
      value={value}
      onChange={(event) => set(event.target.value)}
      onFocus={onFocus}
      dir="ltr"
      inputMode="none"
      autoComplete="off"
      autoCorrect="off"
      spellCheck={false}
    />
  );
}

export function Keys({ entry, busy }: { entry: Entry; busy: boolean }) {
  return (
    <KeyPad keys="letters" onKey={entry.type} onDelete={entry.remove} onClear={entry.clear} disabled={busy} />
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

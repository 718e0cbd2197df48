/** Fields with their label, hint and error tied to them. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type SyntheticEvent,
  useId,
  useState,
} from 'react';
import { Icon } from './icon.tsx';
import { t } from './messages.ts';

type Around = { label: string; hint?: ReactNode; error?: string | null };

type TextFieldProps = Around & InputHTMLAttributes<HTMLInputElement>;

/**
 * Half a date is shown by the browser and is no value: the field says so as soon as it is left. Whoever asks something
 * by what was typed calls `isHalfTyped` first.
 */
export function TextField({ label, hint, error: fault, className = '', ...rest }: TextFieldProps) {
  const id = useId();
  const [isHalf, setHalf] = useState(false);
  const look = ({ currentTarget }: SyntheticEvent<HTMLInputElement>): void =>
    setHalf(currentTarget.validity.badInput);
  const error = isHalf ? t('field.half') : (fault ?? null);
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input
        {...rest}
        {...tiedTo(id, hint, error)}
        className={`k-input ${className}`.trim()}
        onBlur={(event) => {
          // A button that is being pressed would move away under the hand; whoever it asks looks by itself.
          if (!(event.relatedTarget instanceof HTMLButtonElement)) look(event);
          rest.onBlur?.(event);
        }}
        onChange={(event) => {
          if (isHalf) look(event);
          rest.onChange?.(event);
        }}
        onKeyUp={isHalf ? look : rest.onKeyUp}
        onInvalid={look}
      />
    </Frame>
  );
}

/**
 * True while a field within shows what its value does not hold: half a date or time, of which a browser tells a page
 * nothing but this (HTML, section 4.10.20.1, "bad input"). Those fields say so, and the first one takes the focus.
 */
export function isHalfTyped(within: ParentNode): boolean {
  const half = [...within.querySelectorAll('input')].filter(({ validity }) => validity.badInput);
  // Each is told by the event `invalid`.
  for (const field of half) field.checkValidity();
  half[0]?.focus();
  return half.length > 0;
}

type SelectFieldProps = Around & SelectHTMLAttributes<HTMLSelectElement>;

export function SelectField({ label, hint, error, className = '', children, ...rest }: SelectFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error ?? null}>
      <select {...rest} {...tiedTo(id, hint, error)} className={`k-input ${className}`.trim()}>
        {children}
      </select>
    </Frame>
  );
}

type CheckFieldProps = Around & InputHTMLAttributes<HTMLInputElement>;

export function CheckField({ label, hint, error, className = '', ...rest }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="k-check">
      <input type="checkbox" {...rest} {...tiedTo(id, hint, error)} className={className} />
      <div>
        <label htmlFor={id}>{label}</label>
        <Below id={id} hint={hint} error={error ?? null} />
      </div>
    </div>
  );
}

function tiedTo(id: string, hint: ReactNode, error: string | null | undefined) {
  const described = [hint ? `${id}-hint` : '', error ? `${id}-error` : ''].join(' ').trim();
  return { id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined };
}

type FrameProps = { id: string; label: string; hint: ReactNode; error: string | null; children: ReactNode };

function Frame({ id, label, hint, error, children }: FrameProps) {
  return (
    <div className="k-field">
      <label htmlFor={id}>{label}</label>
      {children}
      <Below id={id} hint={hint} error={error} />
    </div>
  );
}

function Below({ id, hint, error }: { id: string; hint: ReactNode; error: string | null }) {
  return (
    <>
      {hint && (
        <p className="k-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className="k-error" id={`${id}-error`}>
          <Icon name="warn" size={18} /> {error}
        </p>
      )}
    </>
  );
}

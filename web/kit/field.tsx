/** Fields with their label, hint and error tied to them. */
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from 'react';
import { Icon } from './icon.tsx';

type Around = { label: string; hint?: ReactNode; error?: string | null };

type TextFieldProps = Around & InputHTMLAttributes<HTMLInputElement>;

export function TextField({ label, hint, error, className = '', ...rest }: TextFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error ?? null}>
      <input {...rest} {...tiedTo(id, hint, error)} className={`k-input ${className}`.trim()} />
    </Frame>
  );
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

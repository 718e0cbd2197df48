/** Buttons, and links that look like them. One `go` button a screen: what the person came for. */
import type { AnchorHTMLAttributes, ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';
import { t } from './messages.ts';

export type ButtonTone = 'go' | 'plain' | 'quiet' | 'danger';
export type ButtonSize = 'm' | 'l' | 'xl';

type Look = { tone?: ButtonTone; size?: ButtonSize; icon?: IconName; wide?: boolean };

const classOf = ({ tone = 'plain', size = 'm', wide = false }: Look, more = ''): string =>
  ['k-button', `k-button-${tone}`, `k-button-${size}`, wide ? 'k-button-wide' : '', more].join(' ').trim();

const ICON_SIZE: Record<ButtonSize, number> = { m: 20, l: 24, xl: 30 };

/** A browser takes the focus from a button that it disables; who works by keyboard would begin at the top again. */
function stay(event: { preventDefault(): void }): void {
  event.preventDefault();
}

type ButtonProps = Look & {
  /** What it asked for is under way; it says so. */
  busy?: boolean;
  /** There is nothing for it to do for now: it cannot be pressed, and keeps its words and the focus. */
  held?: boolean;
  children: ReactNode;
} & ButtonHTMLAttributes<HTMLButtonElement>;

export function Button({
  tone,
  size = 'm',
  icon,
  wide,
  busy = false,
  held = false,
  children,
  className,
  ...rest
}: ButtonProps) {
  const look: Look = { size, ...(tone && { tone }), ...(wide && { wide }) };
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={busy || held || undefined}
      onClick={busy || held ? stay : rest.onClick}
      className={classOf(look, className)}
    >
      {icon && <Icon name={icon} size={ICON_SIZE[size]} />}
      <span>{busy ? t('busy') : children}</span>
    </button>
  );
}

type IconButtonProps = { icon: IconName; label: string } & Omit<
  ButtonHTMLAttributes<HTMLButtonElement>,
  'children'
>;

/** For tight places; the label is its accessible name and its tip. */
export function IconButton({ icon, label, className = '', ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      className={`k-icon-button ${className}`.trim()}
    >
      <Icon name={icon} size={18} />
    </button>
  );
}

type LinkButtonProps = Look & { children: ReactNode } & AnchorHTMLAttributes<HTMLAnchorElement>;

export function LinkButton({ tone, size = 'm', icon, wide, children, className, ...rest }: LinkButtonProps) {
  const look: Look = { size, ...(tone && { tone }), ...(wide && { wide }) };
  return (
    <a {...rest} className={classOf(look, className)}>
      {icon && <Icon name={icon} size={ICON_SIZE[size]} />}
      <span>{children}</span>
    </a>
  );
}

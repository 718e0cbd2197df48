/** A state as word, colour and icon, so that none of them is needed alone. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type BadgeTone = 'plain' | 'info' | 'good' | 'warn' | 'bad';

export function Badge({
  tone = 'plain',
  icon,
  children,
}: {
  tone?: BadgeTone;
  icon?: IconName;
  children: ReactNode;
}) {
  return (
    <span className={`k-badge k-badge-${tone}`}>
      {icon && <Icon name={icon} size={16} />}
      {children}
    </span>
  );
}

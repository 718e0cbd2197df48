/** One thing said to the person: what happened, and what to do next. */
import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

export type NoticeTone = 'info' | 'good' | 'warn' | 'bad';

const TONE_ICON: Record<NoticeTone, IconName> = {
  info: 'info',
  good: 'check',
  warn: 'warn',
  bad: 'warn',
};

type NoticeProps = {
  tone: NoticeTone;
  title: string;
  live?: 'off' | 'polite' | 'assertive';
  children?: ReactNode;
};

/** `live` says it aloud when it appears: "assertive" for what stops the person, else "polite". */
export function Notice({ tone, title, live = 'polite', children }: NoticeProps) {
  const role = live === 'assertive' ? 'alert' : live === 'polite' ? 'status' : undefined;
  return (
    <div className={`k-notice k-notice-${tone}`} role={role}>
      <Icon name={TONE_ICON[tone]} size={26} />
      <div>
        <p className="k-notice-title">{title}</p>
        {children && <div className="k-notice-text">{children}</div>}
      </div>
    </div>
  );
}

/** Small parts that the admin pages share. */
import { type ReactNode, useEffect, useRef } from 'react';
import { formatDate, formatDayTime, formatTimeWithSeconds } from '../kit/time.ts';
import { t } from './messages.ts';

/**
 * A page's own heading. It takes the focus when the page is turned to, so that a keyboard or a screen
 * reader starts at the page and not at the end of the navigation.
 */
export function PageHead({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const spokenIn = useRef('');
  useEffect(() => {
    document.title = `${title} – ${t('app.title')}`;
    const { lang } = document.documentElement;
    const isTranslated = spokenIn.current !== '' && spokenIn.current !== lang;
    spokenIn.current = lang;
    // Another language is no other page: who chose it stays where they are.
    if (isTranslated) return;
    heading.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [title]);
  return (
    <div className="k-spread">
      <div className="k-stack-tight a-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {lead && <p className="k-muted">{lead}</p>}
      </div>
      {children}
    </div>
  );
}

export function Time({ atMs, exact = false }: { atMs: number | null; exact?: boolean }) {
  if (atMs === null) return <span className="k-muted">–</span>;
  return (
    <time className="a-time" dateTime={new Date(atMs).toISOString()}>
      {exact ? exactTime(atMs) : formatDayTime(atMs)}
    </time>
  );
}

/** Date and seconds, for evidence. */
export function exactTime(atMs: number): string {
  return `${formatDate(atMs)}, ${formatTimeWithSeconds(atMs)}`;
}

/** A hash or a key's fingerprint: long, exact, and breakable anywhere. */
export function Exact({ children }: { children: string }) {
  return <code className="a-exact">{children}</code>;
}

/** Code or JSON in a frame that scrolls. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    <>
      {/* A region that scrolls has to be reachable by keyboard (WCAG 2.2, 2.1.1). */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above. */}
      <section className="a-code" aria-label={label} tabIndex={0}>
        <pre>
          <code>{text}</code>
        </pre>
      </section>
    </>
  );
}

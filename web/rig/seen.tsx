/** What just happened at the cabinet, in words: for who watches, and for who pressed and wonders. */
import { useId } from 'react';
import { Icon } from '../kit/icon.tsx';
import './seen.css';
import { t } from './messages.ts';
import type { Sight } from './seen.ts';

export function Seen({ seen }: { seen: readonly Sight[] }) {
  const id = useId();
  return (
    <section className="k-card seen" aria-labelledby={id}>
      <h2 id={id}>{t('seen')}</h2>
      {seen.length === 0 ? (
        <p className="k-hint">{t('seen.nothing')}</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to scroll by keys, too.
        <ol aria-labelledby={id} tabIndex={0}>
          {seen.map(({ says, n, odd }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: counted from the oldest, a sight's place stays.
            <li key={seen.length - index} className={odd ? 'seen-odd' : undefined}>
              {odd && <Icon name="warn" size={14} />}
              <span>{t(says, { n: n ?? 0 })}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

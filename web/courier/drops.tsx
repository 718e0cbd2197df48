/** Today's drop-offs, newest first, each with what became of it. */
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { Empty } from '../kit/card.tsx';
import { formatTime } from '../kit/time.ts';
import { t } from './messages.ts';
import type { Bank, Drop } from './session.ts';

const TONE: Record<Drop['state'], BadgeTone> = {
  waiting: 'info',
  collected: 'good',
  held: 'warn',
  removed: 'plain',
};

export function Drops({ drops, banks }: { drops: readonly Drop[]; banks: readonly Bank[] }) {
  if (drops.length === 0) return <Empty title={t('drops.empty')} />;
  const nameOf = (id: string): string => banks.find((bank) => bank.id === id)?.name ?? id;
  return (
    <ul className="p-list" aria-label={t('drops')}>
      {drops.map((drop) => (
        <li key={`${drop.tracking} ${drop.atMs}`} className="c-drop">
          <time dateTime={new Date(drop.atMs).toISOString()}>{formatTime(drop.atMs)}</time>
          <div>
            <p className="k-mono">{drop.tracking}</p>
            <p className="k-spread">
              <span className="k-muted">
                {t('drops.where', { bank: nameOf(drop.bank), n: drop.compartment })}
              </span>
              <Badge tone={TONE[drop.state]}>{t(`drop.${drop.state}`)}</Badge>
            </p>
          </div>
        </li>
      ))}
    </ul>
  );
}

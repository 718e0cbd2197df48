/** A new badge, shown once: to scan, to read, to print. */
import { useEffect } from 'react';
import { Button } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { Notice } from '../kit/notice.tsx';
import { groupedBadge } from './badge.ts';
import { t } from './messages.ts';
import { QrCode } from './qr-code.tsx';

export type MadeBadge = { name: string; carrier: string; text: string };

export function BadgeCard({ made, onDone }: { made: MadeBadge; onDone: () => void }) {
  useEffect(() => {
    // A reload would lose the badge for good; the browser asks first (HTML standard, "prompt to unload").
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, []);
  return (
    <Card title={t('couriers.badge', { name: made.name })} className="a-badge">
      <div className="k-no-print">
        <Notice tone="warn" title={t('couriers.badgeOnce')} live="assertive">
          {t('couriers.badgeOnceSays')}
        </Notice>
      </div>
      <div className="a-badge-face">
        <QrCode text={made.text} label={t('couriers.badgeCode')} />
        <div className="k-stack-tight">
          <p className="a-badge-name">{made.name}</p>
          <p>{made.carrier}</p>
          <p>
            <span className="k-hidden">{t('couriers.badgeText')}</span>
            <code className="a-badge-text">{groupedBadge(made.text)}</code>
          </p>
        </div>
      </div>
      <div className="k-row k-no-print">
        <Button tone="go" onClick={() => window.print()}>
          {t('couriers.badgePrint')}
        </Button>
        <Button onClick={onDone}>{t('couriers.badgeDone')}</Button>
      </div>
      <p className="k-muted k-no-print">{t('couriers.badgeWaits')}</p>
    </Card>
  );
}

/** A new badge, shown once: to scan, to read, to print. */
import { useEffect, useSyncExternalStore } from 'react';
import { Button, LinkButton } from '../kit/button.tsx';
import { Card } from '../kit/card.tsx';
import { Notice } from '../kit/notice.tsx';
import { groupedBadge } from './badge.ts';
import { type MadeBadge, madeBadgesOf } from './made-badges.ts';
import { t } from './messages.ts';
import { QrCode } from './qr-code.tsx';

export const madeBadges = madeBadgesOf();

export function useMadeBadges(): readonly MadeBadge[] {
  return useSyncExternalStore(madeBadges.onChange, madeBadges.all);
}

/** For the root of the app: whose the badges are, and that the page is not left without a word while there are any. */
export function useBadgesOf(person: string | null | undefined): void {
  useEffect(() => {
    // Not known yet is nobody new.
    if (person !== undefined) madeBadges.of(person);
  }, [person]);
  const isAny = useSyncExternalStore(madeBadges.onChange, madeBadges.isAny);
  useEffect(() => {
    if (!isAny) return;
    // A reload would lose the badge for good; the browser asks first (HTML standard, "prompt to unload").
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', hold);
    return () => window.removeEventListener('beforeunload', hold);
  }, [isAny]);
}

/** On every other page: that there is one, and the way to it. */
export function BadgesWait() {
  const made = useMadeBadges();
  if (made.length === 0) return null;
  return (
    <Notice tone="warn" title={t('couriers.badgeUnprinted')}>
      <div className="k-stack-tight s-problem">
        <p>{t('couriers.badgeUnprintedOf', { names: made.map(({ name }) => name).join(', ') })}</p>
        <LinkButton href="#/couriers">{t('couriers.badgeShow')}</LinkButton>
      </div>
    </Notice>
  );
}

export function BadgeCard({ made, onDone }: { made: MadeBadge; onDone: () => void }) {
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

/** What waits for the resident: the bank, the door, and until when. */
import { Badge } from '../kit/badge.tsx';
import { Card, Empty, Facts } from '../kit/card.tsx';
import { useNow } from '../kit/clock.ts';
import { Icon } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { formatDayTime, formatLeft } from '../kit/time.ts';
import { t } from './messages.ts';
import { type Parcel, useParcels } from './session.ts';

const RENEW_MS = 30_000;

export function Parcels() {
  const parcels = useParcels('here');
  return (
    <Answered query={parcels}>
      {(data) => {
        // What can be collected comes before what is held for staff.
        const here = rowsOf(data).sort((a, b) => Number(a.state === 'held') - Number(b.state === 'held'));
        if (here.length === 0) return <Empty title={t('parcels.empty')}>{t('parcels.empty.text')}</Empty>;
        return (
          <>
            {here.map((parcel) => (
              <Waiting key={parcel.id} parcel={parcel} />
            ))}
            {here.some(({ state }) => state === 'waiting') && (
              <p className="r-code">
                <Icon name="message" />
                {t('parcels.code')}
              </p>
            )}
            <More rows={parcels} />
          </>
        );
      }}
    </Answered>
  );
}

function Waiting({ parcel }: { parcel: Parcel }) {
  return (
    <Card title={t('parcel.where', { bank: parcel.bankName, n: parcel.compartment })}>
      {parcel.state === 'held' ? (
        <Notice tone="warn" title={t('parcel.held')} live="off">
          {t('parcel.held.text')}
        </Notice>
      ) : (
        <Until untilMs={parcel.untilMs} />
      )}
      <Facts
        items={[
          { term: t('parcel.from'), fact: parcel.carrier },
          { term: t('parcel.came'), fact: formatDayTime(parcel.depositedAtMs) },
          { term: t('parcel.tracking'), fact: <span className="k-mono">{parcel.tracking}</span> },
          { term: t('parcel.size'), fact: parcel.size },
        ]}
      />
    </Card>
  );
}

/** Less than this, and the time left is worth a second look. */
const SOON_MS = 24 * 3_600_000;

function Until({ untilMs }: { untilMs: number }) {
  const now = useNow(RENEW_MS);
  const soon = untilMs - now < SOON_MS;
  return (
    <p className="k-spread">
      <strong>{t('parcel.until', { time: formatDayTime(untilMs) })}</strong>
      <Badge tone={soon ? 'warn' : 'info'} icon="clock">
        {t('parcel.left', { left: formatLeft(untilMs, now) })}
      </Badge>
    </p>
  );
}

/** What waits for the resident: the bank, the door, how high it is, until when, and where the code went. */
import { Badge } from '../kit/badge.tsx';
import { Card, Empty, Facts } from '../kit/card.tsx';
import { useNow } from '../kit/clock.ts';
import { Notice } from '../kit/notice.tsx';
import { AsOf, Known, useAsOf } from '../kit/session/as-of.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { formatDayTime, formatLeft } from '../kit/time.ts';
import { CodeHelp, Told } from './code.tsx';
import { heightOf } from './height.ts';
import { t } from './messages.ts';
import { type Parcel, useParcels } from './session.ts';

const RENEW_MS = 30_000;

export function Parcels() {
  const parcels = useParcels('here');
  const isOld = useAsOf([parcels]).atMs !== null;
  return (
    <>
      <AsOf asked={[parcels]} />
      <Known query={parcels}>
        {(data) => {
          // What can be collected comes before what is held for staff.
          const here = rowsOf(data).sort((a, b) => Number(a.state === 'held') - Number(b.state === 'held'));
          if (here.length === 0)
            return (
              <Empty title={t(isOld ? 'parcels.empty.old' : 'parcels.empty')}>
                {t('parcels.empty.text')}
              </Empty>
            );
          return (
            <>
              {here.map((parcel) => (
                <Waiting key={parcel.id} parcel={parcel} isOld={isOld} />
              ))}
              {here.some(({ state }) => state === 'waiting') && <CodeHelp />}
              <More rows={parcels} />
            </>
          );
        }}
      </Known>
    </>
  );
}

function Waiting({ parcel, isOld }: { parcel: Parcel; isOld: boolean }) {
  const { bankName, compartment, middleCm, carrier, depositedAtMs, tracking, size } = parcel;
  return (
    <Card
      title={t('parcel.where', { bank: bankName, n: compartment })}
      {...(isOld && { className: 'p-old' })}
    >
      {parcel.state === 'held' ? (
        <Notice tone="warn" title={t('parcel.held')} live="off">
          {t('parcel.held.text')}
        </Notice>
      ) : (
        <>
          <Until untilMs={parcel.untilMs} />
          <Told told={parcel.told} />
        </>
      )}
      <Facts
        items={[
          ...(middleCm === null
            ? []
            : [
                {
                  term: t('parcel.height'),
                  fact: t(`parcel.height.${heightOf(middleCm)}`, { cm: middleCm }),
                },
              ]),
          { term: t('parcel.from'), fact: carrier },
          { term: t('parcel.came'), fact: formatDayTime(depositedAtMs) },
          { term: t('parcel.tracking'), fact: <bdi className="k-mono">{tracking}</bdi> },
          { term: t('parcel.size'), fact: size },
        ]}
      />
    </Card>
  );
}

/** Less than this, and the time left is worth a second look. */
const SOON_MS = 24 * 3_600_000;

function Until({ untilMs }: { untilMs: number }) {
  const now = useNow(RENEW_MS);
  const left = untilMs - now;
  return (
    <p className="k-spread">
      <strong className="r-until">{t('parcel.until', { time: formatDayTime(untilMs) })}</strong>
      {left > 0 ? (
        <Badge tone={left < SOON_MS ? 'warn' : 'info'} icon="clock">
          {t('parcel.left', { left: formatLeft(untilMs, now) })}
        </Badge>
      ) : (
        <Badge tone="warn" icon="clock">
          {t('parcel.over')}
        </Badge>
      )}
    </p>
  );
}

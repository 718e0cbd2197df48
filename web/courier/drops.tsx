/** What a courier left in banks: as a list, what of it is to be taken back, and all of it day by day. */
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { Card, Empty } from '../kit/card.tsx';
import { Notice } from '../kit/notice.tsx';
import { dayBeganMs } from '../kit/session/age.ts';
import { AsOf, Known, useAsOf } from '../kit/session/as-of.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { ReceiptFile } from '../kit/session/receipt.tsx';
import { formatDay, formatDayTime, formatTime } from '../kit/time.ts';
import { t } from './messages.ts';
import { type Drop, receiptPath, session, useHistory, useToTakeBack } from './session.ts';

const TONE: Record<Drop['state'], BadgeTone> = {
  waiting: 'info',
  collected: 'good',
  held: 'warn',
  removed: 'plain',
};

type DropListProps = {
  drops: readonly Drop[];
  /** The list's accessible name. */
  name: string;
  /** Whether the day is said by what stands above the list. */
  at: 'time' | 'day and time';
  /** In a list over several banks. */
  withBank?: boolean;
  withReceipts?: boolean;
};

export function DropList({ drops, name, at, withBank = false, withReceipts = false }: DropListProps) {
  return (
    <ul className="c-drops" aria-label={name}>
      {drops.map((drop) => (
        <li key={drop.id} className="c-drop">
          <p className="k-spread">
            <time dateTime={new Date(drop.atMs).toISOString()}>
              {at === 'time' ? formatTime(drop.atMs) : formatDayTime(drop.atMs)}
            </time>
            <Badge tone={TONE[drop.state]}>{t(`drop.${drop.state}`)}</Badge>
          </p>
          <p>
            <bdi className="k-mono">{drop.tracking}</bdi>
          </p>
          <p className="k-muted">
            {withBank
              ? t('drops.where', { bank: drop.bankName, n: drop.compartment })
              : t('drops.door', { n: drop.compartment })}
          </p>
          {withReceipts && (
            <ReceiptFile
              api={session.api}
              path={receiptPath(drop.id)}
              tracking={drop.tracking}
              atMs={drop.atMs}
            />
          )}
        </li>
      ))}
    </ul>
  );
}

export function TakeBack() {
  const back = useToTakeBack();
  const isOld = useAsOf([back]).atMs !== null;
  return (
    <>
      <AsOf asked={[back]} />
      <Known query={back}>
        {(drops) =>
          drops.length === 0 ? (
            <Empty title={t(isOld ? 'back.empty.old' : 'back.empty')} />
          ) : (
            <>
              <Notice tone="info" title={t('back.how')} live="off">
                {t('back.how.text')}
              </Notice>
              {[...Map.groupBy(drops, ({ bank }) => bank)].map(([bank, there]) => (
                <Card key={bank} title={there[0]?.bankName ?? bank} {...(isOld && { className: 'p-old' })}>
                  <ul className="c-drops" aria-label={t('back.at', { bank: there[0]?.bankName ?? bank })}>
                    {there.map((drop) => (
                      <Held key={drop.id} drop={drop} />
                    ))}
                  </ul>
                </Card>
              ))}
            </>
          )
        }
      </Known>
    </>
  );
}

function Held({ drop }: { drop: Drop }) {
  return (
    <li className="c-drop">
      <p>
        <strong>{t('drops.door', { n: drop.compartment })}</strong>
      </p>
      <p>
        <bdi className="k-mono">{drop.tracking}</bdi>
      </p>
      <p className="k-muted">
        {t('back.left', { day: formatDay(drop.atMs) })}{' '}
        {drop.untilMs !== null && t('back.until', { time: formatDayTime(drop.untilMs) })}
      </p>
    </li>
  );
}

export function History() {
  const history = useHistory();
  return (
    <>
      <AsOf asked={[history]} />
      <Known query={history}>
        {(data) => {
          const drops = rowsOf(data);
          if (drops.length === 0) return <Empty title={t('history.empty')} />;
          return (
            <>
              {[...Map.groupBy(drops, ({ atMs }) => dayBeganMs(atMs))].map(([day, ofDay]) => (
                <Card key={day} title={formatDay(day)}>
                  <DropList
                    drops={ofDay}
                    at="time"
                    withBank
                    withReceipts
                    name={t('history.of', { day: formatDay(day) })}
                  />
                </Card>
              ))}
              <More rows={history} />
            </>
          );
        }}
      </Known>
    </>
  );
}

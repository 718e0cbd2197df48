/**
 * A parcel's records in order. Each says when (with how far the bank's clock may be off), who, what, which
 * door, and where it stands in which journal; a change of custody stands out.
 */

import { Badge } from '../kit/badge.tsx';
import { Card } from '../kit/card.tsx';
import { type CsvColumn, DownloadCsv } from '../kit/table.tsx';
import { locale } from '../kit/words.ts';
import { uncertaintyText } from './format.ts';
import { t } from './messages.ts';
import { Exact, Time } from './parts.tsx';
import { type CustodyEvent, useBankNames } from './session.ts';

export function CustodyTimeline({ events }: { events: readonly CustodyEvent[] }) {
  return (
    <Card title={t('parcel.timeline')}>
      {events.length === 0 ? (
        <p className="k-muted">{t('parcel.noTimeline')}</p>
      ) : (
        <>
          <ol className="a-timeline" aria-label={t('parcel.timeline')}>
            {events.map((event) => (
              <Event key={`${event.source} ${event.seq}`} event={event} />
            ))}
          </ol>
          <DownloadCsv what={t('parcel.timeline')} name="custody" rows={events} columns={columnsOf()} />
        </>
      )}
    </Card>
  );
}

const columnsOf = (): readonly CsvColumn<CustodyEvent>[] => [
  { head: t('journal.at'), text: (event) => new Date(event.atMs).toISOString() },
  { head: t('parcel.uncertainty'), text: (event) => event.uncertaintyMs },
  { head: t('parcel.clock'), text: (event) => event.timeSource },
  { head: t('parcel.said'), text: (event) => event.says },
  { head: t('parcel.who'), text: (event) => event.who ?? '' },
  { head: t('parcels.where'), text: (event) => event.compartment ?? '' },
  { head: t('parcels.custody'), text: (event) => (event.custody ? t(`custody.${event.custody}`) : '') },
  { head: t('journal.source'), text: (event) => event.source },
  { head: t('journal.seq'), text: (event) => event.seq },
  { head: t('journal.kind'), text: (event) => event.kind },
  { head: t('journal.hash'), text: (event) => event.hash },
];

function Event({ event }: { event: CustodyEvent }) {
  const bankName = useBankNames();
  const uncertainty = uncertaintyText(event.uncertaintyMs, locale());
  return (
    <li className={event.custody === null ? 'a-event' : 'a-event a-event-custody'}>
      <p className="a-event-when">
        <Time atMs={event.atMs} exact />{' '}
        <span className="k-muted k-small">
          {t('parcel.exact', { uncertainty, source: event.timeSource })}
        </span>
      </p>
      <p>{event.says}</p>
      <p className="k-row k-small">
        <span>{event.who === null ? t('parcel.nobody') : t('parcel.by', { who: event.who })}</span>
        {event.compartment !== null && <span>{t('parcel.door', { n: event.compartment })}</span>}
        {event.custody !== null && (
          <Badge tone="info" icon="hand">
            {t('parcel.passesTo', { custody: t(`custody.${event.custody}`) })}
          </Badge>
        )}
      </p>
      <p className="k-muted k-small a-event-record">
        <span>{t('parcel.record', { seq: event.seq, source: bankName(event.source) })}</span>
        <code>{event.kind}</code>
        <span>
          <span className="k-hidden">{t('parcel.hash')}</span> <Exact>{event.hash}</Exact>
        </span>
      </p>
    </li>
  );
}

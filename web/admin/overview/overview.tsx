/** The whole estate at a glance: what needs a person first, then every site's banks as their cabinets. */
import { Badge } from '../../kit/badge.tsx';
import { Card, Empty } from '../../kit/card.tsx';
import { useNow } from '../../kit/clock.ts';
import { More } from '../../kit/session/more.tsx';
import { rowsOf } from '../../kit/session/pages.ts';
import { Answered } from '../../kit/session/problem.tsx';
import { formatAgo } from '../../kit/time.ts';
import { AttentionList } from '../attention.tsx';
import { t as admin } from '../messages.ts';
import { PageHead } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { type BankOnMap, useAttention, useSiteMap } from '../session.ts';
import { DoorsDrawn, DoorsLegend, DoorTable } from './doors.tsx';
import './overview.css';
import { conditionText, t } from './messages.ts';
import { tallyOf } from './standing.ts';

const FIRST = 5;
const RENEW_MS = 30_000;

export function Overview() {
  return (
    <>
      <PageHead title={admin('section.overview')} lead={t('overview.lead')} />
      <First />
      <SiteMap />
    </>
  );
}

function First() {
  const attention = useAttention();
  return (
    <section className="k-stack-tight" aria-labelledby="first">
      <h2 id="first">{t('overview.attention')}</h2>
      <Answered query={attention}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="k-muted">{t('overview.quiet')}</p>
          ) : (
            <>
              <AttentionList label={t('overview.attention')} items={items.slice(0, FIRST)} />
              {items.length > FIRST && (
                <p>
                  <a href={fragmentOf({ at: 'attention' })}>
                    {t('overview.allAttention', { count: items.length })}
                  </a>
                </p>
              )}
            </>
          )
        }
      </Answered>
    </section>
  );
}

function SiteMap() {
  const map = useSiteMap();
  return (
    <section className="k-stack" aria-labelledby="map">
      <h2 id="map">{t('overview.map')}</h2>
      <Answered query={map}>
        {(data) => {
          const banks = rowsOf(data).filter(({ outSinceMs }) => outSinceMs === null);
          if (banks.length === 0) return <Empty icon="door" title={t('overview.empty')} />;
          return (
            <>
              <DoorsLegend />
              {bySite(banks).map((of) => (
                <Site key={of[0]?.site} banks={of} />
              ))}
            </>
          );
        }}
      </Answered>
      <More rows={map} />
    </section>
  );
}

/** In the order in which they come. */
function bySite(banks: readonly BankOnMap[]): BankOnMap[][] {
  const sites = new Map<string, BankOnMap[]>();
  for (const bank of banks) sites.set(bank.site, [...(sites.get(bank.site) ?? []), bank]);
  return [...sites.values()];
}

function Site({ banks }: { banks: readonly BankOnMap[] }) {
  const site = banks[0]?.siteName ?? '';
  return (
    <section className="k-stack" aria-label={site}>
      <h3>{t('overview.site', { site, banks: t('overview.banks', { count: banks.length }) })}</h3>
      <div className="o-banks">
        {banks.map((bank) => (
          <BankOnMapCard key={bank.id} bank={bank} />
        ))}
      </div>
    </section>
  );
}

function BankOnMapCard({ bank }: { bank: BankOnMap }) {
  const goTo = (door: number): void => {
    window.location.hash = fragmentOf({ at: 'banks', bank: bank.id, door });
  };
  return (
    <Card className="o-bank">
      <div className="k-spread">
        <h4>
          <a href={fragmentOf({ at: 'banks', bank: bank.id, door: null })}>{bank.name}</a>
        </h4>
        <Line bank={bank} />
      </div>
      {bank.alarms.length > 0 && (
        <p className="k-row">
          {bank.alarms.map((condition) => (
            <Badge key={condition} tone="bad" icon="warn">
              {conditionText(condition)}
            </Badge>
          ))}
        </p>
      )}
      <DoorsDrawn bank={bank} onPick={goTo} />
      <ul className="o-tally">
        {tallyOf(bank.doors).map(({ standing, count }) => (
          <li key={standing}>{t('overview.tally', { count, state: t(`standing.${standing}`) })}</li>
        ))}
      </ul>
      <details className="o-table">
        <summary>{t('overview.table', { name: bank.name })}</summary>
        <DoorTable bank={bank} />
      </details>
    </Card>
  );
}

function Line({ bank: { online, lastHeardMs } }: { bank: BankOnMap }) {
  const now = useNow(RENEW_MS);
  if (online)
    return (
      <Badge tone="good" icon="network">
        {t('overview.online')}
      </Badge>
    );
  const when = lastHeardMs === null ? t('overview.never') : formatAgo(lastHeardMs, now);
  return (
    <Badge tone="bad" icon="networkOff">
      {t('overview.offline', { when })}
    </Badge>
  );
}

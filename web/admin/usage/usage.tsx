/** How full the banks were, and how long parcels lay in them. What is filtered stands in the address. */
import { Card, Facts } from '../../kit/card.tsx';
import { SelectField } from '../../kit/field.tsx';
import { BarPlot, LevelPlot } from '../../kit/plot.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { formatDay, formatDayTime, formatLength, formatTime } from '../../kit/time.ts';
import { t as admin } from '../messages.ts';
import { PageHead } from '../parts.tsx';
import { fragmentOf, USAGE_DAYS, type UsageRoute } from '../routes.ts';
import { type Usage, useBanks, useRosters, useUsage } from '../session.ts';
import { t } from './messages.ts';

type Filter = Omit<UsageRoute, 'at'>;

export function UsagePage(filter: Filter) {
  const usage = useUsage(filter);
  return (
    <>
      <PageHead title={admin('section.usage')} lead={t('usage.lead')} />
      <Filters {...filter} />
      <Answered query={usage}>
        {(told) =>
          told.compartments === 0 ? (
            <p className="k-muted">{t('usage.noBank')}</p>
          ) : (
            <>
              <Occupancy usage={told} />
              <Dwell dwell={told.dwell} />
            </>
          )
        }
      </Answered>
    </>
  );
}

function Filters(filter: Filter) {
  const banks = useBanks().data ?? [];
  const sites = useRosters().data?.items ?? [];
  const turnTo = (next: Partial<Filter>): void => {
    window.location.hash = fragmentOf({ at: 'usage', ...filter, ...next });
  };
  return (
    <div className="k-row a-filters">
      <SelectField
        label={t('usage.period')}
        value={String(filter.days)}
        onChange={({ target }) =>
          turnTo({ days: USAGE_DAYS.find((days) => String(days) === target.value) ?? filter.days })
        }
      >
        {USAGE_DAYS.map((days) => (
          <option key={days} value={days}>
            {t(`usage.days.${days}`)}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('usage.site')}
        value={filter.site ?? ''}
        onChange={({ target }) => turnTo({ site: target.value || null, bank: null })}
      >
        <option value="">{t('usage.all')}</option>
        {sites.map(({ site, siteName }) => (
          <option key={site} value={site}>
            {siteName}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('usage.bank')}
        value={filter.bank ?? ''}
        onChange={({ target }) => turnTo({ bank: target.value || null })}
      >
        <option value="">{t('usage.all')}</option>
        {banks
          .filter(({ site }) => filter.site === null || site === filter.site)
          .map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
      </SelectField>
    </div>
  );
}

type Step = Usage['steps'][number];
const DAY_MS = 86_400_000;

/** A day is named by its noon, so that an hour more or less at its midnight does not move its name. */
function stepName(fromMs: number, stepMs: number): string {
  return stepMs >= DAY_MS ? formatDay(fromMs + stepMs / 2) : formatDayTime(fromMs);
}

/** Short, for the axis: the hour within one day, else the day at its midnight. */
function axisName(fromMs: number, { days, stepMs }: Pick<Usage, 'days' | 'stepMs'>): string {
  return days === 1 ? formatTime(fromMs) : formatDay(fromMs + stepMs / 2);
}

function isTick(fromMs: number, { days, stepMs }: Pick<Usage, 'days' | 'stepMs'>): boolean {
  return days === 1 || stepMs >= DAY_MS || formatTime(fromMs).startsWith('00');
}

function Occupancy({ usage }: { usage: Usage }) {
  const { steps, stepMs, fromMs, toMs, compartments } = usage;
  const lasting = steps.map((step) => Math.min(step.fromMs + stepMs, toMs) - step.fromMs);
  const whole = lasting.reduce((sum, ms) => sum + ms, 0);
  const area = steps.reduce((sum, { average }, at) => sum + average * (lasting[at] ?? 0), 0);
  const average = whole === 0 ? 0 : area / whole;
  const peak = Math.max(0, ...steps.map((step) => step.peak));
  const sum = (of: (step: Step) => number) => steps.reduce((all, step) => all + of(step), 0);
  const says = t('usage.occupancySays', {
    from: formatDayTime(fromMs),
    to: formatDayTime(toMs),
    average: average.toFixed(1),
    ...{ peak, compartments },
  });
  return (
    <Card title={t('usage.occupancy')}>
      <Facts
        items={[
          {
            term: t('usage.averageFull'),
            fact: t('usage.percent', { percent: ((100 * average) / compartments).toFixed(0) }),
          },
          { term: t('usage.mostFull'), fact: t('usage.mostOf', { peak, compartments }) },
          { term: t('usage.deposited'), fact: sum((step) => step.deposited) },
          { term: t('usage.ended'), fact: sum((step) => step.ended) },
        ]}
      />
      <LevelPlot
        label={says}
        limit={compartments}
        limitText={t('usage.limit', { count: compartments })}
        averageText={t('usage.average')}
        peakText={t('usage.peak')}
        steps={steps.map((step) => ({
          average: step.average,
          peak: step.peak,
          label: axisName(step.fromMs, usage),
          isTick: isTick(step.fromMs, usage),
        }))}
      />
      <p className="k-muted k-small">{t('usage.until')}</p>
      <details className="o-table">
        <summary>{t('usage.stepsAsTable')}</summary>
        <Table
          caption={t('usage.steps')}
          columns={stepColumns(stepMs)}
          rows={steps}
          rowKey={(step) => step.fromMs}
          csvName="occupancy"
        />
      </details>
    </Card>
  );
}

function stepColumns(stepMs: number): Column<Step>[] {
  const number = (key: 'average' | 'peak' | 'deposited' | 'ended', head: string): Column<Step> => ({
    key,
    head,
    cell: (step) => (key === 'average' ? step.average.toFixed(1) : step[key]),
    text: (step) => (key === 'average' ? Number(step.average.toFixed(3)) : step[key]),
    numeric: true,
  });
  return [
    {
      key: 'from',
      head: t('usage.from'),
      cell: (step) => <span className="a-time">{stepName(step.fromMs, stepMs)}</span>,
      text: (step) => new Date(step.fromMs).toISOString(),
    },
    number('average', t('usage.averageHead')),
    number('peak', t('usage.peakHead')),
    number('deposited', t('usage.deposited')),
    number('ended', t('usage.ended')),
  ];
}

type Bin = Usage['dwell']['bins'][number];

function binName({ fromMs, toMs }: Bin): string {
  if (toMs === null) return t('usage.binLast', { from: formatLength(fromMs) });
  if (fromMs === 0) return t('usage.binFirst', { to: formatLength(toMs) });
  return t('usage.bin', { from: formatLength(fromMs), to: formatLength(toMs) });
}

const binColumns = (): readonly Column<Bin>[] => [
  { key: 'bin', head: t('usage.dwellHead'), cell: binName, text: binName },
  {
    key: 'count',
    head: t('usage.countHead'),
    cell: (bin) => bin.count,
    text: (bin) => bin.count,
    numeric: true,
  },
];

function Dwell({ dwell }: { dwell: Usage['dwell'] }) {
  const { collected, medianMs, longMs, inside, bins } = dwell;
  const insideNow = { term: t('usage.inside'), fact: inside };
  if (medianMs === null || longMs === null)
    return (
      <Card title={t('usage.dwell')}>
        <p className="k-muted">{t('usage.dwellNone')}</p>
        <Facts items={[insideNow]} />
      </Card>
    );
  const [median, long] = [formatLength(medianMs), formatLength(longMs)];
  return (
    <Card title={t('usage.dwell')}>
      <Facts
        items={[
          { term: t('usage.collected'), fact: collected },
          { term: t('usage.median'), fact: median },
          { term: t('usage.long'), fact: long },
          insideNow,
        ]}
      />
      <BarPlot
        label={t('usage.dwellSays', { collected, median, long })}
        bars={bins.map((bin) => ({ label: binName(bin), value: bin.count }))}
      />
      <details className="o-table">
        <summary>{t('usage.dwellAsTable')}</summary>
        <Table
          caption={t('usage.dwell')}
          columns={binColumns()}
          rows={bins}
          rowKey={(bin) => bin.fromMs}
          csvName="dwell-time"
        />
      </details>
    </Card>
  );
}

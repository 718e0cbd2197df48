/** The log as it grows, and what witnesses agreed to last. */
import { useState } from 'react';
import { Badge } from '../../kit/badge.tsx';
import { Card, Facts } from '../../kit/card.tsx';
import { SelectField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { LevelPlot } from '../../kit/plot.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { formatDay, formatDayTime, formatTime } from '../../kit/time.ts';
import { locale } from '../../kit/words.ts';
import { t as admin } from '../messages.ts';
import { Exact, Time } from '../parts.tsx';
import { t } from './messages.ts';
import { LOG_DAYS, type LogDays, type LogGrowth, type LogHead, useLogGrowth } from './questions.ts';

export const LOG_CARD = 'log';

export function Growth() {
  const [days, setDays] = useState<LogDays>(7);
  const growth = useLogGrowth(days);
  return (
    <div id={LOG_CARD} tabIndex={-1} className="j-log">
      <Card title={t('log.title')}>
        <Answered query={growth}>
          {(told) =>
            told.log === null ? (
              <Notice tone="info" title={t('log.none')} live="off">
                {t('log.noneSays')}
              </Notice>
            ) : (
              <>
                <LogFacts log={told.log} waiting={told.waiting} />
                <Days days={days} onTurn={setDays} />
                <Size growth={told} days={days} />
                <Checkpoints checkpoints={told.checkpoints} />
                <Witnesses log={told.log} />
              </>
            )
          }
        </Answered>
      </Card>
    </div>
  );
}

const number = (value: number): string => value.toLocaleString(locale());
const short = (value: number): string =>
  value.toLocaleString(locale(), { notation: 'compact', maximumFractionDigits: 1 });

function LogFacts({ log, waiting }: { log: LogHead; waiting: number }) {
  return (
    <Facts
      items={[
        { term: t('log.size'), fact: number(log.size) },
        { term: t('log.waiting'), fact: number(waiting) },
        { term: t('log.lastAt'), fact: <Time atMs={log.atMs} exact /> },
        { term: t('log.origin'), fact: <Exact>{log.origin}</Exact> },
      ]}
    />
  );
}

function Days({ days, onTurn }: { days: LogDays; onTurn: (days: LogDays) => void }) {
  return (
    <div className="k-row a-filters">
      <SelectField
        label={t('log.days')}
        value={String(days)}
        onChange={({ target }) => onTurn(LOG_DAYS.find((known) => String(known) === target.value) ?? days)}
      >
        {LOG_DAYS.map((known) => (
          <option key={known} value={known}>
            {t(`log.days.${known}`)}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

type Step = LogGrowth['steps'][number] & { added: number };

function Size({ growth, days }: { growth: LogGrowth; days: LogDays }) {
  const { fromMs, stepMs, steps, log, waiting } = growth;
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last || !log) return null;
  const added: Step[] = steps.map((step, at) => ({
    ...step,
    added: step.size - (steps[at - 1]?.size ?? step.size),
  }));
  const says = t('log.says', {
    from: formatDayTime(fromMs),
    to: formatDayTime(last.toMs),
    before: number(first.size),
    after: number(last.size),
  });
  // Four names an axis: every sixth hour of a day, and each seventh of longer times.
  const every = Math.ceil(steps.length / 6);
  return (
    <>
      <LevelPlot
        label={says}
        limit={log.size + waiting}
        limitText={t('log.limit', { count: number(log.size + waiting) })}
        averageText={t('log.line')}
        tickText={short}
        steps={added.map(({ toMs, size }, at) => ({
          average: size,
          peak: size,
          label: days === 1 ? formatTime(toMs - stepMs) : formatDay(toMs - stepMs),
          isTick: at % every === 0,
        }))}
      />
      <details className="o-table">
        <summary>{t('log.stepsAsTable')}</summary>
        <Table
          caption={t('log.steps')}
          columns={stepColumns()}
          rows={added}
          rowKey={({ toMs }) => toMs}
          csvName="log-size"
        />
      </details>
    </>
  );
}

const stepColumns = (): readonly Column<Step>[] => [
  {
    key: 'to',
    head: t('log.stepTo'),
    cell: ({ toMs }) => <span className="a-time">{formatDayTime(toMs)}</span>,
    text: ({ toMs }) => new Date(toMs).toISOString(),
  },
  ...(['size', 'added'] as const).map(
    (key): Column<Step> => ({
      key,
      head: t(key === 'size' ? 'log.stepSize' : 'log.added'),
      cell: (step) => number(step[key]),
      text: (step) => step[key],
      numeric: true,
    }),
  ),
];

type Checkpoint = LogGrowth['checkpoints'][number];

const checkpointColumns = (): readonly Column<Checkpoint>[] => [
  {
    key: 'size',
    head: t('log.stepSize'),
    cell: ({ size }) => number(size),
    text: ({ size }) => size,
    numeric: true,
  },
  {
    key: 'at',
    head: admin('journal.at'),
    cell: ({ atMs }) => <Time atMs={atMs} exact />,
    text: ({ atMs }) => new Date(atMs).toISOString(),
  },
  { key: 'root', head: t('log.root'), cell: ({ root }) => <Exact>{root}</Exact>, text: ({ root }) => root },
];

function Checkpoints({ checkpoints }: { checkpoints: readonly Checkpoint[] }) {
  return (
    <details className="o-table">
      <summary>{t('log.checkpointsAsTable')}</summary>
      <Table
        caption={t('log.checkpoints')}
        columns={checkpointColumns()}
        rows={checkpoints}
        rowKey={({ size }) => size}
        csvName="checkpoints"
      />
    </details>
  );
}

type Agreement = LogHead['witnesses'][number];

/** A witness that never agreed is behind by the whole log. */
function Witnesses({ log }: { log: LogHead }) {
  const columns: Column<Agreement>[] = [
    {
      key: 'witness',
      head: t('log.witness'),
      cell: ({ witness }) => witness,
      text: ({ witness }) => witness,
    },
    {
      key: 'size',
      head: t('log.agreedSize'),
      cell: ({ size }) => (size === null ? <Badge tone="warn">{t('log.never')}</Badge> : number(size)),
      text: ({ size }) => size ?? '',
      numeric: true,
    },
    {
      key: 'at',
      head: t('log.agreedAt'),
      cell: ({ atMs }) => <Time atMs={atMs} exact />,
      text: ({ atMs }) => (atMs === null ? '' : new Date(atMs).toISOString()),
    },
    {
      key: 'behind',
      head: t('log.behind'),
      cell: ({ size }) => number(log.size - (size ?? 0)),
      text: ({ size }) => log.size - (size ?? 0),
      numeric: true,
    },
  ];
  return (
    <section className="k-stack-tight">
      <h3>{t('log.witnesses')}</h3>
      {log.witnesses.length === 0 ? (
        <p className="k-muted">{t('log.witnessNone')}</p>
      ) : (
        <Table
          caption={t('log.witnesses')}
          columns={columns}
          rows={log.witnesses}
          rowKey={({ witness }) => witness}
          csvName="witnesses"
        />
      )}
    </section>
  );
}

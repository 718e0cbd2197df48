/** The count as it goes on: the next door with its command, and what the bank's records say of each. */
import { Badge, type BadgeTone } from '../../kit/badge.tsx';
import { LinkButton } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { CopyButton } from '../../kit/copy.tsx';
import { Notice } from '../../kit/notice.tsx';
import { rowsOf } from '../../kit/session/pages.ts';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { CodeBlock } from '../parts.tsx';
import { type CountRoute, fragmentOf } from '../routes.ts';
import { type BankCounts, type OrderRow, useOrders } from '../session.ts';
import { type Counting, countCommand, countingOf } from './counting.ts';
import { t } from './messages.ts';
import './reconciliation.css';

type GuideProps = {
  counts: BankCounts;
  chosen: readonly number[];
  begun: NonNullable<CountRoute['begun']>;
};

export function Guide({ counts, chosen, begun }: GuideProps) {
  const orders = useOrders(counts.bank);
  const counting = countingOf(counts.doors, chosen, begun.after);
  const next = counting.find(({ found }) => found === null);
  const done = counting.filter(({ found }) => found !== null);
  const orderOf = orderFinder(orders.data ? rowsOf(orders.data) : null, begun.atMs);
  const said = t('count.progress', { done: done.length, all: counting.length });
  return (
    <>
      <div className="k-stack-tight">
        <p role="status">{said}</p>
        <progress
          className="r-progress"
          aria-label={said}
          max={Math.max(1, counting.length)}
          value={done.length}
        />
      </div>
      {next ? <Next bank={counts.bank} counting={next} /> : <Done bank={counts.bank} counting={counting} />}
      <Card title={t('count.doors')}>
        <Answered query={orders}>{() => null}</Answered>
        <Table
          caption={t('count.doors')}
          columns={columnsOf(counts.bank, orderOf)}
          rows={counting}
          rowKey={({ door }) => door.n}
          csvName="count"
        />
      </Card>
    </>
  );
}

function Next({ bank, counting: { door } }: { bank: string; counting: Counting }) {
  const { n, expected } = door;
  const command = countCommand(bank, n);
  return (
    <Card title={t(`count.next.${expected}`, { n })}>
      <ol className="r-steps">
        <li>
          <p>{t('count.step1')}</p>
          <div className="a-command">
            <CodeBlock label={t('count.commandOf', { n })} text={command} />
            <CopyButton value={command} what={t('count.commandWhat', { n })} />
          </div>
        </li>
        <li>{t('count.step2')}</li>
        <li>{t('count.step3')}</li>
        <li>{t('count.step4')}</li>
      </ol>
      <p className="k-muted k-small">{t('count.limit')}</p>
    </Card>
  );
}

function Done({ bank, counting }: { bank: string; counting: readonly Counting[] }) {
  const wrong = counting.filter(({ found }) => found !== 'as-expected').length;
  return (
    <>
      <Notice tone={wrong === 0 ? 'good' : 'warn'} title={t('count.done')}>
        {wrong === 0 ? t('count.doneFit') : t('count.doneMisfit', { count: wrong })}
      </Notice>
      <p className="k-row">
        <LinkButton href={fragmentOf({ at: 'reconciliation', bank })}>{t('count.back')}</LinkButton>
        <LinkButton href={fragmentOf({ at: 'count', bank, doors: [], begun: null })}>
          {t('count.again')}
        </LinkButton>
      </p>
    </>
  );
}

type OrderState = 'pending' | 'waiting' | 'accepted' | 'unasked';

/** Of the orders that came since the count began, the newest for a door. Without an answer nobody says that there is none. */
function orderFinder(orders: readonly OrderRow[] | null, sinceMs: number): (n: number) => OrderState {
  return (n) => {
    if (orders === null) return 'unasked';
    const order = orders.find(
      ({ act, compartment, receivedAtMs }) =>
        act === 'staff-release' && compartment === n && receivedAtMs >= sinceMs,
    );
    return order?.state === 'waiting' || order?.state === 'accepted' ? order.state : 'pending';
  };
}

function columnsOf(bank: string, orderOf: (n: number) => OrderState): Column<Counting>[] {
  const stateText = ({ door, found }: Counting): string =>
    found === null ? t(`count.${orderOf(door.n)}`) : t(`found.${found}`);
  const tone = ({ found }: Counting): BadgeTone => {
    if (found === null) return 'plain';
    return found === 'as-expected' ? 'good' : 'bad';
  };
  return [
    {
      key: 'n',
      head: t('count.door'),
      cell: ({ door }) => (
        <a className="a-cell-link" href={fragmentOf({ at: 'banks', bank, door: door.n })}>
          {door.n}
        </a>
      ),
      text: ({ door }) => door.n,
      numeric: true,
    },
    {
      key: 'expected',
      head: t('count.expected'),
      cell: ({ door }) => t(`expected.${door.expected}`),
      text: ({ door }) => t(`expected.${door.expected}`),
    },
    {
      key: 'state',
      head: t('count.state'),
      cell: (row) => <Badge tone={tone(row)}>{stateText(row)}</Badge>,
      text: stateText,
    },
    {
      key: 'command',
      head: t('count.command'),
      cell: ({ door, found }) =>
        found === null && (
          <CopyButton value={countCommand(bank, door.n)} what={t('count.commandWhat', { n: door.n })} />
        ),
      text: ({ door }) => countCommand(bank, door.n),
    },
  ];
}

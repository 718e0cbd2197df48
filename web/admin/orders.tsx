/** The signed orders for a bank, and what the bank made of each. The claim of an order is never here. */
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { More } from '../kit/session/more.tsx';
import { restOf, rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { t } from './messages.ts';
import { Exact, Time } from './parts.tsx';
import { type BankSummary, type OrderRow, useOrders } from './session.ts';

const TONE: Record<OrderRow['state'], BadgeTone> = {
  waiting: 'warn',
  accepted: 'good',
  refused: 'bad',
  lapsed: 'plain',
};

/** Nothing at all where there never was an order, which is most banks; a word where somebody opened them. */
export function OrdersOf({ bank, isFolded = false }: { bank: BankSummary; isFolded?: boolean }) {
  const orders = useOrders(bank.id);
  return (
    <Answered query={orders}>
      {(data) => {
        const rows = rowsOf(data);
        if (rows.length === 0) return isFolded && <p className="k-muted">{t('orders.none')}</p>;
        return (
          <>
            <Table
              caption={t('orders.caption', { name: bank.name })}
              showCaption={!isFolded}
              columns={columnsOf()}
              rows={rows}
              rest={restOf(orders)}
              rowKey={(row) => row.order}
              csvName="orders"
            />
            <More rows={orders} />
          </>
        );
      }}
    </Answered>
  );
}

const whatOf = ({ act, compartment }: OrderRow): string =>
  compartment === null ? t(`order.${act}`) : t('orders.door', { act: t(`order.${act}`), n: compartment });

const stateOf = ({ state, reason }: OrderRow): string =>
  reason === null ? t(`order.${state}`) : t('orders.reason', { state: t(`order.${state}`), reason });

const columnsOf = (): readonly Column<OrderRow>[] => [
  {
    key: 'at',
    head: t('orders.at'),
    cell: (row) => <Time atMs={row.receivedAtMs} />,
    text: (row) => new Date(row.receivedAtMs).toISOString(),
  },
  { key: 'what', head: t('orders.what'), cell: whatOf, text: whatOf },
  {
    key: 'why',
    head: t('orders.why'),
    cell: (row) => row.purpose ?? t('app.unknown'),
    text: (row) => row.purpose ?? '',
  },
  {
    key: 'who',
    head: t('orders.who'),
    cell: ({ signers, signatures }) =>
      signers.length === 0
        ? t('orders.hand', { n: signatures })
        : signers.map((signer) => <Exact key={signer}>{signer}</Exact>),
    text: ({ signers, signatures }) =>
      signers.length === 0 ? t('orders.hand', { n: signatures }) : signers.join(' '),
  },
  {
    key: 'state',
    head: t('orders.state'),
    cell: (row) => <Badge tone={TONE[row.state]}>{stateOf(row)}</Badge>,
    text: stateOf,
  },
];

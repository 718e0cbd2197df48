/** What does not fit, what ends it, and what was explained lately. */
import { useState } from 'react';
import { Badge } from '../../kit/badge.tsx';
import { Button, LinkButton } from '../../kit/button.tsx';
import { Card, Empty } from '../../kit/card.tsx';
import { SelectField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { t as admin } from '../messages.ts';
import { PageHead, Time } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { type Discrepancies, useBanks, useDiscrepancies } from '../session.ts';
import { t } from './messages.ts';
import { type Discrepancy, type Placed, whatText, whereText } from './says.ts';
import './reconciliation.css';
import { SettleDialog } from './settle.tsx';

type Explained = Discrepancies['explained'][number];

export function Reconciliation({ bank }: { bank: string | null }) {
  const discrepancies = useDiscrepancies(bank);
  const [asked, setAsked] = useState<Discrepancy | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  return (
    <>
      <PageHead title={admin('section.reconciliation')} lead={t('reconcile.lead')} />
      <BankFilter bank={bank} />
      {said !== null && <Notice tone="good" title={said} />}
      <Answered query={discrepancies}>
        {({ items, explained }) => (
          <>
            <Card title={t('reconcile.open')}>
              {items.length === 0 ? (
                <Empty icon="check" title={t('reconcile.none')} />
              ) : (
                <Table
                  caption={t('reconcile.open')}
                  columns={openColumns(setAsked)}
                  rows={items}
                  rowKey={(row) => `${row.bank} ${row.compartment} ${row.kind} ${row.seq} ${row.parcel}`}
                  csvName="discrepancies"
                />
              )}
            </Card>
            <Counts bank={bank} />
            <Card title={t('reconcile.explained')}>
              <Table
                caption={t('reconcile.explained')}
                columns={explainedColumns()}
                rows={explained}
                rowKey={(row) => `${row.bank} ${row.seq}`}
                csvName="explained"
                empty={t('reconcile.noneExplained')}
              />
            </Card>
          </>
        )}
      </Answered>
      <SettleDialog
        asked={asked}
        onClose={() => setAsked(null)}
        onDone={(item) => {
          setAsked(null);
          setSaid(t('reconcile.settled', { what: whatText(item), where: whereText(item) }));
        }}
      />
    </>
  );
}

function BankFilter({ bank }: { bank: string | null }) {
  const banks = useBanks().data ?? [];
  return (
    <div className="k-row a-filters">
      <SelectField
        label={t('reconcile.bank')}
        value={bank ?? ''}
        onChange={({ target }) => {
          window.location.hash = fragmentOf({ at: 'reconciliation', bank: target.value || null });
        }}
      >
        <option value="">{t('reconcile.any')}</option>
        {banks.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

function Counts({ bank }: { bank: string | null }) {
  const banks = (useBanks().data ?? []).filter(({ id }) => bank === null || id === bank);
  if (banks.length === 0) return null;
  return (
    <Card title={t('reconcile.counts')}>
      <p>{t('reconcile.countsSay')}</p>
      <p className="k-row">
        {banks.map(({ id, name }) => (
          <LinkButton
            key={id}
            icon="forward"
            href={fragmentOf({ at: 'count', bank: id, doors: [], begun: null })}
          >
            {t('reconcile.countAt', { bank: name })}
          </LinkButton>
        ))}
      </p>
    </Card>
  );
}

function Where({ row }: { row: Placed & Pick<Discrepancy, 'bank'> }) {
  const href = fragmentOf({ at: 'banks', bank: row.bank, door: row.compartment });
  return (
    <a className="a-cell-link" href={href}>
      {whereText(row)}
    </a>
  );
}

function ParcelLink({ row }: { row: Placed & Pick<Discrepancy, 'parcel'> }) {
  if (row.parcel === null) return null;
  return (
    <a
      className="a-cell-link"
      href={fragmentOf({ at: 'parcel', id: row.parcel })}
      aria-label={t('reconcile.parcelOf', { where: whereText(row) })}
    >
      {t('reconcile.parcelOpen')}
    </a>
  );
}

function openColumns(settle: (item: Discrepancy) => void): Column<Discrepancy>[] {
  return [
    { key: 'where', head: t('reconcile.where'), cell: (row) => <Where row={row} />, text: whereText },
    {
      key: 'what',
      head: t('reconcile.what'),
      cell: (row) => <p className="r-what">{whatText(row)}</p>,
      text: whatText,
    },
    {
      key: 'since',
      head: t('reconcile.since'),
      cell: (row) => <Time atMs={row.atMs} />,
      text: (row) => new Date(row.atMs).toISOString(),
    },
    {
      key: 'ends',
      head: t('reconcile.ends'),
      cell: (row) => <Badge tone={row.endsBy === 'count' ? 'info' : 'warn'}>{t(`ends.${row.endsBy}`)}</Badge>,
      text: (row) => t(`ends.${row.endsBy}`),
    },
    { key: 'parcel', head: t('reconcile.parcel'), cell: (row) => <ParcelLink row={row} /> },
    {
      key: 'seq',
      head: t('reconcile.seq'),
      cell: (row) => row.seq ?? '',
      text: (row) => row.seq ?? '',
      numeric: true,
    },
    {
      key: 'act',
      head: t('reconcile.act'),
      cell: (row) =>
        row.kind === 'reported' && (
          <Button
            aria-label={t('reconcile.resolveOf', { what: whatText(row), where: whereText(row) })}
            onClick={() => settle(row)}
          >
            {t('reconcile.resolve')}
          </Button>
        ),
    },
  ];
}

const HOW = ['found', 'returned', 'lost'] as const;
const FOUND = ['as-expected', 'empty', 'occupied', 'other'] as const;

function byText({ by, how }: Explained): string {
  switch (by) {
    case 'collected':
      return t('by.collected');
    case 'count': {
      const word = FOUND.find((found) => found === how);
      return t('by.count', { how: word ? t(`found.${word}`) : (how ?? '') });
    }
    case 'person': {
      const word = HOW.find((known) => known === how);
      return t('by.person', { how: word ? t(`how.${word}`) : (how ?? '') });
    }
  }
}

const explainedColumns = (): readonly Column<Explained>[] => [
  { key: 'where', head: t('reconcile.where'), cell: (row) => <Where row={row} />, text: whereText },
  {
    key: 'what',
    head: t('reconcile.what'),
    cell: (row) => <p className="r-what">{t(`what.${row.what}`)}</p>,
    text: (row) => t(`what.${row.what}`),
  },
  {
    key: 'since',
    head: t('reconcile.since'),
    cell: (row) => <Time atMs={row.atMs} />,
    text: (row) => new Date(row.atMs).toISOString(),
  },
  { key: 'by', head: t('reconcile.by'), cell: byText, text: byText },
  {
    key: 'when',
    head: t('reconcile.when'),
    cell: (row) => <Time atMs={row.explainedAtMs} />,
    text: (row) => new Date(row.explainedAtMs).toISOString(),
  },
  { key: 'parcel', head: t('reconcile.parcel'), cell: (row) => <ParcelLink row={row} /> },
];

/** The audit explorer: records by what is asked for, how far each is proved, and the log that they stand in. */
import { useState } from 'react';
import { Button, LinkButton } from '../../kit/button.tsx';
import { Notice } from '../../kit/notice.tsx';
import { More } from '../../kit/session/more.tsx';
import { restOf, rowsOf } from '../../kit/session/pages.ts';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { t as admin } from '../messages.ts';
import { Exact, PageHead, Time } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { useBankNames } from '../session.ts';
import { isLook, type JournalRoute } from './address.ts';
import { About, type FilterField, Filters, type Unclear } from './filters.tsx';
import { Growth, LOG_CARD } from './growth.tsx';
import './journal.css';
import { t } from './messages.ts';
import { ProofBadge, proofText } from './proof.tsx';
import { askFromTheTop, type RecordRow, useRecords } from './questions.ts';
import { RecordDialog } from './record.tsx';
import { Tail } from './tail.tsx';

const NONE: Unclear = new Set();

export function Journal({ route }: { route: JournalRoute }) {
  const [unclear, setUnclear] = useState(NONE);
  const [cleared, setCleared] = useState(0);
  const records = useRecords(route);
  const sourceName = useSourceNames();
  const show = (record: string | null): void => {
    window.location.hash = fragmentOf({ ...route, record });
  };
  const close = (): void => show(null);
  const tell = (field: FilterField, isUnclear: boolean): void =>
    setUnclear((now) => {
      if (now.has(field) === isUnclear) return now;
      return new Set(isUnclear ? [...now, field] : [...now].filter((one) => one !== field));
    });
  return (
    <>
      <PageHead title={admin('section.journal')} lead={t('journal.lead')}>
        <div className="k-row">
          <LinkButton icon="download" href={fragmentOf({ at: 'exports', incident: null })}>
            {t('journal.exports')}
          </LinkButton>
          <Button icon="show" onClick={showLog}>
            {t('log.see')}
          </Button>
        </div>
      </PageHead>
      <Filters key={cleared} route={route} onUnclear={tell} />
      <About
        {...{ route, unclear, about: records.data?.pages[0]?.about }}
        onAgain={() => askFromTheTop(route)}
        onClear={() => setCleared((count) => count + 1)}
      />
      {unclear.size > 0 ? (
        <Notice tone="warn" title={t('journal.unclear')} />
      ) : (
        <Records {...{ route, records, sourceName, show }} />
      )}
      <Growth />
      <RecordDialog id={route.record} sourceName={sourceName} onClose={close} />
    </>
  );
}

type RecordsProps = {
  route: JournalRoute;
  records: ReturnType<typeof useRecords>;
  sourceName: (source: string) => string;
  show: (record: string) => void;
};

function Records({ route, records, sourceName, show }: RecordsProps) {
  const isEverything = fragmentOf({ ...route, record: null }) === '#/journal';
  return (
    <Answered query={records}>
      {(data) => (
        <>
          {!isLook(route) && <Tail key={tailKey(route)} filter={route} pages={data.pages} />}
          <div className="a-wide">
            <p className="k-muted k-small">
              {t(isByTime(route) ? 'journal.orderTime' : 'journal.orderCome')}
            </p>
            <Table
              caption={t('journal.caption')}
              columns={columnsOf(sourceName, show)}
              rows={rowsOf<RecordRow>(data)}
              rowKey={(row) => `${row.source} ${row.seq}`}
              csvName="journal"
              empty={t(isEverything ? 'journal.empty' : 'journal.emptyAsked')}
              rest={restOf<RecordRow>(records)}
            />
          </div>
          <More rows={records} />
        </>
      )}
    </Answered>
  );
}

/** Another question begins live again. */
const tailKey = (route: JournalRoute): string => fragmentOf({ ...route, record: null });

const isByTime = (route: JournalRoute): boolean =>
  !isLook(route) && (route.fromMs !== null || route.toMs !== null);

function showLog(): void {
  const card = document.getElementById(LOG_CARD);
  card?.focus();
  card?.scrollIntoView();
}

/** What is no bank is the journal of the cloud. */
function useSourceNames(): (source: string) => string {
  const bankName = useBankNames();
  return (source) => (source.startsWith('tenant_') ? t('journal.cloud') : bankName(source));
}

function placeOf({ proof }: RecordRow): number | '' {
  return proof.is === 'integrated' || proof.is === 'cosigned' ? proof.index : '';
}

function columnsOf(sourceName: (source: string) => string, show: (id: string) => void): Column<RecordRow>[] {
  return [
    {
      key: 'at',
      head: admin('journal.at'),
      cell: (row) => <Time atMs={row.atMs} exact />,
      text: (row) => new Date(row.atMs).toISOString(),
    },
    {
      key: 'kind',
      head: admin('journal.kind'),
      cell: (row) => <code>{row.kind}</code>,
      text: (row) => row.kind,
    },
    {
      key: 'source',
      head: admin('journal.source'),
      cell: (row) => sourceName(row.source),
      text: (row) => sourceName(row.source),
    },
    {
      key: 'door',
      head: t('journal.door'),
      cell: (row) => row.compartment,
      text: (row) => row.compartment ?? '',
      numeric: true,
    },
    { key: 'seq', head: admin('journal.seq'), cell: (row) => row.seq, text: (row) => row.seq, numeric: true },
    {
      key: 'proof',
      head: t('journal.proof'),
      cell: (row) => <ProofBadge proof={row.proof} />,
      text: (row) => proofText(row.proof),
    },
    {
      key: 'show',
      head: t('journal.showHead'),
      cell: (row) => (
        <Button
          aria-label={t('journal.showOf', { seq: row.seq, source: sourceName(row.source) })}
          onClick={() => show(`${row.source}.${row.seq}`)}
        >
          {t('journal.show')}
        </Button>
      ),
    },
    { key: 'place', head: t('journal.place'), cell: placeOf, text: placeOf, numeric: true },
    {
      key: 'batch',
      head: t('journal.batch'),
      cell: (row) => row.batchLast ?? '–',
      text: (row) => row.batchLast ?? '',
      numeric: true,
    },
    {
      key: 'hash',
      head: admin('journal.hash'),
      cell: (row) => <Exact>{row.hash}</Exact>,
      text: (row) => row.hash,
    },
  ];
}

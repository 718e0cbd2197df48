/** Every parcel, by state and bank: who has it now and since when. */
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { useNow } from '../kit/clock.ts';
import { SelectField } from '../kit/field.tsx';
import { More } from '../kit/session/more.tsx';
import { restOf, rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { t } from './messages.ts';
import { exactTime, PageHead, Time } from './parts.tsx';
import { fragmentOf, PARCEL_STATES, type ParcelState, parcelFilter, type Route } from './routes.ts';
import { type ParcelRow, useBankNames, useBanks, useParcels } from './session.ts';

type Filter = Pick<Extract<Route, { at: 'parcels' }>, 'state' | 'bank'>;

const RENEW_MS = 30_000;

const TONE: Record<ParcelState, BadgeTone> = {
  accepted: 'info',
  waiting: 'info',
  collected: 'good',
  removed: 'plain',
  held: 'warn',
  'not-deposited': 'plain',
  lost: 'bad',
};

export function ParcelStateBadge({ state }: { state: ParcelState }) {
  return <Badge tone={TONE[state]}>{t(`parcel.${state}`)}</Badge>;
}

export function Parcels(filter: Filter) {
  const parcels = useParcels(filter);
  const bankName = useBankNames();
  const nowMs = useNow(RENEW_MS);
  return (
    <>
      <PageHead
        title={t('section.parcels')}
        lead={t(filter.state === 'overdue' ? 'parcels.overdueLead' : 'parcels.lead')}
      />
      <Filters {...filter} />
      <Answered query={parcels}>
        {(data) => (
          <>
            <div className="a-parcels a-wide">
              <Table
                caption={t('parcels.caption')}
                columns={columnsOf({ bankName, nowMs, isOverdue: filter.state === 'overdue' })}
                rows={rowsOf(data)}
                rest={restOf(parcels)}
                rowKey={(row) => row.id}
                csvName={filter.state === 'overdue' ? 'parcels-overdue' : 'parcels'}
                empty={t(emptyText(filter))}
              />
            </div>
            <More rows={parcels} />
          </>
        )}
      </Answered>
    </>
  );
}

function emptyText({ state, bank }: Filter) {
  if (state === 'overdue') return 'parcels.overdueNone';
  return state === null && bank === null ? 'parcels.emptyAll' : 'parcels.empty';
}

/** True while it is inside and nobody may collect it any more. */
export function isOverdue(row: Pick<ParcelRow, 'state' | 'untilMs'>, nowMs: number): boolean {
  return (row.state === 'waiting' || row.state === 'held') && row.untilMs !== null && row.untilMs < nowMs;
}

/** The filter stands in the address, so that a filtered list can be kept and sent. */
function Filters({ state, bank }: Filter) {
  const banks = useBanks().data ?? [];
  const turnTo = (next: Filter): void => {
    window.location.hash = fragmentOf({ at: 'parcels', ...next });
  };
  return (
    <div className="k-row a-filters">
      <SelectField
        label={t('parcels.state')}
        value={state ?? ''}
        onChange={(event) => turnTo({ state: parcelFilter(event.target.value), bank })}
      >
        <option value="">{t('parcels.any')}</option>
        <option value="overdue">{t('parcels.overdue')}</option>
        {PARCEL_STATES.map((known) => (
          <option key={known} value={known}>
            {t(`parcel.${known}`)}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t('parcels.bank')}
        value={bank ?? ''}
        onChange={(event) => turnTo({ state, bank: event.target.value || null })}
      >
        <option value="">{t('parcels.any')}</option>
        {banks.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

type Listed = { bankName: (id: string) => string; nowMs: number; isOverdue: boolean };

function columnsOf(list: Listed): Column<ParcelRow>[] {
  const { bankName, nowMs } = list;
  const time = (key: 'depositedAtMs' | 'untilMs' | 'endedAtMs', head: string): Column<ParcelRow> => ({
    key,
    head,
    cell: (row) => <Time atMs={row[key]} />,
    text: (row) => (row[key] === null ? '' : new Date(row[key]).toISOString()),
  });
  const place = (row: ParcelRow): string => t('parcels.at', { bank: bankName(row.bank), n: row.compartment });
  return [
    {
      key: 'tracking',
      head: t('parcels.tracking'),
      cell: (row) => (
        <a className="a-row-link k-mono" href={fragmentOf({ at: 'parcel', id: row.id })}>
          {row.tracking}
        </a>
      ),
      text: (row) => row.tracking,
    },
    {
      key: 'state',
      head: t('parcels.state'),
      cell: (row) => (
        <span className="k-row">
          <ParcelStateBadge state={row.state} />
          {!list.isOverdue && isOverdue(row, nowMs) && <Badge tone="warn">{t('parcels.overdue')}</Badge>}
        </span>
      ),
      text: (row) => t(`parcel.${row.state}`),
    },
    ...(list.isOverdue ? [overdueBy(nowMs), time('untilMs', t('parcels.until'))] : []),
    {
      key: 'custody',
      head: t('parcels.custody'),
      cell: (row) => t(`custody.${row.custody}`),
      text: (row) => t(`custody.${row.custody}`),
    },
    {
      key: 'recipient',
      head: t('parcels.recipient'),
      cell: (row) => row.recipient,
      text: (row) => row.recipient,
    },
    { key: 'flat', head: t('parcels.flat'), cell: (row) => row.flat, text: (row) => row.flat },
    { key: 'where', head: t('parcels.where'), cell: place, text: place },
    { key: 'size', head: t('parcels.size'), cell: (row) => row.size, text: (row) => row.size },
    { key: 'carrier', head: t('parcels.carrier'), cell: (row) => row.carrier, text: (row) => row.carrier },
    { key: 'courier', head: t('parcels.courier'), cell: (row) => row.courier, text: (row) => row.courier },
    time('depositedAtMs', t('parcels.deposited')),
    ...(list.isOverdue ? [] : [time('untilMs', t('parcels.until')), time('endedAtMs', t('parcels.ended'))]),
  ];
}

function overdueBy(nowMs: number): Column<ParcelRow> {
  const hours = ({ untilMs }: ParcelRow) => Math.floor((nowMs - (untilMs ?? nowMs)) / 3_600_000);
  return {
    key: 'overdue',
    head: t('parcels.overdueHours'),
    cell: (row) => hours(row),
    text: hours,
    numeric: true,
  };
}

/** For the head of a parcel's own page. */
export function untilText(row: Pick<ParcelRow, 'untilMs'>): string {
  return row.untilMs === null ? t('app.none') : exactTime(row.untilMs);
}

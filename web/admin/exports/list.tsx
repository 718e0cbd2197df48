/** Every export that was asked for, here or by command, and the files that can still be fetched. */
import { useMutation } from '@tanstack/react-query';
import type { ExportRow } from '../../../src/contract/http/exports.ts';
import { Badge, type BadgeTone } from '../../kit/badge.tsx';
import { Button, LinkButton } from '../../kit/button.tsx';
import { More } from '../../kit/session/more.tsx';
import { restOf, rowsOf, usePages } from '../../kit/session/pages.ts';
import { Answered, ProblemNotice } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { formatDate } from '../../kit/time.ts';
import { journalAt } from '../journal/address.ts';
import { exactTime, Time } from '../parts.tsx';
import { fragmentOf, queryOf } from '../routes.ts';
import { session, useBankNames } from '../session.ts';
import { t } from './messages.ts';

const PAGE_ROWS = 50;
/** While something is made its progress is asked for, whether or not it was told. */
const AGAIN_MS = 5_000;

const TONES: Record<ExportRow['state'], BadgeTone> = {
  waiting: 'info',
  making: 'info',
  ready: 'good',
  failed: 'bad',
  given: 'plain',
  gone: 'plain',
};

export function List() {
  const exports = usePages<ExportRow>({
    api: session.api,
    key: ['exports', 'rows'],
    address: (cursor) => session.path('exports') + queryOf({ cursor, limit: PAGE_ROWS }),
    againMs: AGAIN_MS,
  });
  const names = useBankNames();
  return (
    <Answered query={exports}>
      {(data) => (
        <>
          <Table
            {...{ caption: t('list.title'), showCaption: true, csvName: 'exports', empty: t('list.empty') }}
            columns={columnsOf(names)}
            rows={rowsOf(data)}
            rest={restOf(exports)}
            rowKey={({ id }) => id}
          />
          <More rows={exports} />
        </>
      )}
    </Answered>
  );
}

type Names = ReturnType<typeof useBankNames>;

function columnsOf(names: Names): Column<ExportRow>[] {
  return [
    {
      ...{ key: 'at', head: t('list.at'), text: ({ askedAtMs }) => new Date(askedAtMs).toISOString() },
      cell: (row) => (
        <>
          <Time atMs={row.askedAtMs} />
          <span className="k-muted k-small x-how">{t('list.byWhom', { name: byOf(row) })}</span>
        </>
      ),
    },
    { key: 'purpose', head: t('list.purpose'), cell: purposeOf, text: purposeOf },
    { key: 'receiver', head: t('list.receiver'), cell: (row) => <Receiver row={row} />, text: receiverOf },
    {
      key: 'what',
      head: t('list.what'),
      cell: (row) => whatOf(row, names),
      text: (row) => whatOf(row, names),
    },
    {
      ...{ key: 'state', head: t('list.state'), text: stateOf },
      cell: (row) => <Badge tone={TONES[row.state]}>{stateOf(row)}</Badge>,
    },
    {
      ...{ key: 'records', head: t('list.records'), numeric: true, text: ({ records }) => records ?? '' },
      cell: ({ records }) => records?.toLocaleString() ?? '–',
    },
    { key: 'acts', head: t('list.acts'), cell: (row) => <Acts row={row} /> },
  ];
}

const byOf = ({ askedBy }: ExportRow) => askedBy ?? t('list.operator');
const purposeOf = ({ about }: ExportRow) => about?.purpose ?? t('list.forgotten');
const receiverOf = ({ about }: ExportRow) => about?.receiver.name ?? t('list.nobody');

const NOBODY = { by: null, certificate: null, onlyEvidence: false };

function Receiver({ row }: { row: ExportRow }) {
  const { by, certificate, onlyEvidence } = row.about?.receiver ?? NOBODY;
  const to =
    by === 'passphrase'
      ? t('list.byPassphrase')
      : certificate
        ? t('list.byCertificate', { subject: certificate.subject })
        : t('list.plain');
  const how = onlyEvidence ? t('list.onlyEvidence', { to }) : to;
  return (
    <div className="x-receiver">
      {receiverOf(row)}
      {row.about && <span className="k-muted k-small x-how">{how}</span>}
    </div>
  );
}

function whatOf({ about }: ExportRow, names: Names): string {
  if (about === null) return t('list.forgotten');
  const { bank, compartment, parcel, person, fromMs, toMs, incidentMs } = about.selection;
  const parts = [
    bank === null ? '' : t('what.bank', { bank: names(bank) }),
    compartment === null ? '' : t('what.door', { door: compartment }),
    parcel === null ? '' : t('what.parcel'),
    person === null ? '' : t('what.person'),
    fromMs === null ? '' : t('what.from', { at: exactTime(fromMs) }),
    toMs === null ? '' : t('what.to', { at: exactTime(toMs) }),
    incidentMs === undefined ? '' : t('what.incident', { at: exactTime(incidentMs) }),
  ].filter((part) => part !== '');
  return parts.length === 0 ? t('list.everything') : parts.join(', ');
}

function stateOf({ state, failure, looked, lookedOf, keptUntilMs }: ExportRow): string {
  switch (state) {
    case 'making':
      return t('state.making', { percent: lookedOf === 0 ? 0 : Math.floor((100 * looked) / lookedOf) });
    case 'ready':
      return t('state.ready', { until: formatDate(keptUntilMs ?? 0) });
    case 'failed':
      return failure === null ? t('state.failed') : t(`failure.${failure}`);
    default:
      return t(`state.${state}`);
  }
}

function Acts({ row }: { row: ExportRow }) {
  const path = session.path(`exports/${encodeURIComponent(row.id)}`);
  const receiver = receiverOf(row);
  const discarding = useMutation({
    mutationFn: () => session.api.post(`${path}/discard`),
    onSuccess: () => session.client.invalidateQueries({ queryKey: ['exports'] }),
  });
  const isKept = row.state === 'waiting' || row.state === 'making' || row.state === 'ready';
  return (
    <div className="k-row">
      {row.state === 'ready' && (
        <LinkButton
          icon="download"
          href={`${path}/file`}
          download
          aria-label={t('list.fetchOf', { receiver })}
        >
          {t('list.fetch')}
        </LinkButton>
      )}
      {row.record !== null && (
        <LinkButton
          tone="quiet"
          href={fragmentOf(journalAt({ record: row.record }))}
          aria-label={t('list.recordOf', { receiver })}
        >
          {t('list.record')}
        </LinkButton>
      )}
      {isKept && (
        <Button
          tone="quiet"
          busy={discarding.isPending}
          aria-label={t('list.discardOf', { receiver })}
          onClick={() => discarding.mutate()}
        >
          {t('list.discard')}
        </Button>
      )}
      {discarding.error && <ProblemNotice problem={discarding.error} />}
    </div>
  );
}

/** Every alarm that ever was: one that was ended is not lost. */
import { LinkButton } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { More } from '../../kit/session/more.tsx';
import { restOf, rowsOf } from '../../kit/session/pages.ts';
import { Answered } from '../../kit/session/problem.tsx';
import { type Column, Table } from '../../kit/table.tsx';
import { Time } from '../parts.tsx';
import { fragmentOf } from '../routes.ts';
import { type AlarmRow, useAlarms } from '../session.ts';
import { t } from './messages.ts';

export function AlarmHistory() {
  const alarms = useAlarms();
  return (
    <Card title={t('alarms.all')}>
      <p className="k-muted">{t('alarms.allSays')}</p>
      <Answered query={alarms}>
        {(data) => (
          <>
            <div className="a-wide">
              <Table
                caption={t('alarms.all')}
                columns={columnsOf()}
                rows={rowsOf(data)}
                rest={restOf(alarms)}
                rowKey={(row) =>
                  `${row.bank} ${row.condition} ${row.compartment} ${row.raisedAtMs} ${row.endedAtMs}`
                }
                csvName="alarms"
                empty={t('alarms.none')}
              />
            </div>
            <More rows={alarms} />
          </>
        )}
      </Answered>
    </Card>
  );
}

function actsText({ acts }: AlarmRow): string {
  if (acts.length === 0) return t('alarms.noActs');
  return acts
    .map(({ act, by, reason, note }) => {
      const name = by || t('alarms.someone');
      if (act === 'care' || reason === null) return t('alarms.cared', { name });
      return t('alarms.endedBy', { name, reason: t(`reason.${reason}`), note: note ?? '' });
    })
    .join('; ');
}

const columnsOf = (): readonly Column<AlarmRow>[] => [
  {
    key: 'raised',
    head: t('alarms.raised'),
    cell: (row) => <Time atMs={row.raisedAtMs} />,
    text: (row) => new Date(row.raisedAtMs).toISOString(),
  },
  { key: 'what', head: t('alarms.what'), cell: (row) => row.says, text: (row) => row.says },
  {
    key: 'ended',
    head: t('alarms.over'),
    cell: (row) => (row.endedAtMs === null ? t('alarms.stands') : <Time atMs={row.endedAtMs} />),
    text: (row) => (row.endedAtMs === null ? t('alarms.stands') : new Date(row.endedAtMs).toISOString()),
  },
  { key: 'acts', head: t('alarms.acts'), cell: actsText, text: actsText },
  {
    key: 'evidence',
    head: t('alarms.evidence'),
    cell: ({ bank, raisedAtMs, says }) => (
      <LinkButton
        icon="download"
        href={fragmentOf({ at: 'exports', incident: { bank, atMs: raisedAtMs } })}
        aria-label={t('alarms.exportOf', { says })}
      >
        {t('alarms.export')}
      </LinkButton>
    ),
    text: () => '',
  },
];

/** Whether people were told. Texts and codes are not kept, so there is nothing more to show. */
import { useMutation } from '@tanstack/react-query';
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { Button } from '../kit/button.tsx';
import type { IconName } from '../kit/icon.tsx';
import { More } from '../kit/session/more.tsx';
import { restOf, rowsOf } from '../kit/session/pages.ts';
import { Answered, ProblemNotice } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { t } from './messages.ts';
import { PageHead, Time } from './parts.tsx';
import { changed, type NoticeRow, session, useNotices } from './session.ts';

const LOOK: Record<NoticeRow['state'], { tone: BadgeTone; icon: IconName }> = {
  queued: { tone: 'info', icon: 'clock' },
  sent: { tone: 'good', icon: 'check' },
  failed: { tone: 'warn', icon: 'again' },
  dead: { tone: 'bad', icon: 'cross' },
};

export function NoticeState({ state }: { state: NoticeRow['state'] }) {
  const { tone, icon } = LOOK[state];
  return (
    <Badge tone={tone} icon={icon}>
      {t(`notice.${state}`)}
    </Badge>
  );
}

const WHATS = ['arrival', 'reminder', 'expiry', 'collected', 'reissue', 'sign-in', 'alarm'] as const;

/** The house's own word for what a notice is about; a word that this page does not know stays as it is. */
export function noticeWhat(what: string): string {
  const known = WHATS.find((word) => word === what);
  return known ? t(`noticeWhat.${known}`) : what;
}

const columnsOf = (): readonly Column<NoticeRow>[] => [
  {
    key: 'at',
    head: t('notices.at'),
    cell: (row) => <Time atMs={row.atMs} />,
    text: (row) => new Date(row.atMs).toISOString(),
  },
  {
    key: 'what',
    head: t('notices.what'),
    cell: (row) => noticeWhat(row.what),
    text: (row) => noticeWhat(row.what),
  },
  {
    key: 'recipient',
    head: t('notices.recipient'),
    cell: (row) => row.recipient,
    text: (row) => row.recipient,
  },
  {
    key: 'channel',
    head: t('notices.channel'),
    cell: (row) => t(`channel.${row.channel}`),
    text: (row) => t(`channel.${row.channel}`),
  },
  {
    key: 'state',
    head: t('notices.state'),
    cell: (row) => <NoticeState state={row.state} />,
    text: (row) => t(`notice.${row.state}`),
  },
  {
    key: 'tries',
    head: t('notices.tries'),
    cell: (row) => row.tries,
    text: (row) => row.tries,
    numeric: true,
  },
  {
    key: 'error',
    head: t('notices.error'),
    cell: (row) => row.lastError ?? '',
    text: (row) => row.lastError ?? '',
  },
  {
    key: 'again',
    head: t('notices.again'),
    cell: (row) => row.canSendAgain && <SendAgain row={row} />,
    text: () => '',
  },
];

/** Its code lives still: once the reason is mended it can go out. */
function SendAgain({ row }: { row: NoticeRow }) {
  const again = useMutation({
    mutationFn: () => session.api.post(session.path(`notices/${encodeURIComponent(row.id)}/again`)),
    onSuccess: () => changed('notices', 'attention'),
  });
  const label = t('notices.againOf', { name: row.recipient, channel: t(`channel.${row.channel}`) });
  return (
    <>
      <Button icon="again" aria-label={label} busy={again.isPending} onClick={() => again.mutate()}>
        {t('notices.again')}
      </Button>
      {again.error && <ProblemNotice problem={again.error} />}
    </>
  );
}

export function Notices() {
  const notices = useNotices();
  return (
    <>
      <PageHead title={t('section.notices')} lead={t('notices.lead')} />
      <Answered query={notices}>
        {(data) => (
          <>
            <div className="a-wide">
              <Table
                caption={t('notices.caption')}
                columns={columnsOf()}
                rows={rowsOf(data)}
                rest={restOf(notices)}
                rowKey={(row) => row.id}
                csvName="notices"
                empty={t('notices.empty')}
              />
            </div>
            <More rows={notices} />
          </>
        )}
      </Answered>
    </>
  );
}

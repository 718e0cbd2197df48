/** What needs a person, most urgent first. */
import { useState } from 'react';
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { LinkButton } from '../kit/button.tsx';
import { Empty } from '../kit/card.tsx';
import type { IconName } from '../kit/icon.tsx';
import { Notice } from '../kit/notice.tsx';
import { Answered } from '../kit/session/problem.tsx';
import { type CsvColumn, DownloadCsv } from '../kit/table.tsx';
import { AlarmActs, type StandingAlarm } from './alarms/acts.tsx';
import { EndDialog } from './alarms/ending.tsx';
import { AlarmHistory } from './alarms/history.tsx';
import { t as alarms } from './alarms/messages.ts';
import { keyed } from './attention-keys.ts';
import { t } from './messages.ts';
import { PageHead, Time } from './parts.tsx';
import { fragmentOf, routeOf } from './routes.ts';
import { type AttentionItem, useAttention } from './session.ts';

const LOOK: Record<AttentionItem['severity'], { tone: BadgeTone; icon: IconName }> = {
  alarm: { tone: 'bad', icon: 'warn' },
  warning: { tone: 'warn', icon: 'warn' },
  note: { tone: 'info', icon: 'info' },
};

export function Attention() {
  const attention = useAttention();
  const [asked, setAsked] = useState<StandingAlarm | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  return (
    <>
      <PageHead title={t('section.attention')} lead={t('attention.lead')} />
      {said !== null && <Notice tone="good" title={said} />}
      <Answered query={attention}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="check" title={t('attention.empty')} />
          ) : (
            <>
              <AttentionList label={t('section.attention')} items={items} onEnd={setAsked} />
              <DownloadCsv
                what={t('section.attention')}
                name="attention"
                rows={items}
                columns={columnsOf()}
              />
            </>
          )
        }
      </Answered>
      <AlarmHistory />
      <EndDialog
        asked={asked}
        onClose={() => setAsked(null)}
        onDone={({ says }) => {
          setAsked(null);
          setSaid(alarms('alarms.ended', { says }));
        }}
      />
    </>
  );
}

const columnsOf = (): readonly CsvColumn<AttentionItem>[] => [
  { head: t('attention.severity'), text: (item) => t(`severity.${item.severity}`) },
  { head: t('attention.at'), text: (item) => new Date(item.atMs).toISOString() },
  { head: t('attention.what'), text: (item) => item.says },
];

type AttentionListProps = {
  label: string;
  items: readonly AttentionItem[];
  /** Where alarms can be cared for as well: asks for the end of one. */
  onEnd?: (item: StandingAlarm) => void;
};

export function AttentionList({ label, items, onEnd }: AttentionListProps) {
  return (
    <ul className="a-list" aria-label={label}>
      {keyed(items).map(({ key, item }) => (
        <Item key={key} item={item} onEnd={onEnd} />
      ))}
    </ul>
  );
}

type ItemProps = { item: AttentionItem; onEnd: AttentionListProps['onEnd'] };

function Item({ item, onEnd }: ItemProps) {
  const { tone, icon } = LOOK[item.severity];
  const href = item.link === null ? null : ownPage(item.link);
  return (
    <li className={`a-attention a-attention-${item.severity}`}>
      <Badge tone={tone} icon={icon}>
        {t(`severity.${item.severity}`)}
      </Badge>
      <p className="a-grow">{item.says}</p>
      <Time atMs={item.atMs} />
      {onEnd && item.alarm && <AlarmActs item={{ ...item, alarm: item.alarm }} onEnd={onEnd} />}
      {href !== null && (
        <LinkButton href={href} icon="forward" aria-label={t('attention.lookAt', { says: item.says })}>
          {t('attention.look')}
        </LinkButton>
      )}
    </li>
  );
}

/** A link of the cloud is followed only to a page of this app. */
function ownPage(link: string): string | null {
  const route = routeOf(link.replace(/^[^#]*#/, '').replace(/^\/admin\//, '/'));
  return route.at === 'nowhere' ? null : fragmentOf(route);
}

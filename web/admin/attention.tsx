/** What needs a person, most urgent first. */
import { Badge, type BadgeTone } from '../kit/badge.tsx';
import { LinkButton } from '../kit/button.tsx';
import { Empty } from '../kit/card.tsx';
import type { IconName } from '../kit/icon.tsx';
import { Answered } from '../kit/session/problem.tsx';
import { type CsvColumn, DownloadCsv } from '../kit/table.tsx';
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
  return (
    <>
      <PageHead title={t('section.attention')} lead={t('attention.lead')} />
      <Answered query={attention}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="check" title={t('attention.empty')} />
          ) : (
            <>
              <AttentionList label={t('section.attention')} items={items} />
              <DownloadCsv what={t('section.attention')} name="attention" rows={items} columns={COLUMNS} />
            </>
          )
        }
      </Answered>
    </>
  );
}

const COLUMNS: readonly CsvColumn<AttentionItem>[] = [
  { head: t('attention.severity'), text: (item) => t(`severity.${item.severity}`) },
  { head: t('attention.at'), text: (item) => new Date(item.atMs).toISOString() },
  { head: t('attention.what'), text: (item) => item.says },
];

export function AttentionList({ label, items }: { label: string; items: readonly AttentionItem[] }) {
  return (
    <ul className="a-list" aria-label={label}>
      {items.map((item) => (
        <Item key={`${item.kind} ${item.atMs} ${item.says}`} item={item} />
      ))}
    </ul>
  );
}

function Item({ item }: { item: AttentionItem }) {
  const { tone, icon } = LOOK[item.severity];
  const href = item.link === null ? null : ownPage(item.link);
  return (
    <li className={`a-attention a-attention-${item.severity}`}>
      <Badge tone={tone} icon={icon}>
        {t(`severity.${item.severity}`)}
      </Badge>
      <p className="a-grow">{item.says}</p>
      <Time atMs={item.atMs} />
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

/**
 * What each site's banks obey. This page only shows: a draft counts after the root has signed it, with
 * the command that stands here, on the machine that has the root's key.
 */
import { Badge } from '../kit/badge.tsx';
import { Card, Empty, Facts } from '../kit/card.tsx';
import { CopyButton } from '../kit/copy.tsx';
import { Notice } from '../kit/notice.tsx';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { t } from './messages.ts';
import { CodeBlock, Exact, PageHead, Time } from './parts.tsx';
import { type RosterState, useRosters } from './session.ts';

type Draft = NonNullable<RosterState['draft']>;
type Change = Draft['changes'][number];
type Applied = RosterState['banks'][number];

export function Rosters() {
  const rosters = useRosters();
  return (
    <>
      <PageHead title={t('section.rosters')} lead={t('rosters.lead')} />
      <Answered query={rosters}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="key" title={t('rosters.empty')} />
          ) : (
            items.map((site) => <Site key={site.site} site={site} />)
          )
        }
      </Answered>
    </>
  );
}

function Site({ site }: { site: RosterState }) {
  return (
    <Card title={site.siteName}>
      {site.draft ? <DraftWaiting draft={site.draft} /> : <p className="k-muted">{t('rosters.noDraft')}</p>}
      <Desired site={site} />
      <AppliedTable site={site} />
      <section className="k-stack-tight">
        <h3>{t('rosters.root')}</h3>
        <p className="k-muted">{t('rosters.rootSays')}</p>
        <ul className="a-plain">
          {site.rootFingerprints.map((fingerprint) => (
            <li key={fingerprint}>
              <Exact>{fingerprint}</Exact>
            </li>
          ))}
        </ul>
      </section>
    </Card>
  );
}

const changeColumns = (): readonly Column<Change>[] => [
  {
    key: 'what',
    head: t('rosters.change'),
    cell: (row) => <code className="a-words">{row.what}</code>,
    text: (row) => row.what,
  },
  {
    key: 'was',
    head: t('rosters.was'),
    cell: (row) => <ChangeText text={row.was} />,
    text: (row) => row.was,
  },
  {
    key: 'becomes',
    head: t('rosters.becomes'),
    cell: (row) => <ChangeText text={row.becomes} />,
    text: (row) => row.becomes,
  },
];

function ChangeText({ text }: { text: string }) {
  return text === '' ? (
    <span className="k-muted">{t('rosters.nothing')}</span>
  ) : (
    <code className="a-words">{text}</code>
  );
}

function DraftWaiting({ draft }: { draft: Draft }) {
  return (
    <section className="k-stack a-draft">
      <Notice tone="warn" title={t('rosters.draft', { version: draft.version })} live="off">
        {t('rosters.draftSays')}
      </Notice>
      <div className="a-command">
        <CodeBlock label={t('rosters.command')} text={draft.command} />
        <CopyButton value={draft.command} what={t('rosters.commandWhat')} />
      </div>
      <Facts items={[{ term: t('rosters.hash'), fact: <Exact>{draft.hash}</Exact> }]} />
      <Table
        caption={t('rosters.changes')}
        showCaption
        columns={changeColumns()}
        rows={draft.changes}
        rowKey={(row) => row.what}
        csvName="roster-changes"
      />
    </section>
  );
}

function Desired({ site: { desired } }: { site: RosterState }) {
  if (!desired) return <Facts items={[{ term: t('rosters.desired'), fact: t('rosters.noDesired') }]} />;
  const signatures = t('rosters.signaturesOf', { signatures: desired.signatures, needed: desired.needed });
  return (
    <section className="k-stack-tight">
      <Facts
        items={[
          { term: t('rosters.desired'), fact: <strong>{desired.version}</strong> },
          { term: t('rosters.hash'), fact: <Exact>{desired.hash}</Exact> },
          { term: t('rosters.signatures'), fact: signatures },
        ]}
      />
      {desired.needed === 1 && (
        <Notice tone="bad" title={t('rosters.one')} live="off">
          {t('rosters.oneSays')}
        </Notice>
      )}
    </section>
  );
}

function AppliedTable({ site }: { site: RosterState }) {
  const desired = site.desired?.version ?? 0;
  const columns: readonly Column<Applied>[] = [
    { key: 'bank', head: t('rosters.bank'), cell: (row) => row.name, text: (row) => row.name },
    {
      key: 'version',
      head: t('rosters.version'),
      cell: (row) => row.applied,
      text: (row) => row.applied,
      numeric: true,
    },
    {
      key: 'state',
      head: t('rosters.state'),
      cell: (row) =>
        row.applied >= desired ? (
          <Badge tone="good">{t('rosters.asDesired')}</Badge>
        ) : (
          <Badge tone="warn">{t('rosters.behind')}</Badge>
        ),
      text: (row) => t(row.applied >= desired ? 'rosters.asDesired' : 'rosters.behind'),
    },
    {
      key: 'when',
      head: t('rosters.when'),
      cell: (row) => <Time atMs={row.appliedAtMs} />,
      text: (row) => (row.appliedAtMs === null ? '' : new Date(row.appliedAtMs).toISOString()),
    },
    {
      key: 'refused',
      head: t('rosters.refused'),
      cell: (row) => (row.refused === null ? '' : <Badge tone="bad">{row.refused}</Badge>),
      text: (row) => row.refused ?? '',
    },
  ];
  return (
    <Table
      caption={t('rosters.applied')}
      showCaption
      columns={columns}
      rows={site.banks}
      rowKey={(row) => row.bank}
      csvName="rosters-applied"
      empty={t('banks.empty')}
    />
  );
}

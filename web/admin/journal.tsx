/** Records as they stand. */
import { useState } from 'react';
import { Badge } from '../kit/badge.tsx';
import { Button } from '../kit/button.tsx';
import { CopyButton } from '../kit/copy.tsx';
import { Dialog } from '../kit/dialog.tsx';
import { SelectField } from '../kit/field.tsx';
import { More } from '../kit/session/more.tsx';
import { rowsOf } from '../kit/session/pages.ts';
import { Answered } from '../kit/session/problem.tsx';
import { type Column, Table } from '../kit/table.tsx';
import { indentedJson } from './format.ts';
import { t } from './messages.ts';
import { CodeBlock, Exact, exactTime, PageHead, Time } from './parts.tsx';
import { fragmentOf } from './routes.ts';
import { type JournalRow, useBankNames, useBanks, useJournal } from './session.ts';

export function Journal({ bank }: { bank: string | null }) {
  const journal = useJournal(bank);
  const banks = useBanks().data ?? [];
  const bankName = useBankNames();
  const [shown, setShown] = useState<JournalRow | null>(null);
  return (
    <>
      <PageHead title={t('section.journal')} lead={t('journal.lead')} />
      <div className="k-row a-filters">
        <SelectField
          label={t('journal.source')}
          value={bank ?? ''}
          onChange={(event) => {
            window.location.hash = fragmentOf({ at: 'journal', bank: event.target.value || null });
          }}
        >
          <option value="">{t('journal.anySource')}</option>
          {banks.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </SelectField>
      </div>
      <Answered query={journal}>
        {(data) => (
          <>
            <div className="a-wide">
              <Table
                caption={t('journal.caption')}
                columns={columnsOf(bankName, setShown)}
                rows={rowsOf(data)}
                rowKey={(row) => `${row.source} ${row.seq}`}
                csvName="journal"
                empty={t('journal.empty')}
              />
            </div>
            <More rows={journal} />
          </>
        )}
      </Answered>
      <RecordDialog row={shown} bankName={bankName} onClose={() => setShown(null)} />
    </>
  );
}

type RecordDialogProps = { row: JournalRow | null; bankName: (id: string) => string; onClose: () => void };

function RecordDialog({ row, bankName, onClose }: RecordDialogProps) {
  const title = row ? t('journal.jsonOf', { seq: row.seq, source: bankName(row.source) }) : '';
  return (
    <Dialog
      open={row !== null}
      title={title}
      onClose={onClose}
      actions={row && <CopyButton value={row.json} what={t('journal.jsonWhat')} />}
    >
      {row && <CodeBlock label={title} text={indentedJson(row.json)} />}
    </Dialog>
  );
}

function columnsOf(bankName: (id: string) => string, show: (row: JournalRow) => void): Column<JournalRow>[] {
  return [
    {
      key: 'source',
      head: t('journal.source'),
      cell: (row) => bankName(row.source),
      text: (row) => bankName(row.source),
    },
    { key: 'seq', head: t('journal.seq'), cell: (row) => row.seq, text: (row) => row.seq, numeric: true },
    { key: 'kind', head: t('journal.kind'), cell: (row) => <code>{row.kind}</code>, text: (row) => row.kind },
    {
      key: 'at',
      head: t('journal.at'),
      cell: (row) => <Time atMs={row.atMs} exact />,
      text: (row) => exactTime(row.atMs),
    },
    {
      key: 'batch',
      head: t('journal.batch'),
      cell: ({ batchLast }) =>
        batchLast === null ? (
          <Badge tone="warn">{t('journal.batchOpen')}</Badge>
        ) : (
          <span className="a-time">{t('journal.batchTo', { last: batchLast })}</span>
        ),
      text: (row) => row.batchLast ?? '',
    },
    {
      key: 'json',
      head: t('journal.jsonHead'),
      cell: (row) => (
        <Button
          aria-label={t('journal.jsonShow', { seq: row.seq, source: bankName(row.source) })}
          onClick={() => show(row)}
        >
          {t('journal.json')}
        </Button>
      ),
    },
    {
      key: 'hash',
      head: t('journal.hash'),
      cell: (row) => <Exact>{row.hash}</Exact>,
      text: (row) => row.hash,
    },
  ];
}

/** What would become of each row, before anything does. */
import { useState } from 'react';
import {
  type ImportPreviewed,
  type ImportRow,
  VERDICTS,
  type Verdict,
} from '../../../src/contract/http/people-import.ts';
import { Badge } from '../../kit/badge.tsx';
import { Button } from '../../kit/button.tsx';
import { Card } from '../../kit/card.tsx';
import { CheckField } from '../../kit/field.tsx';
import { Notice, type NoticeTone } from '../../kit/notice.tsx';
import { t } from './messages.ts';
import { toDo } from './run.ts';
import { type Column, saysOf } from './says.ts';

const ROWS_AT_ONCE = 100;
const TONE: Record<Verdict, NoticeTone | 'plain'> = {
  new: 'good',
  change: 'info',
  same: 'plain',
  duplicate: 'warn',
  bad: 'bad',
};

type Ticks = { ticked: ReadonlySet<number>; onTicked: (ticked: ReadonlySet<number>) => void };
type RowsCardProps = Ticks & { preview: ImportPreviewed; busy: boolean; onImport: () => void };

export function RowsCard({ preview, ticked, onTicked, busy, onImport }: RowsCardProps) {
  const { rows, columns, absent } = preview;
  const [show, setShow] = useState<Verdict | null>(null);
  const [shownMax, setShownMax] = useState(ROWS_AT_ONCE);
  const found = show === null ? rows : rows.filter(({ verdict }) => verdict === show);
  const shown = found.slice(0, shownMax);
  const count = toDo(preview, ticked).length;
  const changes = rows.filter(({ verdict }) => verdict === 'change').map(({ row }) => row);
  const turn = (verdict: Verdict | null): void => {
    setShow(verdict);
    setShownMax(ROWS_AT_ONCE);
  };
  return (
    <Card title={t('rows.title')}>
      <Verdicts rows={rows} show={show} onShow={turn} />
      {changes.length > 0 && (
        <CheckField
          label={t('rows.consentAll', { count: changes.length })}
          hint={t('rows.consentHint')}
          checked={changes.every((row) => ticked.has(row))}
          onChange={(event) => onTicked(new Set(event.target.checked ? changes : []))}
        />
      )}
      <RowTable rows={shown} columns={columns} ticked={ticked} onTicked={onTicked} />
      {shown.length < found.length && (
        <div className="k-row">
          <span className="k-muted">{t('rows.shown', { shown: shown.length, count: found.length })}</span>
          <Button onClick={() => setShownMax(shownMax + ROWS_AT_ONCE)}>{t('rows.more')}</Button>
        </div>
      )}
      {absent.length > 0 && <Absent absent={absent} />}
      {count === 0 && changes.length === 0 && (
        <Notice tone="info" title={t('rows.nothing')}>
          {rows.some(({ verdict }) => verdict === 'same') && t('rows.nothingSays')}
        </Notice>
      )}
      <div className="k-row">
        <Button tone="go" size="l" icon="check" disabled={count === 0} busy={busy} onClick={onImport}>
          {t('rows.import', { count })}
        </Button>
      </div>
    </Card>
  );
}

type VerdictsProps = {
  rows: readonly ImportRow[];
  show: Verdict | null;
  onShow: (verdict: Verdict | null) => void;
};

function Verdicts({ rows, show, onShow }: VerdictsProps) {
  const countOf = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would promise fields.
    <div role="group" aria-label={t('rows.show')} className="k-row i-verdicts">
      <Button aria-pressed={show === null} onClick={() => onShow(null)}>
        {t('rows.all', { count: rows.length })}
      </Button>
      {VERDICTS.map((verdict) => (
        <Button key={verdict} aria-pressed={show === verdict} onClick={() => onShow(verdict)}>
          {t(`show.${verdict}`, { count: countOf(verdict) })}
        </Button>
      ))}
    </div>
  );
}

type RowTableProps = Ticks & { rows: readonly ImportRow[]; columns: readonly Column[] };

function RowTable({ rows, columns, ticked, onTicked }: RowTableProps) {
  const tick = (row: number): void => {
    const next = new Set(ticked);
    if (!next.delete(row)) next.add(row);
    onTicked(next);
  };
  const heads = ['rows.row', 'rows.what', 'field.name', 'field.flat', 'rows.contact', 'rows.says'] as const;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
    <section className="k-table-scroll i-rows" aria-label={t('rows.caption')} tabIndex={0}>
      <table className="k-table">
        <caption className="k-hidden">{t('rows.caption')}</caption>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {t(head)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.row}>
              <td className="k-number">{row.row}</td>
              <td>
                <VerdictBadge verdict={row.verdict} />
              </td>
              <Person row={row} columns={columns} />
              <td className="i-says">
                {saysOf(row, columns).map((says) => (
                  <p key={says}>{says}</p>
                ))}
                {row.verdict === 'change' && (
                  <label className="i-tick">
                    <input
                      type="checkbox"
                      aria-label={t('rows.consent', { row: row.row })}
                      checked={ticked.has(row.row)}
                      onChange={() => tick(row.row)}
                    />
                    <span aria-hidden="true">{t('rows.consentShort')}</span>
                  </label>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && <div className="k-table-empty">{t('rows.none')}</div>}
    </section>
  );
}

function VerdictBadge({ verdict }: { verdict: Verdict }) {
  const tone = TONE[verdict];
  return <Badge {...(tone === 'plain' ? {} : { tone })}>{t(`verdict.${verdict}`)}</Badge>;
}

/** The person as they would be; of a row that tells of nobody, its own cells. */
function Person({ row: { resident, cells }, columns }: { row: ImportRow; columns: readonly Column[] }) {
  const cellsOf = (...fields: (Column['field'] & string)[]): string =>
    columns.flatMap(({ field }, at) => (field && fields.includes(field) ? [cells[at] ?? ''] : [])).join(' ');
  const email = resident ? resident.email : cellsOf('email');
  const phone = resident ? resident.phone : cellsOf('phone');
  return (
    <>
      <td className="i-cell">{resident?.name ?? cellsOf('name', 'first-name', 'last-name')}</td>
      <td className="i-cell">{resident?.flat ?? cellsOf('flat')}</td>
      <td className="i-cell i-contact">
        {email && <p>{email}</p>}
        {phone && <p>{phone}</p>}
        {!email && !phone && '–'}
      </td>
    </>
  );
}

/** A building has hundreds of residents; this list is for looking through, not for all of an estate. */
const ABSENT_SHOWN_MAX = 500;

function Absent({ absent }: { absent: ImportPreviewed['absent'] }) {
  return (
    <Notice tone="info" title={t('rows.absent', { count: absent.length })} live="off">
      <p>{t('rows.absentSays')}</p>
      <details>
        <summary>{t('rows.absentShow')}</summary>
        <ul>
          {absent.slice(0, ABSENT_SHOWN_MAX).map(({ id, name, flat }) => (
            <li key={id}>{t('rows.absentOf', { name, flat })}</li>
          ))}
          {absent.length > ABSENT_SHOWN_MAX && <li>…</li>}
        </ul>
      </details>
    </Notice>
  );
}

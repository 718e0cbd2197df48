/** What is said of a row: on the screen, and in the file of the rows that were not imported. */
import type { ImportPreviewed, ImportRow, Left } from '../../../src/contract/http/people-import.ts';
import { t } from './messages.ts';

export type Column = ImportPreviewed['columns'][number];

export function columnName({ heading }: Column, at: number): string {
  return heading === '' ? t('found.column', { n: at + 1 }) : heading;
}

/** Why a row is as it is, and what to do: one sentence each. */
export function saysOf(row: ImportRow, columns: readonly Column[]): string[] {
  const faults = row.faults.map(({ fault, column }) => {
    const of = column === null ? undefined : columns[column];
    const says = t(`fault.${fault}`);
    return of && column !== null ? t('says.at', { column: columnName(of, column), says }) : says;
  });
  const changes = row.changes.map(({ field, from, to }) =>
    t('says.change', {
      field: t(`field.${field}`),
      from: shownValue(field, from),
      to: shownValue(field, to),
    }),
  );
  const cautions = row.cautions.map(({ caution, about }) => {
    switch (caution) {
      case 'perhaps-moved':
      case 'perhaps-renamed':
        return t(`caution.${caution}`, { name: about?.name ?? '', flat: about?.flat ?? '' });
      default:
        return t(`caution.${caution}`);
    }
  });
  const twice = row.duplicateOf === null ? [] : [t('says.duplicate', { of: row.duplicateOf })];
  const same = row.verdict === 'same' ? [t('says.same')] : [];
  return [...faults, ...twice, ...same, ...changes, ...cautions];
}

function shownValue(field: ImportRow['changes'][number]['field'], value: string | null): string {
  if (value === null) return t('says.nothing');
  return field === 'accessible' ? t(value === 'true' ? 'says.yes' : 'says.no') : value;
}

/** What became of a row of a step: done, or why not. */
export type Outcome = { done: 'added' | 'changed' } | { left: Left };
export type Outcomes = ReadonlyMap<number, Outcome>;

/** The rows that did not get in, with the reasons: all that is neither done nor there already. */
export function leftOut(preview: ImportPreviewed, outcomes: Outcomes): { row: ImportRow; why: string[] }[] {
  return preview.rows.flatMap((row) => {
    const outcome = outcomes.get(row.row);
    if (row.verdict === 'same' || (outcome && 'done' in outcome)) return [];
    const says = saysOf(row, preview.columns);
    if (outcome) return [{ row, why: [t(`left.${outcome.left}`)] }];
    if (row.verdict === 'change') return [{ row, why: [...says, t('says.unmade')] }];
    return [{ row, why: row.verdict === 'new' ? [t('says.stopped')] : says }];
  });
}

/** Those rows as they stood in the list, with the reasons before them: to be corrected and imported again. */
export function leftOutRows(preview: ImportPreviewed, outcomes: Outcomes): string[][] {
  const headings = preview.columns.map((column, at) =>
    column.heading === '' && column.field !== null ? t(`field.${column.field}`) : columnName(column, at),
  );
  const rows = leftOut(preview, outcomes).map(({ row, why }) => [why.join(' '), ...row.cells]);
  return [[t('done.why'), ...headings], ...rows];
}

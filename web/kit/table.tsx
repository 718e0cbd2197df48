/** A table that sorts, scrolls sideways on a small screen, and can be taken along as CSV. */
import { type ReactNode, useState } from 'react';
import { Button } from './button.tsx';
import { csvOf } from './csv.ts';
import { download } from './download.ts';
import { t } from './messages.ts';

export type Column<Row> = {
  key: string;
  head: string;
  /** What the cell shows. */
  cell: (row: Row) => ReactNode;
  /** What the cell says in the CSV and when sorting; without it the column does neither. */
  text?: (row: Row) => string | number;
  numeric?: boolean;
};

type TableProps<Row> = {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string | number;
  /** File name without its ending; without it there is no download. */
  csvName?: string;
  empty?: ReactNode;
  /** Shown to people who see; the caption is always there for those who listen. */
  showCaption?: boolean;
};

type Order = { key: string; down: boolean };

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, csvName, empty, showCaption = false } = props;
  const [order, setOrder] = useState<Order | null>(null);
  const sorted = sortedRows({ rows, columns, order });
  const turn = (key: string) => setOrder((now) => ({ key, down: now?.key === key && !now.down }));
  return (
    <div className="k-table-frame">
      {/* A region that scrolls has to be reachable by keyboard (WCAG 2.2, 2.1.1). */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: see above. */}
      <section className="k-table-scroll" aria-label={caption} tabIndex={0}>
        <table className="k-table">
          <caption className={showCaption ? '' : 'k-hidden'}>{caption}</caption>
          <thead>
            <tr>
              {columns.map((column) => (
                <Head key={column.key} column={column} order={order} onTurn={turn} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <tr key={rowKey(row)}>
                {columns.map(({ key, cell, numeric }) => (
                  <td key={key} className={numeric ? 'k-number' : undefined}>
                    {cell(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {rows.length === 0 && <div className="k-table-empty">{empty ?? t('table.empty')}</div>}
      </section>
      {csvName && rows.length > 0 && (
        <div className="k-spread k-table-foot">
          <span className="k-muted">{t('table.rows', { count: rows.length })}</span>
          <Button
            tone="quiet"
            icon="download"
            aria-label={t('table.csv.of', { what: caption })}
            onClick={() => download(`${csvName}.csv`, tableCsv(columns, sorted))}
          >
            {t('table.csv')}
          </Button>
        </div>
      )}
    </div>
  );
}

type HeadProps<Row> = { column: Column<Row>; order: Order | null; onTurn: (key: string) => void };

function Head<Row>({ column, order, onTurn }: HeadProps<Row>) {
  const mine = order?.key === column.key ? order : null;
  const sort = mine ? (mine.down ? 'descending' : 'ascending') : undefined;
  return (
    <th scope="col" aria-sort={sort} className={column.numeric ? 'k-number' : undefined}>
      {column.text ? (
        <button type="button" onClick={() => onTurn(column.key)}>
          {column.head}
          <span aria-hidden="true" className="k-sort">
            {mine ? (mine.down ? '▼' : '▲') : ''}
          </span>
        </button>
      ) : (
        column.head
      )}
    </th>
  );
}

function sortedRows<Row>({
  rows,
  columns,
  order,
}: Pick<TableProps<Row>, 'rows' | 'columns'> & { order: Order | null }) {
  const text = columns.find(({ key }) => key === order?.key)?.text;
  if (!order || !text) return rows;
  const sign = order.down ? -1 : 1;
  return [...rows].sort((a, b) => sign * compare(text(a), text(b)));
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return String(a).localeCompare(String(b), undefined, { numeric: true });
}

function tableCsv<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const told = columns.flatMap(({ head, text }) => (text ? [{ head, text }] : []));
  return csvOf([
    told.map(({ head }) => head),
    ...rows.map((row) => told.map(({ text }) => String(text(row)))),
  ]);
}

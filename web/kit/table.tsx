/** A table that sorts, scrolls sideways on a small screen, and can be taken along as CSV. */
import { type KeyboardEvent, type ReactNode, useState } from 'react';
import { Button } from './button.tsx';
import { downloadCsv } from './download.ts';
import { t } from './messages.ts';
import type { Rest } from './session/pages.ts';

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
  /** Of a list that comes in pages: what is not here yet. Its file holds all of it. */
  rest?: Rest<Row>;
  empty?: ReactNode;
  /** Shown to people who see; the caption is always there for those who listen. */
  showCaption?: boolean;
};

type Order = { key: string; down: boolean };

export function Table<Row>(props: TableProps<Row>) {
  const { caption, columns, rows, rowKey, csvName, rest, empty, showCaption = false } = props;
  const [order, setOrder] = useState<Order | null>(null);
  const sortAs = (all: readonly Row[]) => sortedRows({ rows: all, columns, order });
  const sorted = sortAs(rows);
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
          <tbody onKeyDown={moveByRow}>
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
        <DownloadCsv
          {...{ what: caption, name: csvName, rows: sorted, columns: toldOf(columns), rest }}
          sortAs={order ? sortAs : undefined}
        />
      )}
    </div>
  );
}

export type CsvColumn<Row> = { head: string; text: (row: Row) => string | number };

const toldOf = <Row,>(columns: readonly Column<Row>[]): CsvColumn<Row>[] =>
  columns.flatMap(({ head, text }) => (text ? [{ head, text }] : []));

type DownloadCsvProps<Row> = {
  what: string;
  name: string;
  rows: readonly Row[];
  columns: readonly CsvColumn<Row>[];
  rest?: Rest<Row> | undefined;
  /** Where the rows are shown in an order that somebody chose. */
  sortAs?: ((rows: readonly Row[]) => readonly Row[]) | undefined;
};

/** How the making of a file goes, in words. */
type Going = { busy: boolean; says: string };

/** How many rows there are, and the button that takes them along; for a list that is no table, too. */
export function DownloadCsv<Row>(props: DownloadCsvProps<Row>) {
  const { what, name, rows, columns, rest, sortAs = (all) => all } = props;
  const [{ busy, says }, setGoing] = useState<Going>({ busy: false, says: '' });
  const save = (all: readonly Row[]): void =>
    downloadCsv(name, [
      columns.map(({ head }) => head),
      ...all.map((row) => columns.map(({ text }) => String(text(row)))),
    ]);
  const take = async (): Promise<void> => {
    if (!rest?.isPartial) return save(rows);
    const tell = (count: number) => setGoing({ busy: true, says: t('table.fetching', { count }) });
    const all = await rest.fetchAll(tell);
    if (all) save(sortAs(all.rows));
    setGoing({ busy: false, says: endOf(all) });
  };
  const isPart = rest?.isPartial === true;
  return (
    <div className="k-spread k-table-foot">
      <span className="k-muted">
        {t(isPart ? 'table.part' : 'table.rows', { count: rows.length })}{' '}
        {isPart && props.sortAs && t('table.sortedPart')} <span role="status">{says}</span>
      </span>
      <Button
        tone="quiet"
        icon="download"
        busy={busy}
        aria-label={t('table.csv.of', { what })}
        onClick={() => void take()}
      >
        {t('table.csv')}
      </Button>
    </div>
  );
}

function endOf(all: { rows: readonly unknown[]; isCut: boolean } | null): string {
  if (all === null) return t('table.notAll');
  return all.isCut ? t('table.cut', { count: all.rows.length }) : '';
}

const REACHED = 'a[href], button:not(:disabled)';

/** Up and down go to the same column of the next row that has something to press there; others keep their keys. */
function moveByRow(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const from = event.target instanceof Element ? event.target.closest(REACHED) : null;
  const cell = from?.closest('td');
  if (step === undefined || !cell || event.altKey || event.ctrlKey || event.metaKey) return;
  const rows = [...event.currentTarget.rows];
  const own = rows.findIndex((row) => row.contains(cell));
  for (let at = own + step; at >= 0 && at < rows.length; at += step) {
    const next = rows[at]?.cells[cell.cellIndex]?.querySelector<HTMLElement>(REACHED);
    if (!next) continue;
    event.preventDefault();
    return next.focus();
  }
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

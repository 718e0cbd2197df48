/** How a list was read, and what its columns are; all of it can be changed. */

import { FIELDS, type Field, type ImportPreviewed } from '../../../src/contract/http/people-import.ts';
import { COUNTRIES } from '../../../src/domain/countries.ts';
import { Card, Facts } from '../../kit/card.tsx';
import { CheckField, SelectField } from '../../kit/field.tsx';
import { Notice } from '../../kit/notice.tsx';
import { locale } from '../../kit/words.ts';
import { t } from './messages.ts';
import { type Column, columnName } from './says.ts';

export type Settings = { header: boolean | null; fields: (Field | null)[] | null; country: string | null };

const DELIMITER = { ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'bar' } as const;

type ColumnsCardProps = {
  preview: ImportPreviewed;
  fileName: string;
  settings: Settings;
  onSettings: (settings: Settings) => void;
};

export function ColumnsCard({ preview, fileName, settings, onSettings }: ColumnsCardProps) {
  const { readAs, delimiter, emptyRows, rows, asks, header } = preview;
  const lacking = rows.filter(({ faults }) => faults.some(({ fault }) => fault === 'phone-country')).length;
  const fields = preview.columns.map(({ field }) => field);
  return (
    <Card title={t('found.title')}>
      <Facts
        items={[
          { term: t('found.file'), fact: fileName },
          { term: t('found.readAs'), fact: t(`readAs.${readAs}`) },
          { term: t('found.delimiter'), fact: t(`delimiter.${DELIMITER[delimiter]}`) },
          ...(asks.length > 0
            ? []
            : [{ term: t('found.rows'), fact: t('found.rowsOf', { count: rows.length, empty: emptyRows }) }]),
        ]}
      />
      {readAs === 'windows-1252' && <Notice tone="info" title={t('found.look')} />}
      {asks.length > 0 && (
        <Notice tone="warn" title={t('found.asks')} live="assertive">
          {asks.map((ask) => (
            <p key={ask}>{t(`found.asks.${ask}`)}</p>
          ))}
        </Notice>
      )}
      {lacking > 0 && (
        <Notice tone="warn" title={t('found.countryNeeded', { count: lacking })}>
          {t('found.countrySays')}
        </Notice>
      )}
      <CheckField
        label={t('found.header')}
        checked={header === true}
        onChange={(event) => onSettings({ ...settings, header: event.target.checked, fields })}
      />
      <ColumnTable
        columns={preview.columns}
        onField={(at, field) =>
          onSettings({ ...settings, header: header ?? false, fields: withField(fields, at, field) })
        }
      />
      <CountryField
        country={settings.country}
        onCountry={(country) => onSettings({ ...settings, country })}
      />
    </Card>
  );
}

/** Each field stands once: the column that had it lets it go. */
function withField(fields: readonly (Field | null)[], at: number, field: Field | null): (Field | null)[] {
  return fields.map((old, column) => (column === at ? field : old === field ? null : old));
}

type ColumnTableProps = {
  columns: readonly Column[];
  onField: (at: number, field: Field | null) => void;
};

function ColumnTable({ columns, onField }: ColumnTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard.
    <section className="k-table-scroll i-columns" aria-label={t('found.columns')} tabIndex={0}>
      <table className="k-table">
        <caption className="k-hidden">{t('found.columns')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('found.heading')}</th>
            <th scope="col">{t('found.examples')}</th>
            <th scope="col">{t('found.field')}</th>
          </tr>
        </thead>
        <tbody>
          {columns.map((column, at) => (
            // A column is its place: two may have the same heading.
            // biome-ignore lint/suspicious/noArrayIndexKey: see above.
            <tr key={at}>
              <th scope="row">{columnName(column, at)}</th>
              <td className="i-cell">{column.examples.join(' · ')}</td>
              <td>
                <select
                  className="k-input"
                  aria-label={t('found.fieldOf', { name: columnName(column, at) })}
                  value={column.field ?? ''}
                  onChange={(event) => onField(at, FIELDS.find((one) => one === event.target.value) ?? null)}
                >
                  <option value="">{t('found.ignored')}</option>
                  {FIELDS.map((field) => (
                    <option key={field} value={field}>
                      {t(`field.${field}`)}
                    </option>
                  ))}
                </select>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function countriesByName(): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(locale(), { type: 'region' });
  return [...COUNTRIES]
    .map((code) => ({ code, name: names.of(code) ?? code }))
    .sort((a, b) => a.name.localeCompare(b.name, locale()));
}

type CountryFieldProps = { country: string | null; onCountry: (country: string | null) => void };

function CountryField({ country, onCountry }: CountryFieldProps) {
  return (
    <div className="a-filters">
      <SelectField
        label={t('found.country')}
        hint={t('found.countryHint')}
        value={country ?? ''}
        onChange={(event) => onCountry(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{t('found.countryNone')}</option>
        {countriesByName().map(({ code, name }) => (
          <option key={code} value={code}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

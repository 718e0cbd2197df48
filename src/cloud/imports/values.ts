/**
 * One row as a resident, or what is wrong with it. The last word has `residentAdd`, the rule for what is typed by hand;
 * here the dirt is taken off that spreadsheets leave, and each fault gets a name that a person can be told.
 */
import { residentAdd } from '../../contract/http/admin.ts';
import type { Caution, Fault, Field } from '../../contract/http/people-import.ts';
import { isTypeable } from '../../domain/flat.ts';
import { normalAddress } from '../people/people.ts';
import type { Row } from './cells.ts';
import { readPhone } from './phone.ts';

/** As the list says it; null is “the list does not say”. */
export type Told = {
  name: string;
  flat: string;
  email: string | null;
  phone: string | null;
  accessible: boolean | null;
};
export type RowFault = { fault: Fault; column: number | null };
export type Draft = { row: number; cells: string[]; told: Told; cautions: Caution[] };
export type Spoilt = { row: number; cells: string[]; faults: RowFault[] };

type Columns = { fields: readonly (Field | null)[]; country: string | null };

/** Before a formula, a sign or a digit Excel's apostrophe means “text”; before a letter it is a name's own ('t Hart). */
const TEXT_MARK = /^'(?=[=+\-@\t\r\n\d\uff0b\uff0d\uff1d\uff20])/;
/** `="0770"` is how numbers are kept from being shortened. */
const TEXT_FORMULA = /^="((?:[^"]|"")*)"$/;
const FORMULA = /^[=@\uff1d\uff20]|^[+\-\uff0b\uff0d](?!\d)/;
const CELL_ERROR = /^#(?:n\/a|ref!|value!|name\?|div\/0!|num!|null!|#+)/i;
/** What people write where they have nothing to write. */
const NOTHING = /^(?:[-–—.?/]+|n\/?a|#n\/a|none|null|nil|unknown|tbc|tbd|keine?|k\. ?a\.)$/i;
const TOTALS =
  /^(?:(?:grand |sub)?totals?|sum(?:me)?|count|gesamt|insgesamt|anzahl)\b|^\d+ (?:residents|people|rows|records|units)\b/i;
/** Beyond any address with a name around it; patterns are not tried on more. */
const CELL_LENGTH_MAX = 400;
const YES = new Set('yes y true 1 x ja j oui si sí wahr vrai ✓ ✔'.split(' '));
const NO = new Set('no n false 0 nein non falsch faux'.split(' '));

/** A cell without the dirt around it. Spaces of any kind become one; what has no width goes. */
export function cleaned(cell: string): string {
  if (cell === '') return cell;
  const unwrapped = cell.trim().replace(TEXT_FORMULA, (_, inner: string) => inner.replaceAll('""', '"'));
  return unwrapped
    .replace(TEXT_MARK, '')
    .replace(/^"(.*)"$/, '$1')
    .normalize('NFC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/[\p{Zs}\t]+/gu, ' ')
    .trim();
}

export function isEmpty(cells: readonly string[]): boolean {
  return cells.every((cell) => cleaned(cell) === '');
}

export function readRow({ row, cells, broken }: Row, { fields, country }: Columns): Draft | Spoilt {
  const spoilt = (faults: RowFault[]): Spoilt => ({ row, cells, faults });
  if (broken) return spoilt([{ fault: 'quote-open', column: null }]);
  if (cells.slice(fields.length).some((cell) => cleaned(cell) !== ''))
    return spoilt([{ fault: 'cells-too-many', column: null }]);
  const faults: RowFault[] = [];
  const cautions: Caution[] = [];
  const cell = (field: Field): Cell => {
    const column = fields.indexOf(field);
    return { text: cleaned(cells[column] ?? ''), column: column < 0 ? null : column };
  };
  const take = <T>(of: Cell, read: { value: T; cautions?: Caution[] } | { fault: Fault }): T | undefined => {
    if ('fault' in read) {
      faults.push({ fault: read.fault, column: of.column });
      return undefined;
    }
    cautions.push(...(read.cautions ?? []));
    return read.value;
  };
  const of = { name: nameCell(cell), flat: cell('flat'), email: cell('email'), phone: cell('phone') };
  const reach = cell('accessible');
  const told = {
    name: take(of.name, readText(of.name.text, 'name')),
    flat: take(of.flat, readText(of.flat.text, 'flat')),
    email: take(of.email, readEmail(of.email.text)),
    phone: take(of.phone, readNumber(of.phone.text, country)),
    accessible: take(reach, readYesNo(reach.text)),
  };
  if (faults.length === 0) return { row, cells, told: told as Told, cautions: [...new Set(cautions)] };
  return spoilt(isTotals(faults, cells) ? [{ fault: 'totals', column: null }] : faults);
}

type Cell = { text: string; column: number | null };

function nameCell(cell: (field: Field) => Cell): Cell {
  const whole = cell('name');
  if (whole.column !== null) return whole;
  const parts = [cell('first-name'), cell('last-name')];
  const column = parts.find((part) => part.column !== null)?.column ?? null;
  return { text: parts.flatMap(({ text }) => (text === '' ? [] : [text])).join(' '), column };
}

function readText(
  text: string,
  field: 'name' | 'flat',
): { value: string; cautions: Caution[] } | { fault: Fault } {
  if (text === '') return { fault: `${field}-missing` };
  const dirt = dirtIn(text);
  if (dirt) return { fault: dirt };
  if (field === 'flat' && !isTypeable(text)) return { fault: 'flat-untypeable' };
  if (!residentAdd.shape[field].safeParse(text).success) return { fault: `${field}-long` };
  return { value: text, cautions: FORMULA.test(text) ? ['formula-text'] : [] };
}

function dirtIn(text: string): Fault | undefined {
  if (CELL_ERROR.test(text)) return 'cell-error';
  if (text.includes('\ufffd')) return 'character-lost';
  if (text.includes('\n')) return 'line-break';
  return /\p{C}/u.test(text) ? 'character-control' : undefined;
}

function readEmail(text: string): { value: string | null } | { fault: Fault } {
  if (text === '' || NOTHING.test(text)) return { value: null };
  const dirt = dirtIn(text);
  if (dirt) return { fault: dirt };
  if (text.length > CELL_LENGTH_MAX) return { fault: 'email-shape' };
  if (text.split('@').length > 2) return { fault: 'email-several' };
  const bare = text.replace(/^mailto: ?/i, '').replace(/^[^<]*<([^<>]+)>$/, '$1');
  const read = residentAdd.shape.email.safeParse(normalAddress(bare));
  return read.success ? { value: read.data } : { fault: 'email-shape' };
}

function readNumber(
  text: string,
  country: string | null,
): { value: string | null; cautions?: Caution[] } | { fault: Fault } {
  if (text === '' || NOTHING.test(text)) return { value: null };
  const dirt = dirtIn(text);
  if (dirt) return { fault: dirt };
  if (text.length > CELL_LENGTH_MAX) return { fault: 'phone-shape' };
  const read = readPhone(text, country);
  return 'fault' in read ? read : { value: read.phone, cautions: read.cautions };
}

function readYesNo(text: string): { value: boolean | null } | { fault: Fault } {
  const word = text.toLowerCase();
  if (word === '' || NOTHING.test(word)) return { value: null };
  if (YES.has(word)) return { value: true };
  return NO.has(word) ? { value: false } : { fault: 'accessible-word' };
}

/** A line under the list that counts it. A person of that name has a flat. */
function isTotals(faults: readonly RowFault[], cells: readonly string[]): boolean {
  const lacks = faults.some(({ fault }) => fault === 'name-missing' || fault === 'flat-missing');
  return lacks && cells.some((cell) => TOTALS.test(cleaned(cell)));
}

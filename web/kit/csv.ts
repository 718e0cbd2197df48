/** Comma-separated values (RFC 4180) that a spreadsheet can open without running anything. */
export function csvOf(rows: readonly (readonly string[])[]): string {
  return `${rows.map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}

/** With it Excel reads UTF-8, and without it Windows-1252, where each umlaut is two other signs. */
const BYTE_ORDER_MARK = '\ufeff';

/** What a file of such rows holds. */
export function csvFileOf(rows: readonly (readonly string[])[]): string {
  return BYTE_ORDER_MARK + csvOf(rows);
}

/**
 * Where the comma is a decimal sign, spreadsheets split at these instead, and begin a row at each line end: a quotation
 * mark that does not begin a cell of theirs means nothing to them.
 */
const FORMULA_WITHIN = /([;\t|\r\n](?:"|[^\S\t\r\n])*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])/g;

/** A cell that begins like a formula, in letters of full width too, gets an apostrophe, or a spreadsheet computes it. */
function cell(text: string): string {
  const first =
    /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  const plain = first.replaceAll(FORMULA_WITHIN, "$1'");
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

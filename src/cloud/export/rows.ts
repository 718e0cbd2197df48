/** Records as rows for a spreadsheet (RFC 4180). It is for reading; what is proved stands in records.jsonl. */
import papa from 'papaparse';
import type { LedgerRecord, Openings } from '../../ledger/record.ts';
import { says } from '../parcels/parcels.ts';

const COLUMNS = [
  'entry',
  'journal',
  'record',
  'time',
  'time from',
  'may be off by ms',
  'kind',
  'compartment',
  'allowed',
  'reason',
  'outcome',
  'what happened',
  'facts',
  'opened fields',
] as const;

/** A cell that begins like a formula, in letters of full width too, gets an apostrophe, or a spreadsheet computes it. */
const FORMULA = /^[=+\-@\t\r\n\uff0b\uff0d\uff1d\uff20]/;
/**
 * Where the comma is a decimal sign, spreadsheets split at these instead, and begin a row at each line end: a quotation
 * mark that does not begin a cell of theirs means nothing to them.
 */
const FORMULA_WITHIN = /([;\t|\r\n](?:"|[^\S\t\r\n])*)(?=[=+\-@\uff0b\uff0d\uff1d\uff20])/g;

function line(cells: readonly string[]): string {
  const safe = cells.map((cell) => cell.replaceAll(FORMULA_WITHIN, "$1'"));
  return `${papa.unparse([safe], { escapeFormulae: FORMULA })}\r\n`;
}

export const csvHead = () => line(COLUMNS);

export function csvRow(index: number, record: LedgerRecord, openings: Openings): string {
  const { decision } = record;
  return line([
    String(index),
    record.source,
    String(record.seq),
    new Date(record.time.atMs).toISOString(),
    record.time.source,
    String(record.time.uncertaintyMs),
    record.kind,
    record.compartment === undefined ? '' : String(record.compartment),
    decision === undefined ? '' : decision.allow ? 'yes' : 'no',
    decision === undefined || decision.allow ? '' : decision.reason,
    record.outcome ?? '',
    says(record, null),
    textOf(record.facts),
    textOf(Object.fromEntries(Object.entries(openings).map(([field, { value }]) => [field, value]))),
  ]);
}

export function textOf(of: Readonly<Record<string, unknown>>): string {
  return Object.entries(of)
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ');
}

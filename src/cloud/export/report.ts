/**
 * The page of a bundle that a person reads first: one file, no script, nothing loaded, fit to print. It says what the
 * records say, in sentences; that it says so truly is proved by the records, not by this page, and the page says that.
 */
import { base64, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { LedgerRecord, Openings } from '../../ledger/record.ts';
import { says } from '../parcels/parcels.ts';
import { textOf } from './rows.ts';
import type { Selection } from './selection.ts';

/** More rows than these nobody reads, and a browser does not show; all of them stand in records.csv. */
export const REPORT_ROWS_MAX = 5_000;

function escaped(text: string): string {
  const named: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  // What turns a row round or is not seen would make the page say something else than its bytes.
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (char) => named[char] ?? '');
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2rem}dt{font-weight:600}dd{margin:0 0 .5rem}
table{border-collapse:collapse;width:100%}caption{text-align:left;margin-bottom:.5rem}
th,td{border:1px solid #767676;padding:.4rem .5rem;text-align:left;vertical-align:top}thead th{background:#eee}
code{overflow-wrap:anywhere}.wide{overflow-x:auto}
@media print{body{margin:0;max-width:none;font-size:10pt}thead{display:table-header-group}tr{break-inside:avoid}}`;

/** No other style applies, whatever a record might bring (Content Security Policy Level 3, section 2.3.1). */
const STYLE_HASH = base64(sha256(utf8(STYLE)));

type ReportHead = {
  madeAtMs: number;
  madeBy: string | null;
  purpose: string;
  selection: Selection;
  log: { origin: string; size: number };
};

export function reportHead({ madeAtMs, madeBy, purpose, selection, log }: ReportHead): string {
  const facts: [string, string][] = [
    ['Made', `${timeText(madeAtMs)}${madeBy === null ? '' : `, by ${madeBy}`}`],
    ['Purpose', purpose],
    ['What was asked for', selectionText(selection)],
    ['Taken from', `the log ${log.origin}, as it was with ${log.size} entries`],
  ];
  const list = facts.map(([name, text]) => `<dt>${name}</dt><dd>${escaped(text)}</dd>`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${STYLE_HASH}'">
<title>Records of parcel lockers: evidence</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Records of parcel lockers</h1>
<dl>
${list}
</dl>
<h2>How far this can be relied on</h2>
<p>This page is for reading. It repeats in sentences what the file <code>records.jsonl</code> beside it says, and it is
not proved itself. The records are: whoever changes, adds or removes one is found out by the check below. That a record
is genuine does not make it true: a sensor that is broken is recorded faithfully.</p>
<p>To check, run <code>holdfast verify</code> or <code>node verify.mjs bundle</code> on the whole bundle, together with the
site’s public key, which you ask the site for and not whoever gave you this. Any verifier of C2SP tlog-proof accepts the
files in <code>proofs</code>.</p>
<p>Photos and documents that were attached lie in <code>evidence</code>, encrypted to whom this was made for; <code>openssl cms
-decrypt</code> opens them. The SHA-256 of what is inside has to be the one that stands beside it below.</p>
<h2>What happened</h2>
<div class="wide" role="region" aria-label="What happened" tabindex="0">
<table>
<caption>In the order in which the log has them. Times are in UTC. A machine’s clock can be wrong; how far is said with each.</caption>
<thead><tr><th scope="col">When</th><th scope="col">Where</th><th scope="col">What</th><th scope="col">Said by</th><th scope="col">Proof</th></tr></thead>
<tbody>
`;
}

const CLOCKS: Readonly<Record<LedgerRecord['time']['source'], string>> = {
  cloud: 'by the time of the cloud',
  clock: 'by the machine’s own clock',
  frozen: 'by a clock that had jumped; do not rely on it',
  set: 'by a clock that a person had set',
};

export type ReportRow = {
  index: number;
  record: LedgerRecord;
  openings: Openings;
  /** The name of the bank; null for what the cloud did itself. */
  bank: string | null;
  batch: { first: number; last: number } | null;
  /** Where in the bundle its evidence is. */
  file: string | undefined;
};

export function reportRow({ index, record, openings, bank, batch, file }: ReportRow): string {
  const { atMs, source, uncertaintyMs } = record.time;
  const off = uncertaintyMs < 1000 ? `${uncertaintyMs} ms` : `${(uncertaintyMs / 1000).toFixed(1)} s`;
  const when = `${timeText(atMs)}, off by at most ${off}, ${CLOCKS[source]}`;
  const door = record.compartment === undefined ? '' : `, compartment ${record.compartment}`;
  const opened = Object.entries(openings).map(([field, { value }]) => [field, value] as const);
  const shown = opened.length === 0 ? '' : ` (${textOf(Object.fromEntries(opened))})`;
  const proof = batch
    ? `Record ${record.seq} of the bank, in the batch ${batch.first} to ${batch.last} that it signed; entry ${index} of the log`
    : `Record ${record.seq} of the cloud; entry ${index} of the log`;
  const cells = [
    bank === null ? 'The cloud' : `${bank}${door}`,
    `${says(record, null)}${shown}${file === undefined ? '' : `; encrypted in the file ${file}`}`,
    bank === null ? 'The cloud alone' : 'The bank, with its own key',
    proof,
  ];
  return `<tr><th scope="row">${escaped(when)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>\n`;
}

export function reportEnd({ records }: { records: number }): string {
  const more =
    records > REPORT_ROWS_MAX
      ? `<p>Here stand the first ${REPORT_ROWS_MAX} of ${records} records; all of them are in <code>records.csv</code>.</p>\n`
      : `<p>These are all ${records} records of the bundle.</p>\n`;
  return `</tbody>\n</table>\n</div>\n${more}</main>\n</body>\n</html>\n`;
}

function timeText(atMs: number): string {
  return new Date(atMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, ' UTC');
}

function selectionText(selection: Selection): string {
  const { bank, compartment, parcel, person, fromMs, toMs, incidentMs } = selection;
  if (incidentMs !== undefined)
    return `bank ${bank}, and the cloud itself: a quarter of an hour before an alarm of ${timeText(incidentMs)}, until as long after it was over`;
  const parts = [
    bank === null ? 'all banks and the cloud' : `bank ${bank}`,
    ...(compartment === null ? [] : [`compartment ${compartment}`]),
    ...(parcel === null ? [] : [`parcel ${parcel}`]),
    ...(person === null ? [] : [`person ${person}`]),
    ...(fromMs === null ? [] : [`from ${timeText(fromMs)}`]),
    ...(toMs === null ? [] : [`up to, and without, ${timeText(toMs)}`]),
  ];
  return parts.join('; ');
}

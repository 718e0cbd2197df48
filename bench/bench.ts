/**
 * `npm run bench [-- --only NAME] [--full]`: what matters for speed, each against a limit measured in the same run.
 * Prints a table, writes `.holdfast/bench.json`, and fails when a bar does not hold.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { apiRead } from './api-read.ts';
import { growth } from './growth.ts';
import { ingest } from './ingest.ts';
import { kioskFirstPaint } from './kiosk-first-paint.ts';
import { kioskForgets } from './kiosk-forgets.ts';
import { eventToCheckpoint, ingestWithLog } from './ledger.ts';
import { pinToWire } from './pin-to-wire.ts';
import { reconnect } from './reconnect.ts';
import { recover } from './recover.ts';
import type { Row } from './rounds.ts';
import { sequence } from './sequence.ts';
import { simulator } from './simulator.ts';
import { startAgain } from './start-again.ts';
import { verify } from './verify.ts';

const OUT = join(import.meta.dirname, '../.holdfast/bench.json');

const BENCHES: Readonly<Record<string, (say: (line: string) => void, isFull: boolean) => Promise<Row[]>>> = {
  'pin-to-wire': pinToWire,
  recover,
  'kiosk-forgets': kioskForgets,
  'kiosk-first-paint': kioskFirstPaint,
  'start-again': startAgain,
  simulator,
  ingest,
  reconnect,
  'api-read': apiRead,
  sequence,
  'ingest-ledger': ingestWithLog,
  'event-to-checkpoint': eventToCheckpoint,
  growth,
  verify,
};

const OPTIONS = { only: { type: 'string' }, full: { type: 'boolean', default: false } } as const;

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  const chosen = Object.entries(BENCHES).filter(
    ([name]) => values.only === undefined || name === values.only,
  );
  if (chosen.length === 0) {
    console.error(`there is no bench ${values.only}; there are ${Object.keys(BENCHES).join(', ')}`);
    return 2;
  }
  const rows: Row[] = [];
  for (const [, run] of chosen) rows.push(...(await run((line) => console.log(line), values.full)));
  mkdirSync(join(OUT, '..'), { recursive: true });
  writeFileSync(OUT, `${JSON.stringify(rows, null, 2)}\n`);
  console.log(table(rows));
  return rows.some((row) => row.holds === false) ? 1 : 0;
}

function table(rows: readonly Row[]): string {
  const head = ['name', 'value', 'ratio', 'bar', 'holds', 'p99', 'rounds', 'discarded'];
  const cells = rows.map((row) => [
    row.name,
    `${row.value.toFixed(2)} ${row.unit}`,
    row.ratio?.toFixed(2) ?? '',
    row.bar === null
      ? ''
      : `${row.better === 'lower' ? '≤' : '≥'} ${row.bar}${row.ratio === null ? ` ${row.unit}` : ''}`,
    row.holds === null ? '' : row.holds ? 'yes' : 'NO',
    `${row.p99.toFixed(2)} ${row.unit}`,
    String(row.rounds),
    String(row.discarded),
  ]);
  const widths = head.map((name, column) =>
    Math.max(name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...cells]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/**
 * `npm run drill:cloud [-- --csv]`: the hostile cloud. Runs every attack against one bank and prints what it
 * answered; ends with 1 when a door opened, an answer was missing, or nobody was alive to give one.
 */
import { parseArgs } from 'node:util';
import { runDrill } from './drill.ts';
import { csvLines, reportLines } from './print.ts';

export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { csv: { type: 'boolean', default: false } } });
  const facts = await runDrill((line) => process.stderr.write(`${line}\n`));
  for (const line of values.csv ? csvLines(facts) : reportLines(facts)) console.log(line);
  if (values.csv) for (const why of facts.wrong) process.stderr.write(`RED: ${why}\n`);
  return facts.wrong.length === 0 ? 0 : 1;
}

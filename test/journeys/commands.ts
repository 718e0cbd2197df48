/** What journeys share that go by commands as well: an operator's command in a process of its own, and a cloud that starts anew. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { systemClock } from '../../src/platform/clock.ts';
import { cloudSpec, type SystemConfig } from '../../src/up/configs.ts';
import { waitFor } from '../../src/up/wait.ts';
import { ROOT, type Site } from '../site.ts';

export type Said = { status: number | null; said: string };

/** A program of this repository, by its path in it. */
export function command(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const run = spawn(process.execPath, [join(ROOT, program), ...args], { cwd: ROOT });
    let said = '';
    for (const stream of [run.stdout, run.stderr])
      stream.setEncoding('utf8').on('data', (part: string) => {
        said += part;
      });
    run.on('error', reject).on('close', (status) => resolve({ status, said }));
  });
}

/** Not in step with this process: a server ends connections that nobody reads, and the next question would go by one. */
export const holdfast = (...args: string[]): Promise<Said> => command(join('bin', 'holdfast.ts'), args);

/** The cloud is stopped, the bank goes on alone, and comes back to the one that is started then. */
export async function restartCloud({ system, people }: Site): Promise<void> {
  await system.children.stop('cloud');
  await waitFor({
    clock: systemClock,
    what: 'the bank to notice',
    msMax: 20_000,
    holds: async () => !(await people.view()).online,
  });
  await system.children.start(
    cloudSpec({ root: ROOT, places: system.places, ports: system.ports } as SystemConfig),
  );
  await waitFor({
    clock: systemClock,
    what: 'the bank to be back',
    msMax: 60_000,
    holds: async () => (await people.view()).online,
  });
}

/** What a process of ours does when it is asked to end. Each is a process of its own, because signals are the process's. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';

const PROCESS = join(import.meta.dirname, 'process.ts');
const PROGRAM = `
import { runUntilStopped } from ${JSON.stringify(PROCESS)};
setInterval(() => {}, 1000);
const stop = async () => { for (let n = 0; n < 3; n++) process.stdout.write('in order\\n'); await new Promise((done) => setTimeout(done, 200)); };
runUntilStopped({ stop }, { onStopped: (status) => process.exit(status + 7) });
process.stdout.write('runs\\n');`;
const START = `
import { abortWhenAsked } from ${JSON.stringify(PROCESS)};
setInterval(() => process.stdout.write('goes on\\n'), 100);
const asked = abortWhenAsked(() => process.stdout.write('asked\\n'));
asked.signal.addEventListener('abort', () => setTimeout(() => process.exit(7), 200));
process.stdout.write('runs\\n');`;

/** What this test is started with, as an edit that takes a defence away. */
const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);

async function begin(text: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [...preloads, '--input-type=module', '--eval', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 30_000,
  });
  await once(child.stdout, 'data');
  return child;
}

for (const [what, text] of Object.entries({ program: PROGRAM, start: START }))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    test(`a ${what} that is asked to end by ${signal} does so in order`, async () => {
      const child = await begin(text);
      // Nobody reads any more: the terminal was closed, or the program behind a pipe heard the same Ctrl-C.
      child.stdout?.destroy();
      child.kill(signal);
      assert.deepEqual(await once(child, 'exit'), [7, null]);
    });

test('a start whose reader has gone ends in order as well', async () => {
  const child = await begin(START);
  child.stdout?.destroy();
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});

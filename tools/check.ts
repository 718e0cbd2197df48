/**
 * The fast checks, one after the other: types, lint, the rules of the house, and (for `check` alone) what
 * nobody uses. Each says how long it took; all of them run, so that one look shows everything.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export type Gate = { name: string; args: readonly string[] };

/** What `npm test` runs before any test. */
export const FAST_GATES: readonly Gate[] = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', args: ['node_modules/@biomejs/biome/bin/biome', 'lint', '--error-on-warnings', '.'] },
  { name: 'tidy', args: ['tools/tidy.ts'] },
];

const ALL_GATES: readonly Gate[] = [
  ...FAST_GATES,
  { name: 'unused', args: ['node_modules/knip/bin/knip.js', '--config', 'tools/knip.json', '--no-progress'] },
];

/** The names of the gates that failed. What a failed gate said is printed below its line. */
export async function runGates(gates: readonly Gate[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, args } of gates) {
    const startedAtMs = performance.now();
    const { status, output } = await run(args);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    console.log(`${name}: ${status === 0 ? 'good' : 'NOT GOOD'} (${seconds} s)`);
    if (status === 0) continue;
    failed.push(name);
    console.log(output.trimEnd());
  }
  return failed;
}

function run(args: readonly string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (bytes) => {
      output += String(bytes);
    });
    child.stderr.on('data', (bytes) => {
      output += String(bytes);
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? 1, output }));
  });
}

if (import.meta.main) {
  const failed = await runGates(ALL_GATES);
  if (failed.length > 0) process.exitCode = 1;
}

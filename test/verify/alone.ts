/** The verifier that stands alone, over many cases in a process of its own that has little memory. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type AloneCase =
  | { kind: 'bundle'; of: { path: string; rootKeys?: readonly string[]; policy?: string } }
  | { kind: 'proof'; of: { proof: string; policy: string; entry: string } }
  | { kind: 'receipt'; of: { receipt: string; rootKeys: readonly string[]; policy?: string } };
type Told = { holds: boolean; says: string[] };

/** What this process was preloaded with: a sabotage for one. */
export const preloads = process.execArgv.flatMap((arg, at, all) =>
  arg === '--import' ? [arg, all[at + 1] ?? ''] : [],
);

/** Preloaded as this process. `home` takes the list of cases. */
export function aloneOn(home: string, cases: readonly AloneCase[], heapMib = 512): Told[] {
  const list = join(home, 'cases.json');
  writeFileSync(list, JSON.stringify(cases));
  const harness = join(import.meta.dirname, 'harness.mjs');
  const args = [...preloads, `--max-old-space-size=${heapMib}`, harness, list];
  const ran = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: 64_000_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  assert.equal(ran.status, 0);
  const { verdicts, says } = JSON.parse(ran.stdout) as { verdicts: boolean[]; says: string[][] };
  return verdicts.map((holds, at) => ({ holds, says: says[at] ?? [] }));
}

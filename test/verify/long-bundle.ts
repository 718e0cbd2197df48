/** Both verifiers over a bundle of many records, in processes whose heap could not hold them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { base64url } from '../../src/crypto/bytes.ts';
import { ROOT } from '../site.ts';
import { makeBundle } from './made-bundle.ts';

/** Little more than the program itself needs. */
const HEAP_MIB = 48;
const RSS_KIB_MAX = 320_000;
/**
 * The most that the process itself held. What getrusage says of it begins with what its parent held when it forked, which
 * here has just made a long bundle; the kernel counts VmHWM anew from the exec on (proc_pid_status(5)).
 */
const PEAK = `Number(/VmHWM:\\s+(\\d+)/.exec(process.getBuiltinModule('node:fs').readFileSync('/proc/self/status', 'latin1'))[1])`;
const alone = join(ROOT, 'verify/verify.mjs');

export function verifyInLittleMemory(home: string, records: number): void {
  const { path, root } = makeBundle(join(home, 'long.tar'), records);
  const text = JSON.stringify({ path, key: base64url(root.publicKey) });
  const verifiers = [
    `const { runVerify } = await import(${JSON.stringify(join(ROOT, 'src/signer/verify.ts'))});
     const status = await runVerify({ file: asked.path, rootKeys: [asked.keyFile], signatures: undefined, policy: undefined });`,
    `const { openSync } = await import('node:fs');
     const { verifyBundle } = await import(${JSON.stringify(alone)});
     const status = verifyBundle({ file: openSync(asked.path, 'r'), rootKeys: [asked.key] }).holds ? 0 : 1;`,
  ];
  const keyFile = join(home, 'long.pub');
  writeFileSync(keyFile, JSON.stringify({ key: base64url(root.publicKey) }));
  for (const verifier of verifiers) {
    const script = `const asked = { ...${text}, keyFile: ${JSON.stringify(keyFile)} };
      ${verifier}
      process.stderr.write(JSON.stringify({ status, rssKib: ${PEAK} }));`;
    const args = [`--max-old-space-size=${HEAP_MIB}`, '--input-type=module', '-e', script];
    const ran = spawnSync(process.execPath, args, { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stderr);
    const { status, rssKib } = JSON.parse(ran.stderr) as { status: number; rssKib: number };
    assert.equal(status, 0, ran.stdout);
    assert.ok(rssKib < RSS_KIB_MAX, `${rssKib} KiB`);
  }
}

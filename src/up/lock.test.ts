/** The lock of a data folder: whom it names, whom it does not, and that of many who find it left behind one takes it. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ownIdentity } from '../platform/process-identity.ts';
import { seize, takeLock } from './lock.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-lock-'));
after(() => rmSync(home, { recursive: true, force: true }));
const URL = 'http://localhost:8080';
const lockNamed = (name: string): string => join(home, name);

test('who holds it is named, and once let go of it can be taken again; nothing stays beside it', () => {
  const lockFile = lockNamed('held');
  const release = takeLock({ lockFile }, URL);
  assert.throws(() => takeLock({ lockFile }, URL), {
    code: 'conflict',
    message: /already running here.*8080/,
  });
  release();
  takeLock({ lockFile }, URL)();
  assert.deepEqual(readdirSync(home), []);
});

test('a number that lives again after a boot or a crash is nobody’s lock', () => {
  const lockFile = lockNamed('again');
  const living = { ...ownIdentity(), pid: process.ppid, url: URL };
  for (const left of [
    { ...living, born: '1' },
    { ...living, boot: '00000000-0000-4000-8000-000000000000' },
    // In a container the new process often has the very number of the old one.
    { ...living, pid: process.pid, born: '1' },
    { pid: process.pid, url: URL },
  ]) {
    writeFileSync(lockFile, JSON.stringify(left));
    takeLock({ lockFile }, URL)();
    assert.ok(!existsSync(lockFile));
  }
});

test('a lock of an older version is read still, and a torn one holds nobody up', () => {
  const lockFile = lockNamed('older');
  writeFileSync(lockFile, JSON.stringify({ pid: process.ppid, url: 'http://localhost:1234' }));
  assert.throws(() => takeLock({ lockFile }, URL), /already running here: http:\/\/localhost:1234/);
  writeFileSync(lockFile, '{"pid":');
  takeLock({ lockFile }, URL)();
});

test('who was taken for dead removes nobody else’s lock', () => {
  const lockFile = lockNamed('other');
  const release = takeLock({ lockFile }, URL);
  writeFileSync(lockFile, 'of another');
  release();
  assert.equal(readFileSync(lockFile, 'utf8'), 'of another');
  rmSync(lockFile);
});

/** Tries when told to, says what came of it, and stays until it is ended. */
function contender(lockFile: string): ChildProcess {
  const program = `
    const { seize } = await import(${JSON.stringify(join(import.meta.dirname, 'lock.ts'))});
    const { ownIdentity } = await import(${JSON.stringify(join(import.meta.dirname, '../platform/process-identity.ts'))});
    process.on('message', () => {
      const text = JSON.stringify({ ...ownIdentity(), url: 'x' });
      process.send({ has: seize(${JSON.stringify(lockFile)}, text) === null });
    });
    process.send({ ready: true });`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

test('of many who find a lock left behind at once exactly one has it, round after round', async () => {
  const lockFile = lockNamed('raced');
  const contenders = Array.from({ length: 4 }, () => contender(lockFile));
  try {
    await Promise.all(contenders.map((child) => once(child, 'message')));
    for (let round = 0; round < 40; round += 1) {
      writeFileSync(lockFile, JSON.stringify({ ...ownIdentity(), born: '1', url: `${round}` }));
      const answers = contenders.map((child) => once(child, 'message'));
      for (const child of contenders) child.send('now');
      const all = (await Promise.all(answers)).map(([message]) => (message as { has: boolean }).has);
      assert.equal(all.filter(Boolean).length, 1, `round ${round}: ${all.join(' ')}`);
      assert.notEqual(seize(lockFile, 'of nobody'), null);
    }
    assert.deepEqual(readdirSync(home), ['raced']);
  } finally {
    for (const child of contenders) child.kill('SIGKILL');
  }
});

test('a claim of somebody who died over a take-over is taken over as well', () => {
  const lockFile = lockNamed('claimed');
  const dead = { ...ownIdentity(), born: '7', url: URL };
  writeFileSync(lockFile, JSON.stringify(dead));
  writeFileSync(`${lockFile}.${dead.pid}-${dead.born}`, JSON.stringify({ ...dead, born: '8' }));
  takeLock({ lockFile }, URL)();
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('claimed')),
    [],
  );
});

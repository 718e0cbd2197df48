import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { bornAt, bornIn, isSameRunning, ownIdentity } from './process-identity.ts';

test('a number alone is no process: the boot and the birth have to be the same', () => {
  const own = ownIdentity();
  assert.match(own.born ?? '', /^\d+$/);
  assert.match(own.boot ?? '', /^[0-9a-f-]{36}$/);
  assert.equal(isSameRunning(own), true);
  assert.equal(isSameRunning({ ...own, born: `${Number(own.born) - 1}` }), false);
  assert.equal(isSameRunning({ ...own, boot: '00000000-0000-4000-8000-000000000000' }), false);
  assert.equal(isSameRunning({ ...own, pid: process.ppid }), false);
});

test('of a bare number, as older versions wrote it, only ourselves are known not to be meant', () => {
  const bare = { boot: null, born: null };
  assert.equal(isSameRunning({ pid: process.ppid, ...bare }), true);
  assert.equal(isSameRunning({ pid: process.pid, ...bare }), false);
  assert.equal(isSameRunning({ pid: 0, ...bare }), false);
});

test('a name with brackets and blanks in it moves no field; a zombie was not born', () => {
  const rest = Array.from({ length: 30 }, (_, index) => `${index + 4}`).join(' ');
  assert.equal(bornIn(`7 (a) Z (b) S ${rest}`), '22');
  assert.equal(bornIn(`7 (x) Z ${rest}`), undefined);
  assert.equal(bornIn(''), undefined);
});

test('who has ended does not run', async () => {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const was = { pid: child.pid ?? 0, boot: null, born: bornAt(child.pid ?? 0) ?? null };
  assert.equal(isSameRunning(was), true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(isSameRunning(was), false);
});

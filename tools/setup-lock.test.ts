/** The lock of a set-up (tools/setup/lock.mjs), in processes of its own, as a start meets it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ownIdentity } from '../src/platform/process-identity.ts';

const roots: string[] = [];
after(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});

/** A checkout with a lock of this owner in it; null: without a name. */
function checkout(owner: object | null | undefined): { root: string; lock: string } {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-setup-'));
  roots.push(root);
  const lock = join(root, '.holdfast', 'setup.lock');
  if (owner !== undefined) mkdirSync(lock, { recursive: true });
  if (owner) writeFileSync(join(lock, 'owner'), JSON.stringify(owner));
  return { root, lock };
}

type Done = { status: number | null; said: string };
type Of = { times?: object; onSaid?: (said: string) => void; isLong?: boolean };

/** Takes the lock, does work that nobody else may do at the same time, and lets go; if it is long, when `done` is there. */
function setUp(root: string, { times = {}, onSaid = () => {}, isLong = false }: Of = {}): Promise<Done> {
  const program = `
    import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
    const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    import { alone } from ${JSON.stringify(join(import.meta.dirname, 'setup/lock.mjs'))};
    const times = { beat: 50, silent: 400, beatless: 600, tell: 200, look: 20, ...${JSON.stringify(times)} };
    await alone(${JSON.stringify(root)}, async () => {
      mkdirSync(${JSON.stringify(join(root, 'alone'))});
      await rest(120);
      while (${isLong} && !existsSync(${JSON.stringify(join(root, 'done'))})) await rest(10);
      rmdirSync(${JSON.stringify(join(root, 'alone'))});
    }, times).catch((error) => { console.error(error.message); process.exitCode = 1; });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const deadline = setTimeout(() => child.kill('SIGKILL'), 30_000);
  let said = '';
  child.stderr.on('data', (bytes) => {
    said += String(bytes);
    onSaid(said);
  });
  return new Promise((resolve) => {
    child.once('close', (status) => {
      clearTimeout(deadline);
      resolve({ status, said });
    });
  });
}

const living = { ...ownIdentity(), host: hostname(), beats: true };

test('a lock that was left behind is taken over at once: a number that lives again is not its owner', async () => {
  for (const owner of [
    { ...living, born: '1' },
    { ...living, boot: '00000000-0000-4000-8000-000000000000' },
    { pid: 2 ** 22 + 1, host: hostname() },
  ]) {
    const { root, lock } = checkout(owner);
    const { status, said } = await setUp(root);
    assert.deepEqual([status, said], [0, '']);
    assert.deepEqual(readdirSync(join(root, '.holdfast')), []);
    assert.ok(!existsSync(lock));
  }
});

test('one that is held is waited for, and that is said again and again', async () => {
  const { root, lock } = checkout(living);
  const linesOf = (said: string) => said.trim().split('\n');
  const onSaid = (said: string) => {
    if (linesOf(said).length >= 3) rmSync(lock, { recursive: true, force: true });
  };
  const { status, said } = await setUp(root, { onSaid });
  assert.equal(status, 0);
  const lines = linesOf(said);
  assert.ok(lines.length >= 3, said);
  for (const line of lines)
    assert.match(line, new RegExp(`another set-up is at work .*process ${process.pid}.* \\d+ s$`));
});

test('one of another machine is waited for while it shows signs of life, and then taken over', async () => {
  const { root, lock } = checkout({ ...living, host: 'another', pid: 7 });
  const silent = 2_000;
  let [beats, firstMs, lastMs] = [0, 0, 0];
  // It begins when it is waited for, and goes on for longer than the silence that would end it.
  const beat = setInterval(() => {
    if (firstMs === 0 || lastMs - firstMs > 1.5 * silent) return;
    lastMs = performance.now();
    writeFileSync(join(lock, 'beat'), String(++beats));
  }, 60);
  const onSaid = () => {
    if (firstMs === 0) firstMs = performance.now();
  };
  const { status, said } = await setUp(root, { times: { silent }, onSaid });
  clearInterval(beat);
  assert.equal(status, 0);
  assert.ok(lastMs - firstMs > 1.5 * silent, 'it was not taken over while it showed signs of life');
  assert.ok(performance.now() - lastMs > silent - 100, 'nor at once after the last one');
  assert.match(said, /a set-up on another has this folder; waiting for it, taken over when it has shown/);
});

test('one of another machine by an older version, without signs of life, ends the start with what to do', async () => {
  const { root, lock } = checkout({ pid: 7, host: 'another' });
  const { status, said } = await setUp(root);
  assert.equal(status, 1);
  assert.match(
    said,
    /is of a set-up on another, which cannot be seen from here.*remove that folder and start again/,
  );
  assert.ok(existsSync(lock));
});

test('of many who find a lock left behind each works alone', async () => {
  const { root } = checkout({ ...living, born: '1' });
  const all = await Promise.all(Array.from({ length: 6 }, () => setUp(root)));
  assert.deepEqual(
    all.map(({ status }) => status),
    [0, 0, 0, 0, 0, 0],
    all.map(({ said }) => said).join('\n'),
  );
  assert.deepEqual(readdirSync(join(root, '.holdfast')), []);
});

test('who works gives a sign of life, and removes no lock that was taken over', async () => {
  const { root, lock } = checkout(undefined);
  const running = setUp(root, { times: { beat: 10 }, isLong: true });
  const beats = () => (existsSync(join(lock, 'beat')) ? Number(readFileSync(join(lock, 'beat'), 'utf8')) : 0);
  while (beats() === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  writeFileSync(join(lock, 'owner'), 'of another');
  writeFileSync(join(root, 'done'), '');
  await running;
  assert.equal(readFileSync(join(lock, 'owner'), 'utf8'), 'of another');
});

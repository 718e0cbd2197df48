/** Children that end: started again with growing pauses, also when the start itself fails, and left down at last. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type Clock, sleep, systemClock } from '../platform/clock.ts';
import { Children } from './children.ts';

const homes: string[] = [];
after(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

/** A program whose n-th start does what `lives` says: `ends` when it is ready, `fails` before, or `stays`. */
function children(lives: readonly ('ends' | 'fails' | 'stays')[]) {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-children-'));
  homes.push(root);
  mkdirSync(join(root, 'bin'));
  const program = `import { existsSync, readFileSync, writeFileSync } from 'node:fs';
const n = existsSync('starts') ? Number(readFileSync('starts', 'utf8')) : 0;
writeFileSync('starts', String(n + 1));
const life = ${JSON.stringify(lives)}[n] ?? 'fails';
if (life === 'fails') { console.log('the database is starting up'); process.exit(1); }
process.on('message', () => process.exit(0));
process.send({ ready: true }, () => { if (life === 'ends') process.exit(1); });`;
  writeFileSync(join(root, 'bin', 'holdfast.ts'), program);
  const said: string[] = [];
  const pauses: number[] = [];
  const seen = { told: () => {} };
  const clock: Clock = {
    ...systemClock,
    after(delayMs, run) {
      const isPause = delayMs < 15_000;
      if (isPause) pauses.push(delayMs);
      return systemClock.after(isPause ? 1 : delayMs, run);
    },
  };
  const say = (line: string) => {
    said.push(line);
    seen.told();
  };
  const until = (pattern: RegExp, times: number) =>
    new Promise<void>((resolve) => {
      seen.told = () => {
        if (said.filter((line) => pattern.test(line)).length >= times) resolve();
      };
      seen.told();
    });
  return { all: new Children({ root, clock, say, onMessage() {} }), said, pauses, until };
}

const EDGE = { name: 'edge', args: [] } as const;

test('a child whose start fails after a crash is tried again, and stays once it is ready', async () => {
  const { all, pauses, until } = children(['ends', 'fails', 'fails', 'stays']);
  await all.start(EDGE);
  await until(/starting edge again/, 3);
  const standsMs = systemClock.monotonicMs() + 20_000;
  while (!all.isRunning('edge') && systemClock.monotonicMs() < standsMs) await sleep(systemClock, 20);
  await sleep(systemClock, 500);
  assert.ok(all.isRunning('edge'));
  assert.deepEqual(pauses, [0, 1_000, 2_000]);
  await all.stopAll(['edge']);
  assert.ok(!all.isRunning('edge'));
});

test('one that never comes back is tried five times and then left down, which is said', async () => {
  const { all, said, pauses, until } = children(['ends']);
  await all.start(EDGE);
  await until(/is left down/, 1);
  assert.equal(said.filter((line) => line === 'starting edge again').length, 5);
  assert.match(said.join('\n'), /before it was ready:\nthe database is starting up/);
  assert.deepEqual(pauses, [0, 1_000, 2_000, 4_000, 8_000]);
});

test('one that is stopped while it waits for its next start stays stopped', async () => {
  const { all, said, until } = children(['ends', 'stays']);
  await all.start(EDGE);
  await until(/ended unexpectedly/, 1);
  await all.stopAll(['edge']);
  await sleep(systemClock, 300);
  assert.ok(!all.isRunning('edge'));
  assert.deepEqual(
    said.filter((line) => line === 'starting edge again'),
    [],
  );
});

test('a child that cannot even be begun fails its start, is tried again after a crash, and ends nobody else', async () => {
  const { all, said, pauses, until } = children(['ends', 'stays']);
  const cwd = mkdtempSync(join(tmpdir(), 'holdfast-children-'));
  await assert.rejects(all.start({ ...EDGE, cwd: join(cwd, 'missing') }), {
    code: 'unavailable',
    message: /^edge cannot be started: /,
  });
  assert.ok(!all.isRunning('edge'));
  await all.start({ ...EDGE, cwd });
  rmSync(cwd, { recursive: true });
  await until(/is left down/, 1);
  assert.match(said.join('\n'), /edge cannot be started: .*\nstarting edge again/);
  assert.deepEqual(pauses, [0, 1_000, 2_000, 4_000, 8_000]);
  await all.stopAll(['edge']);
});

/** A database that ends: started again with growing pauses, left down at last, and let be once the system stops. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breath, ManualClock } from '../platform/clock.ts';
import { watchDatabase } from './database-watch.ts';

function stand(lives: readonly ('runs' | 'fails')[]) {
  const clock = new ManualClock(0);
  const said: string[] = [];
  const started: number[] = [];
  let running = true;
  let n = 0;
  const postgres = {
    get pid() {
      return 100 + n;
    },
    isRunning: () => running,
    async startAgain() {
      if (lives[n++] !== 'runs') throw new Error('PostgreSQL does not start: no memory');
      running = true;
    },
  };
  const watch = watchDatabase(postgres, {
    clock,
    say: (line) => said.push(line),
    onStarted: (pid) => started.push(pid),
  });
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 500) {
      clock.advance(500);
      for (let turn = 0; turn < 5; turn += 1) await breath();
    }
  };
  return { said, started, watch, pass, kill: () => (running = false), n: () => n };
}

test('one that ended is started again within seconds, in one line each; and a second time', async () => {
  const { said, started, pass, kill } = stand(['runs', 'runs']);
  await pass(10_000);
  assert.deepEqual(said, []);
  kill();
  await pass(2_000);
  assert.deepEqual(said, ['PostgreSQL ended unexpectedly; starting it again', 'PostgreSQL runs again']);
  kill();
  await pass(3_000);
  assert.equal(said.length, 4);
  assert.match(said[2] ?? '', /starting it again in 1 s/);
  assert.deepEqual(started, [101, 102]);
});

test('one that never comes back is tried five times and then left down, which is said', async () => {
  const { said, started, pass, kill, n } = stand([]);
  kill();
  await pass(60_000);
  assert.equal(n(), 5);
  assert.deepEqual(started, []);
  assert.match(said[1] ?? '', /^PostgreSQL does not start: no memory; starting it again in 1 s$/);
  assert.match(said.at(-1) ?? '', /PostgreSQL is left down; its log says more/);
  assert.equal(said.length, 6);
});

test('once the system stops it is let be', async () => {
  const { said, watch, pass, kill } = stand(['runs']);
  await watch.end();
  kill();
  await pass(5_000);
  assert.deepEqual(said, []);
});

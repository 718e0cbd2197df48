/** An engine of jobs that ends, hangs within its end, or never begins: another takes its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { silentLog } from '../../platform/log.ts';
import { AGAIN_MS, BUSY_MS_MAX, type Engine, keepEngine, type Life, SILENT_MS_MAX } from './engine.ts';

type Made = { life: Life; engine: Engine; end(): void; stopped: number };

/** Lets what waits for a promise that is kept go on. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
};

/** Engines that a test makes speak; `begins` says what a beginning comes to. */
async function keeping(begins: (made: Made, nth: number) => Promise<Engine> = async ({ engine }) => engine) {
  const clock = new ManualClock(0);
  const made: Made[] = [];
  let unlocked = 0;
  const kept = await keepEngine({
    clock,
    log: silentLog,
    begin(life) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const one: Made = {
        life,
        stopped: 0,
        end: resolve,
        engine: {
          promise,
          async stop() {
            one.stopped += 1;
          },
        },
      };
      made.push(one);
      return begins(one, made.length);
    },
    async unlock() {
      unlocked += 1;
    },
  });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      clock.advance(1_000);
      await settle();
    }
  };
  return { made, kept, pass, unlocked: () => unlocked };
}

const at = (made: readonly Made[], index: number): Made => made[index] ?? assert.fail(`engine ${index}`);

test('an engine that gives up is begun anew, and what it had locked is given back', async () => {
  const { made, pass, unlocked } = await keeping();
  at(made, 0).end();
  await settle();
  assert.equal(made.length, 1, 'not at once');
  await pass(AGAIN_MS);
  assert.equal(made.length, 2);
  assert.equal(unlocked(), 1);
});

test('an engine that says nothing is left alone, and another is begun; one that asks is kept', async () => {
  const { made, pass } = await keeping();
  for (let n = 0; n < 10; n++) {
    at(made, 0).life.asked();
    await pass(SILENT_MS_MAX / 2);
  }
  assert.equal(made.length, 1);
  await pass(SILENT_MS_MAX);
  assert.equal(made.length, 2);
  assert.equal(at(made, 0).stopped, 1);
  // What the old one comes to in the end begins no third.
  at(made, 0).end();
  at(made, 1).life.asked();
  await pass(2_000);
  assert.equal(made.length, 2);
});

test('a job that takes long is no silence', async () => {
  const { made, pass } = await keeping();
  at(made, 0).life.began();
  await pass(BUSY_MS_MAX - 10_000);
  assert.equal(made.length, 1);
  at(made, 0).life.ended();
  await pass(SILENT_MS_MAX - 10_000);
  assert.equal(made.length, 1);
  at(made, 0).life.began();
  await pass(BUSY_MS_MAX + 10_000);
  assert.equal(made.length, 2, 'one that never ends is');
});

test('an engine that never begins is not waited for, and is stopped when it begins after all', async () => {
  const late = Promise.withResolvers<Engine>();
  const { made, pass } = await keeping(async (one, nth) => (nth === 2 ? late.promise : one.engine));
  at(made, 0).end();
  await settle();
  await pass(AGAIN_MS);
  assert.equal(made.length, 2);
  await pass(SILENT_MS_MAX + 10_000);
  assert.equal(made.length, 3);
  late.resolve(at(made, 1).engine);
  await settle();
  assert.equal(at(made, 1).stopped, 1);
  assert.equal(at(made, 2).stopped, 0);
});

test('a database that is away when an engine is begun is asked again until it is back', async () => {
  const { made, pass } = await keeping(async (one, nth) => {
    if (nth > 1 && nth < 5) throw new Error('the database is starting up');
    return one.engine;
  });
  at(made, 0).end();
  await settle();
  await pass(10 * AGAIN_MS);
  assert.equal(made.length, 5);
});

test('stopped, nothing is begun any more', async () => {
  const { made, kept, pass } = await keeping();
  await kept.stop();
  assert.equal(at(made, 0).stopped, 1);
  at(made, 0).end();
  await pass(SILENT_MS_MAX * 2);
  assert.equal(made.length, 1);
});

/** How long something took must not be seen from outside: with a clock of the test, so that no machine's load matters. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../../platform/clock.ts';
import { onBeat } from './beat.ts';

/** Work that takes so long and then succeeds or fails; answers when its answer left. */
async function answeredAfterMs(tookMs: number, fails: boolean): Promise<number> {
  const clock = new ManualClock(0);
  let answeredMs: number | undefined;
  const work = async () => {
    clock.advance(tookMs);
    if (fails) throw new Error('denied');
  };
  const answered = onBeat(clock, work).then(
    () => assert.ok(!fails),
    () => assert.ok(fails),
  );
  void answered.then(() => {
    answeredMs = clock.monotonicMs();
  });
  for (let steps = 0; steps < 4000 && answeredMs === undefined; steps++) {
    // A promise that is settled is heard of a few turns later.
    for (let turns = 0; turns < 8; turns++) await null;
    if (answeredMs === undefined) clock.advance(1);
  }
  return answeredMs ?? assert.fail('it was never answered');
}

test('a quick refusal, a slow one and a success are answered on the same beat', async () => {
  for (const fails of [true, false])
    for (const tookMs of [0, 1, 120, 249])
      assert.equal(
        await answeredAfterMs(tookMs, fails),
        250,
        `${tookMs} ms, ${fails ? 'refused' : 'let in'}`,
      );
});

test('what took longer than one beat waits for the next, in success and in failure', async () => {
  for (const fails of [true, false]) {
    assert.equal(await answeredAfterMs(251, fails), 500);
    assert.equal(await answeredAfterMs(730, fails), 750);
  }
});

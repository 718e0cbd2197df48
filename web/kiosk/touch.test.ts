/** Which keys are a hand's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hands } from './touch.ts';
import { FAST_MS, hear, WEDGE_START } from './wedge.ts';

type Timers = { tick(ms: number): void };

/** Presses keys with a gap before each, lets a second pass, and answers how many were taken for a hand's. */
function touchesOf(timers: Timers, keys: readonly string[], gapMs: number): number {
  let touches = 0;
  const hand = hands(() => touches++);
  let wedge = WEDGE_START;
  let atMs = 1_000;
  for (const key of keys) {
    timers.tick(gapMs);
    atMs += gapMs;
    const { wedge: next, heard } = hear(wedge, { key }, atMs);
    wedge = next;
    hand.pressed(key, { atMs, heard, burst: wedge.burst.length });
  }
  timers.tick(1_000);
  return touches;
}

test('a scanner’s keys are nobody’s touch, however its scans end; a hand’s are, of letters and of keys to move', (t) => {
  Object.assign(globalThis, { window: globalThis });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { timers } = t.mock;
  const label = [...'1Z999AA10123456784'];
  for (const suffix of [[], ['Enter'], ['Tab'], ['Enter', 'Enter']])
    for (const gapMs of [1, 20, FAST_MS]) {
      const of = `${suffix.join()} at ${gapMs} ms`;
      assert.equal(touchesOf(timers, [...label, ...suffix], gapMs), 0, of);
      const withShift = label.flatMap((one) => ['Shift', one]);
      assert.equal(touchesOf(timers, [...withShift, ...suffix], gapMs), 0, `${of}, with Shift`);
    }
  assert.equal(touchesOf(timers, label, 80), label.length);
  for (const key of ['7', 'Enter', 'Tab', 'ArrowDown', 'Backspace', ' '])
    assert.equal(touchesOf(timers, [key], 80), 1, key);
  assert.equal(touchesOf(timers, ['1', '2'], 30), 1, 'two quick fingers are one touch');
  assert.equal(touchesOf(timers, ['Shift'], 80), 0);
});

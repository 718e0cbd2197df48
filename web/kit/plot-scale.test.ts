import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisTicks, steppedPath, thinned } from './plot-scale.ts';

test('an axis begins at nothing, has whole numbers only, and reaches above the highest value', () => {
  for (let max = 0; max < 3000; max += 7) {
    const ticks = axisTicks(max);
    assert.equal(ticks[0], 0);
    assert.ok((ticks.at(-1) ?? 0) >= max, `${max}`);
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${max}: ${ticks}`);
    assert.ok(ticks.every(Number.isInteger) && new Set(ticks).size === ticks.length);
  }
  assert.deepEqual(axisTicks(24), [0, 10, 20, 30]);
  assert.deepEqual(axisTicks(0), [0, 1]);
});

test('labels that would meet are thinned evenly', () => {
  const days = Array.from({ length: 30 }, (_, day) => day);
  assert.deepEqual(thinned(days, (day) => day * 20, 80).slice(0, 3), [0, 4, 8]);
  assert.equal(thinned(days, (day) => day * 100, 80).length, 30);
  assert.deepEqual(
    thinned([5], () => 0, 80),
    [5],
  );
});

test('a level holds until the next one', () => {
  assert.equal(
    steppedPath(
      [1, 3],
      (at) => at * 10,
      (value) => 10 - value,
    ),
    'M0 9L10 9L10 7L20 7',
  );
  assert.equal(steppedPath([], Number, Number), '');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { heightOf } from './height.ts';

test('a door is low, within seated reach, or high', () => {
  assert.deepEqual([0, 37, 38, 122, 123, 200].map(heightOf), [
    ...['low', 'low', 'reach', 'reach', 'high', 'high'],
  ]);
});

test('every door that is kept for who needs reach is said to be within it', () => {
  const accessible = LAYOUT_24.compartments.filter((place) => place.accessible);
  assert.ok(accessible.length > 0);
  assert.deepEqual(new Set(accessible.map(({ middleCm }) => heightOf(middleCm))), new Set(['reach']));
});

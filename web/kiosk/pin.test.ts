import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupSizes, pinPlaces } from './pin.ts';

test('nine digits stand 3-3-3, and every length is kept whole', () => {
  assert.deepEqual(groupSizes(9), [3, 3, 3]);
  assert.deepEqual(groupSizes(10), [3, 3, 4]);
  assert.deepEqual(groupSizes(8), [3, 3, 2]);
  assert.deepEqual(groupSizes(4), [4]);
  for (let digits = 0; digits <= 12; digits++) {
    assert.equal(
      groupSizes(digits).reduce((sum, size) => sum + size, 0),
      digits,
    );
    assert.ok(digits < 2 || groupSizes(digits).every((size) => size > 1));
  }
});

test('digits fill the places from the left', () => {
  assert.deepEqual(pinPlaces('12345', 9), [
    ['1', '2', '3'],
    ['4', '5', ''],
    ['', '', ''],
  ]);
});

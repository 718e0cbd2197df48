import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawBelow, shuffled } from './draw.ts';

test('each draw of places gives another order, and together they are all orders', () => {
  const orders = new Set<string>();
  for (let first = 0; first < 4; first++)
    for (let second = 0; second < 3; second++)
      for (let third = 0; third < 2; third++) {
        const places = [first, second, third, 0];
        orders.add(shuffled([...'abcd'], () => places.shift() ?? 0).join(''));
      }
  assert.equal(orders.size, 24);
  for (const order of orders) assert.equal([...order].sort().join(''), 'abcd');
});

test('every digit comes to every place about equally often', () => {
  const ROUNDS = 4_000;
  const seen = Array.from({ length: 10 }, () => Array<number>(10).fill(0));
  for (let round = 0; round < ROUNDS; round++)
    for (const [place, digit] of shuffled([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).entries()) {
      const row = seen[digit];
      if (row) row[place] = (row[place] ?? 0) + 1;
    }
  // 400 each are expected, and 19 is their standard deviation: eight of it is chance once in 10^14.
  for (const counts of seen)
    for (const count of counts) assert.ok(Math.abs(count - ROUNDS / 10) < 8 * 19, String(counts));
});

test('a draw stays below its limit, and one that would favour small numbers is drawn again', (t) => {
  const given = [2 ** 32 - 1, 2 ** 32 - 2, 11];
  t.mock.method(crypto, 'getRandomValues', (into: Uint32Array) => into.fill(given.shift() ?? 0));
  assert.equal(drawBelow(10), 1, '2^32 is no multiple of ten: its last six numbers do not count');
  assert.equal(given.length, 0);
});

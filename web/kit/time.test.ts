import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAgo, formatLeft } from './time.ts';

const NOW = 1_800_000_000_000;

test('says how long ago in the largest whole unit', () => {
  assert.equal(formatAgo(NOW - 2_000, NOW), 'now');
  assert.equal(formatAgo(NOW - 3 * 60_000 - 5_000, NOW), '3 minutes ago');
  assert.equal(formatAgo(NOW + 2 * 86_400_000, NOW), 'in 2 days');
});

test('says what is left and never less than nothing', () => {
  assert.equal(formatLeft(NOW + 6.5 * 86_400_000, NOW), '6 days');
  assert.equal(formatLeft(NOW - 1, NOW), '0 seconds');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untilOf, untilSays } from './forgetting.ts';

test('a hold until a day lasts to the end of that day in UTC, and is listed as that day', () => {
  const untilMs = untilOf({ until: '2028-02-29' });
  assert.equal(untilMs, Date.UTC(2028, 2, 1));
  assert.equal(untilSays(untilMs), 'the end of 2028-02-29 UTC');
  assert.equal(untilOf({}), null);
  assert.equal(untilSays(null), 'lifted');
});

test('a hold that ends within a day of UTC is listed with the minute', () =>
  assert.equal(untilSays(Date.UTC(2026, 2, 2, 5)), '2026-03-02 05:00 UTC'));

test('what is no day is no end of a hold', () => {
  for (const until of ['', 'soon', '2026-02-30', '2026-13-01', '2026-3-1', '202603-01-01', '1950-01-01'])
    assert.throws(() => untilOf({ until }), /--until takes a day/, until);
});

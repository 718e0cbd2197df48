import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asOfMs, dayBeganMs } from './age.ts';

const NOW = 1_790_000_000_000;
const of = (agoMs: number, { isKnown = true, isUnanswered = false } = {}) => ({
  dataUpdatedAt: NOW - agoMs,
  isKnown,
  isUnanswered,
});
const online = { online: true, nowMs: NOW };

test('what was answered just now is current', () => {
  assert.equal(asOfMs([of(0), of(89_999)], online), null);
  assert.equal(asOfMs([], online), null);
  assert.equal(
    asOfMs([of(999_999, { isKnown: false })], { ...online, online: false }),
    null,
    'nothing is shown',
  );
});

test('what is old, unanswered or shown without a network says of when it is: the oldest part of it', () => {
  assert.equal(asOfMs([of(0), of(90_000)], online), NOW - 90_000);
  assert.equal(asOfMs([of(10), of(5, { isUnanswered: true })], online), NOW - 10);
  assert.equal(asOfMs([of(10)], { ...online, online: false }), NOW - 10);
});

test('a day begins at midnight where the phone is, on days that have 23 or 25 hours, too', () => {
  for (const day of [
    new Date(2026, 2, 29, 12),
    new Date(2026, 9, 25, 0, 0, 0, 1),
    new Date(2026, 6, 1, 23, 59),
  ]) {
    const began = new Date(dayBeganMs(day.getTime()));
    assert.deepEqual(
      [began.getDate(), began.getHours(), began.getMinutes(), began.getMilliseconds()],
      [day.getDate(), 0, 0, 0],
    );
  }
});

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { BASE, LANGUAGE_CODES } from './languages.ts';
import {
  endOfDay,
  formatAgo,
  formatDate,
  formatEnd,
  formatLeft,
  formatTime,
  formatWhole,
  momentOf,
} from './time.ts';
import { speak } from './words.ts';

const NOW = 1_800_000_000_000;
afterEach(() => speak(BASE));

test('says how long ago in the largest whole unit', () => {
  assert.equal(formatAgo(NOW - 2_000, NOW), 'now');
  assert.equal(formatAgo(NOW - 3 * 60_000 - 5_000, NOW), '3 minutes ago');
  assert.equal(formatAgo(NOW + 2 * 86_400_000, NOW), 'in 2 days');
});

test('says what is left and never less than nothing', () => {
  assert.equal(formatLeft(NOW + 6.5 * 86_400_000, NOW), '6 days');
  assert.equal(formatLeft(NOW - 1, NOW), '0 seconds');
});

test('says it in the language that is spoken', () => {
  speak('de');
  assert.equal(formatAgo(NOW - 3 * 60_000, NOW), 'vor 3 Minuten');
  assert.match(formatDate(NOW), /2027$/);
  speak('zh');
  assert.equal(formatLeft(NOW + 6.5 * 86_400_000, NOW), '6天');
  speak('ar');
  assert.equal(formatLeft(NOW + 3 * 86_400_000, NOW), '3 أيام');
  assert.match(formatWhole(NOW), /2027/);
});

test('a watch is read in 24 hours and western digits in each language', () => {
  const evening = new Date(2027, 0, 15, 19, 5).getTime();
  for (const language of LANGUAGE_CODES) {
    speak(language);
    assert.equal(formatTime(evening), '19:05', language);
    assert.match(formatWhole(evening), /19:05/, language);
    assert.doesNotMatch(formatWhole(evening), /[٠-٩]/, language);
  }
});

/** Runs it as a reader there has it. */
function inZone<Result>(zone: string, run: () => Result): Result {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return run();
  } finally {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  }
}

test('a day lasts to its end on the reader’s clock, also where clocks are changed', () => {
  const ends: [zone: string, day: string, end: string][] = [
    ['America/New_York', '2026-03-01', '2026-03-02T05:00:00.000Z'],
    // 23 hours, 25 hours, and a day that begins at one o'clock because its midnight was left out.
    ['America/New_York', '2026-03-08', '2026-03-09T04:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25', '2026-10-25T23:00:00.000Z'],
    ['Africa/Cairo', '2026-04-23', '2026-04-23T22:00:00.000Z'],
    ['Asia/Tokyo', '2026-12-31', '2026-12-31T15:00:00.000Z'],
    ['UTC', '2028-02-29', '2028-03-01T00:00:00.000Z'],
  ];
  for (const [zone, day, end] of ends)
    inZone(zone, () => {
      assert.equal(new Date(endOfDay(day) ?? 0).toISOString(), end, `${zone} ${day}`);
    });
  for (const none of ['', '2026-03', '202603-01-01', '0026-03-01', 'soon'])
    assert.equal(endOfDay(none), null);
});

test('what ends with a day is said as that day, and what ends within one with the minute', () => {
  assert.equal(formatEnd(endOfDay('2026-02-28') ?? 0), '28 Feb 2026');
  assert.equal(formatEnd(new Date(2026, 1, 28, 19).getTime()), '28 Feb 2026, 19:00');
});

test('a moment is one that the reader’s clock can have', () => {
  assert.equal(momentOf('2026-05-02T10:00'), new Date(2026, 4, 2, 10).getTime());
  for (const none of ['', '2026-05-02', '202605-01-01T10:00', '1950-01-01T10:00', 'x'])
    assert.equal(momentOf(none), null, none);
});

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { BASE, LANGUAGE_CODES } from './languages.ts';
import { formatAgo, formatDate, formatLeft, formatTime, formatWhole } from './time.ts';
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

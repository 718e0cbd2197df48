import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { BASE } from './languages.ts';
import { language, onSpeak, speak, translationOf, translator } from './words.ts';

const ENGLISH = {
  plain: 'Ready',
  door: 'Door {n} is {state}',
  left: { one: '{count} try left', other: '{count} tries left' },
} as const;
const t = translator(ENGLISH);
const inOtherWords = translationOf<typeof ENGLISH>();

const german = inOtherWords({
  plain: 'Bereit',
  door: 'Tür {n} ist {state}',
  left: { one: 'noch ein Versuch', other: 'noch {count} Versuche' },
});
const arabic = inOtherWords({
  plain: 'جاهز',
  door: 'الباب {n} {state}',
  left: {
    zero: 'لا محاولات',
    one: 'محاولة واحدة',
    two: 'محاولتان',
    few: '{count} محاولات',
    many: '{count} محاولة',
    other: '{count} محاولة',
  },
});
t.learn({ es: german, fr: german, de: german, zh: german, ar: arabic });
afterEach(() => speak(BASE));

test('fills in names', () => {
  assert.equal(t('plain'), 'Ready');
  assert.equal(t('door', { n: 7, state: 'open' }), 'Door 7 is open');
});

test('chooses the plural by count', () => {
  assert.equal(t('left', { count: 1 }), '1 try left');
  assert.equal(t('left', { count: 2 }), '2 tries left');
});

test('never puts a value where another value brought a name', () => {
  assert.equal(t('door', { n: '{state}', state: 'shut' }), 'Door {state} is shut');
});

test('speaks another language from one moment to the next, and says so', () => {
  let told = 0;
  const stop = onSpeak(() => {
    told += 1;
  });
  speak('de');
  speak('de');
  assert.equal(told, 1);
  assert.equal(language(), 'de');
  assert.equal(t('plain'), 'Bereit');
  assert.equal(t('left', { count: 1 }), 'noch ein Versuch');
  stop();
  speak('en');
  assert.equal(told, 1);
  assert.equal(t('plain'), 'Ready');
});

test('counts by the rules of the spoken language', () => {
  speak('ar');
  const forms = [0, 1, 2, 3, 11, 100].map((count) => t('left', { count }).replaceAll(/[\u2068\u2069]/g, ''));
  assert.deepEqual(forms, [
    ...['لا محاولات', 'محاولة واحدة', 'محاولتان', '3 محاولات', '11 محاولة', '100 محاولة'],
  ]);
});

test('a value keeps its own direction where the directions meet, and only there', () => {
  assert.equal(t('door', { n: '1Z 9', state: 'x' }), 'Door 1Z 9 is x');
  assert.equal(t('door', { n: 7, state: 'علي' }), 'Door 7 is \u2068علي\u2069');
  speak('ar');
  assert.equal(t('door', { n: '1Z 9', state: 'x' }), 'الباب \u20681Z 9\u2069 \u2068x\u2069');
});

test('a translation that lacks a key, has one too many, or uses other names does not compile', () => {
  const { plain, door, left } = ENGLISH;
  // @ts-expect-error: a key is missing.
  inOtherWords({ plain, door });
  // @ts-expect-error: there is no such key.
  inOtherWords({ plain, door, left, more: 'x' });
  // @ts-expect-error: the name is misspelt.
  inOtherWords({ plain, left, door: 'Tür {m} ist {state}' });
  // @ts-expect-error: a name is missing.
  inOtherWords({ plain, left, door: 'Tür {n}' });
  // @ts-expect-error: there is no such name.
  inOtherWords({ door, left, plain: 'Bereit {n}' });
  // @ts-expect-error: no form says the count.
  inOtherWords({ plain, door, left: { one: 'einer', other: 'mehrere {n}' } });
  // @ts-expect-error: every language has this form.
  inOtherWords({ plain, door, left: { one: '{count}' } });
});

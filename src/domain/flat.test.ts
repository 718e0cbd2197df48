import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flatMeant, flatOnKeys, inCapitals, isTypeable } from './flat.ts';
import { normalFlat } from './scan.ts';

/** What the keys of the kiosk's screen make of a text; all else leaves no mark in its field. */
const byKeys = (text: string): string =>
  [...inCapitals(text)].filter((one) => '1234567890QWERTYUIOPASDFGHJKL-ZXCVBNM./ '.includes(one)).join('');

test('flats of other scripts and with accents are found by what the keys can write of them', () => {
  const flats = ['502室', 'Büro 2', '3º B', 'A & B', '٥٠٣', 'Łazienki 4', '12', '1-11', '11-1'];
  const typed = ['502', 'BURO 2', '3B', 'AB', '503', 'LAZIENKI4', 'flat 12', '1 11', '11-1'];
  assert.deepEqual(
    typed.map((text) => flatMeant(text, flats)),
    flats.map(normalFlat),
  );
});

test('an exact flat comes first; of two that the keys cannot tell apart neither is meant', () => {
  assert.equal(flatMeant('502', ['502室', '502']), '502');
  assert.equal(flatMeant('502室', ['502室', '502']), '502室');
  assert.equal(flatMeant('502', ['502室', '502号']), '502');
  assert.equal(flatMeant('502', ['502室', '502 室']), '502室', 'one flat, written in two ways');
  for (const other of ['123', '12-3', '12'])
    assert.equal(flatMeant(other, ['12/3']), normalFlat(other), 'what can be typed is typed');
  assert.equal(flatMeant('', ['室']), '');
});

test('each flat that may be written can be typed at a kiosk', () => {
  for (const flat of ['室', 'قاعة', 'Flat', '&', '-']) assert.equal(isTypeable(flat), false, flat);
  const some = fc.string({
    unit: fc.constantFrom(...'1230AbZ室ü٣º& ./-#½ßñFLAT'),
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(fc.oneof(some, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 })), (flat) => {
      if (!isTypeable(flat)) return;
      assert.equal(flatMeant(byKeys(flat), [flat]), normalFlat(flat));
      assert.equal(flatOnKeys(byKeys(flat)), flatOnKeys(flat));
    }),
    { numRuns: 2000 },
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BankLayout, type CompartmentPlace, LAYOUT_24 } from './bank.ts';
import { complaintsAbout } from './layout.ts';

/** The package's layout with one door changed. */
function changed(n: number, change: Partial<CompartmentPlace>): BankLayout {
  const compartments = LAYOUT_24.compartments.map((one) => (one.n === n ? { ...one, ...change } : one));
  return { ...LAYOUT_24, compartments };
}

test('the package’s own layout may be used', () => {
  assert.deepEqual(complaintsAbout(LAYOUT_24), []);
});

test('two doors on one lock, a place twice, a gap, a column that is not there: each is told', () => {
  assert.deepEqual(complaintsAbout(changed(2, { lock: 0 })), ['lock 0 of board 0 moves doors 1 and 2']);
  assert.deepEqual(complaintsAbout(changed(2, { row: 0 })), ['place 0 of column 0 holds doors 1 and 2']);
  assert.match(complaintsAbout(changed(24, { n: 25 })).join(), /doors are numbered 1 to 24, each once/);
  assert.match(complaintsAbout(changed(24, { column: 9, row: 0 })).join(), /door 24 stands in column 9/);
});

test('so many doors as the standard asks for are accessible, and within reach', () => {
  assert.match(
    complaintsAbout(changed(5, { accessible: false })).join(),
    /2 of 24 doors have to be accessible, and 1 are/,
  );
  assert.match(complaintsAbout(changed(5, { middleCm: 123 })).join(), /door 5 .* 123 cm/);
  assert.deepEqual(complaintsAbout(changed(5, { middleCm: 122 })), []);
});

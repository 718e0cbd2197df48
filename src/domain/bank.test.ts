import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, LAYOUT_24, placeOf, SIZES } from './bank.ts';

const { compartments, columns } = LAYOUT_24;
const UNIT_CM = 22;

test('24 compartments, numbered from 1 without gaps, found by their number', () => {
  assert.deepEqual(
    compartments.map(({ n }) => n),
    Array.from({ length: 24 }, (_, at) => at + 1),
  );
  for (const place of compartments) assert.equal(placeOf(LAYOUT_24, place.n), place);
  for (const n of [0, 25, -1, 1.5, Number.NaN]) assert.equal(placeOf(LAYOUT_24, n), undefined);
});

test('no two compartments share a lock, and two boards of sixteen locks carry them', () => {
  assert.equal(new Set(compartments.map(({ board, lock }) => `${board}/${lock}`)).size, 24);
  for (const { board, lock } of compartments) assert.ok(board >= 0 && board < 2 && lock >= 0 && lock < 16);
});

test('doors stand one on the other and fill their column; the short column leaves its top to the screen', () => {
  for (let column = 0; column < columns; column++) {
    const doors = compartments.filter((place) => place.column === column);
    assert.deepEqual(
      doors.map(({ row }) => row),
      doors.map((_, at) => at),
    );
    const units = doors.reduce((sum, { heightUnits }) => sum + heightUnits, 0);
    assert.equal(units, column === columns - 1 ? 4 : 8);
    let topCm = 12 + units * UNIT_CM;
    for (const { middleCm, heightUnits } of doors) {
      assert.equal(middleCm, Math.round(topCm - (heightUnits * UNIT_CM) / 2));
      topCm -= heightUnits * UNIT_CM;
    }
    assert.equal(topCm, 12, 'the lowest door stands on the plinth');
  }
});

test('two compartments are accessible, and all of their door is within 38 to 122 cm', () => {
  const accessible = compartments.filter((place) => place.accessible);
  assert.ok(accessible.length >= Math.max(1, Math.ceil(compartments.length * 0.05)));
  assert.equal(accessible.length, 2);
  for (const { middleCm, heightUnits } of accessible) {
    assert.ok(middleCm - (heightUnits * UNIT_CM) / 2 >= 38);
    assert.ok(middleCm + (heightUnits * UNIT_CM) / 2 <= 122);
  }
});

test('there are compartments of every size, and what fits a size fits all larger ones', () => {
  for (const size of SIZES) assert.ok(compartments.some((place) => place.size === size));
  for (const [at, wanted] of SIZES.entries()) {
    for (const [other, offered] of SIZES.entries()) assert.equal(fits(wanted, offered), other >= at);
  }
});

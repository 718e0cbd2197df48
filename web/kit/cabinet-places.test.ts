import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { placeDoors, UNIT } from './cabinet-places.ts';

test('every door of the 24 stands in the cabinet and none covers another', () => {
  const { placed, gaps, width, height } = placeDoors(LAYOUT_24.compartments, LAYOUT_24.columns);
  assert.equal(placed.length, 24);
  assert.equal(height, 8 * UNIT);
  const boxes = [...placed, ...gaps];
  for (const [index, a] of boxes.entries()) {
    assert.ok(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height);
    for (const b of boxes.slice(index + 1)) {
      const apart =
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
      assert.ok(apart);
    }
  }
});

test('a short column stands on the plinth and leaves a gap above', () => {
  const { gaps } = placeDoors(LAYOUT_24.compartments, LAYOUT_24.columns);
  assert.deepEqual(
    gaps.map(({ y, height }) => [Math.round(y / UNIT), Math.round(height / UNIT)]),
    [[0, 4]],
  );
});

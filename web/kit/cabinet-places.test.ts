import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYOUT_24 } from '../../src/domain/bank.ts';
import { ARROWS, doorBeside, placeDoors, UNIT } from './cabinet-places.ts';

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

test('arrow keys reach every door from every door, and stop at the edges', () => {
  const { placed } = placeDoors(LAYOUT_24.compartments, LAYOUT_24.columns);
  const first = placed[0]?.door.n ?? 0;
  const reached = new Set([first]);
  for (const n of reached)
    for (const arrow of ARROWS) {
      const next = doorBeside(placed, n, arrow);
      if (next !== null) reached.add(next);
    }
  assert.equal(reached.size, 24);
  assert.equal(doorBeside(placed, first, 'ArrowUp'), null);
  assert.equal(doorBeside(placed, first, 'ArrowLeft'), null);
  assert.equal(doorBeside(placed, doorBeside(placed, first, 'ArrowDown') ?? 0, 'ArrowUp'), first);
  assert.equal(doorBeside(placed, 0, 'Home'), null, 'a door that is not there leads nowhere');
});

test('sideways leads to the door at the same height of the next column', () => {
  const doors = [
    { n: 1, column: 0, row: 0, heightUnits: 2 },
    { n: 2, column: 0, row: 1, heightUnits: 2 },
    { n: 3, column: 1, row: 0, heightUnits: 3 },
    { n: 4, column: 1, row: 1, heightUnits: 1 },
  ];
  const { placed } = placeDoors(doors, 2);
  assert.equal(doorBeside(placed, 2, 'ArrowRight'), 4);
  assert.equal(doorBeside(placed, 1, 'ArrowRight'), 3);
  assert.equal(doorBeside(placed, 4, 'ArrowLeft'), 2);
});

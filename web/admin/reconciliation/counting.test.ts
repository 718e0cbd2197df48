import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CountedDoor, countCommand, countingOf, misfits } from './counting.ts';

const door = (n: number, of: Partial<CountedDoor> = {}): CountedDoor => ({
  ...{ n, size: 'M', expected: 'nothing', withdrawn: false, sensed: 'unsensed', open: 0, last: null, ...of },
});

test('a count is told of by later records only', () => {
  const doors = [
    door(1, { last: { seq: 90, found: 'as-expected', atMs: 1 } }),
    door(2, { last: { seq: 101, found: 'empty', atMs: 2 } }),
    door(3),
    door(4, { last: { seq: 100, found: 'occupied', atMs: 2 } }),
  ];
  assert.deepEqual(
    countingOf(doors, [4, 2, 1, 77], 100).map(({ door: { n }, found }) => [n, found]),
    [
      [1, null],
      [2, 'empty'],
      [4, null],
    ],
  );
});

test('what does not fit is what is proposed', () => {
  assert.deepEqual(misfits([door(1), door(2, { open: 2 }), door(3, { open: 1 })]), [2, 3]);
});

test('the command names the bank, the door, why, and where the slip goes', () => {
  assert.equal(
    countCommand('bank_a', 7),
    'npm run holdfast -- admin order staff-release --bank bank_a --door 7 --purpose "count of door 7" --slip count-door-7.html',
  );
});

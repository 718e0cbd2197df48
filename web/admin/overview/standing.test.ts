import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Stands, standingOf, tallyOf } from './standing.ts';

const door = (of: Partial<Stands>): Stands => ({
  ...{ state: 'empty', withdrawn: false, overdue: false, alarms: [], ...of },
});

test('an alarm is shown before everything, and overdue before who holds it', () => {
  assert.equal(standingOf(door({ state: 'held', overdue: true, alarms: ['forced'] })), 'alarm');
  assert.equal(standingOf(door({ state: 'held', overdue: true })), 'overdue');
  assert.equal(standingOf(door({ state: 'occupied', withdrawn: true })), 'occupied');
  assert.equal(standingOf(door({ withdrawn: true })), 'off');
  assert.equal(standingOf(door({})), 'empty');
});

test('the tally counts every door once and leaves out what there is none of', () => {
  const doors = [door({}), door({}), door({ state: 'held' }), door({ alarms: ['ajar'] })];
  assert.deepEqual(tallyOf(doors), [
    { standing: 'empty', count: 2 },
    { standing: 'held', count: 1 },
    { standing: 'alarm', count: 1 },
  ]);
});

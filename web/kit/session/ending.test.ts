/** When the end of a session is said, and when its server is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endingOf, isToBeAsked } from './ending.ts';

const MINUTE = 60_000;
const ASKED = 1_790_000_000_000;
const told = (idle: number, age: number) => ({
  left: { idleLeftMs: idle * MINUTE, ageLeftMs: age * MINUTE },
  askedAtMs: ASKED,
});
const at = (minutes: number) => ASKED + minutes * MINUTE;

test('the end of a session is said at least two minutes before, by what it ends, and with its time', () => {
  const whole = told(30, 720);
  for (const minute of [0, 15, 26.9]) assert.equal(endingOf(whole, at(minute)), null, `${minute}`);
  for (const minute of [27, 28, 29.9, 31])
    assert.deepEqual(endingOf(whole, at(minute)), { by: 'idle', atMs: at(30) }, `${minute}`);
  const old = told(30, 12);
  assert.equal(endingOf(old, at(1.9)), null);
  assert.deepEqual(endingOf(old, at(2)), { by: 'age', atMs: at(12) });
  const both = told(2, 5);
  assert.deepEqual(endingOf(both, at(0)), { by: 'idle', atMs: at(2) }, 'what can still be mended, first');
});

test('a page that is used only by typing asks in time, and one that nobody is at asks before it warns', () => {
  const whole = told(30, 720);
  const asked = (minutes: number, isAttended: boolean, triedAtMs = ASKED) =>
    isToBeAsked({ told: whole, triedAtMs, isAttended }, at(minutes));
  assert.deepEqual(
    [4.9, 5].map((minute) => asked(minute, true)),
    [false, true],
  );
  assert.deepEqual(
    [5, 26.4, 26.5].map((minute) => asked(minute, false)),
    [false, false, true],
  );
  assert.equal(asked(26.6, false, at(26.5)), false, 'not at once again');
  assert.equal(asked(26.9, false, at(26.5)), true, 'a page beside it may have used the session');
});

test('a session that is over by its age is asked for, and one that never was told of now and then', () => {
  const old = told(30, 12);
  const asked = (minutes: number) =>
    isToBeAsked({ told: old, triedAtMs: ASKED, isAttended: false }, at(minutes));
  assert.deepEqual([11.9, 12].map(asked), [false, true]);
  const untold = { told: undefined, triedAtMs: ASKED };
  assert.equal(isToBeAsked({ ...untold, isAttended: false }, at(60)), false);
  assert.equal(isToBeAsked({ ...untold, isAttended: true }, at(5)), true);
});

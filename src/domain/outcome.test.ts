import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, CODE_NOT_ACCEPTED, DENIALS, denied, OUTCOMES, RIGHTS, told } from './outcome.ts';

test('words stand once in their list, in one form', () => {
  for (const list of [DENIALS, OUTCOMES, RIGHTS]) {
    assert.equal(new Set(list).size, list.length);
    for (const word of list) assert.match(word, /^[a-z]+(-[a-z]+)*$/);
  }
});

test('a wrong, spent, revoked and not yet valid code are told alike; every other denial is told as it is', () => {
  const alike = DENIALS.filter((reason) => told(reason) === CODE_NOT_ACCEPTED);
  assert.deepEqual(alike.sort(), ['code-revoked', 'code-spent', 'code-wrong', 'grant-not-yet']);
  for (const reason of DENIALS) assert.ok(told(reason) === reason || told(reason) === CODE_NOT_ACCEPTED);
});

test('what is told for a code is no reason of a record', () => {
  assert.ok(!(DENIALS as readonly string[]).includes(CODE_NOT_ACCEPTED));
});

test('results are values', () => {
  assert.deepEqual(allowed(7), { ok: true, value: 7 });
  assert.deepEqual(denied('lockdown'), { ok: false, reason: 'lockdown' });
});

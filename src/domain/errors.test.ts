import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, type ErrorCode, HoldfastError } from './errors.ts';

const codes = Object.keys(ERRORS) as ErrorCode[];

test('every code has a status of an error, a title, and says whether the same request may be tried again', () => {
  assert.ok(codes.length > 0);
  for (const code of codes) {
    const { status, retry, title } = ERRORS[code];
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
    assert.match(title, /^[A-Z].*[^.]$/, code);
    // A request that was wrong stays wrong; only load, breakage, and a twin that is still being served pass.
    assert.equal(retry, status === 429 || status >= 500 || code === 'idempotency-busy', code);
  }
  assert.equal(new Set(codes.map((code) => ERRORS[code].title)).size, codes.length);
});

test('an error carries its code, its denial and its cause', () => {
  const cause = new Error('below');
  const error = new HoldfastError('denied', 'not here', { cause, reason: 'lockdown' });
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.message, error.code, error.status, error.reason, error.cause],
    ['HoldfastError', 'not here', 'denied', 403, 'lockdown', cause],
  );
  const bare = new HoldfastError('not-found', 'no such bank');
  assert.equal(bare.reason, undefined);
  assert.ok(!('cause' in bare));
});

/** In whose session a page asks, and what it takes no answer from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SESSION_HEADER } from '../../../src/contract/http/common.ts';
import { ApiProblem } from '../api.ts';
import { isAnother, NAMED, whoseOf } from './whose.ts';

const answer = (session: string | null, status = 200) =>
  new Response(null, { status, headers: session === null ? {} : { [NAMED]: session } });
const thrown = (run: () => void): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
};

test('the first answer names the session, and all that is asked from then on names it too', () => {
  assert.equal(NAMED, SESSION_HEADER);
  const whose = whoseOf();
  const first = whose.ask();
  assert.deepEqual(first.headers, {});
  first.check(answer(null));
  first.check(answer('bea', 401));
  assert.equal(whose.name(), undefined, 'a refusal names nobody');
  first.check(answer('ada'));
  assert.equal(whose.name(), 'ada');
  assert.deepEqual(whose.ask().headers, { [NAMED]: 'ada' });
});

test('an answer of another session is none, nor is one to what was asked before the page began anew', () => {
  const whose = whoseOf();
  whose.ask().check(answer('ada'));
  const other = thrown(() => whose.ask().check(answer('bea')));
  assert.ok(isAnother(other), String(other));
  const late = whose.ask();
  whose.anew();
  assert.equal(whose.name(), undefined);
  for (const came of [answer('ada'), answer('ada', 401), null]) {
    const error = thrown(() => late.check(came));
    assert.ok(error instanceof ApiProblem && error.code === 'abandoned' && !isAnother(error));
  }
  whose.ask().check(answer('bea'));
  assert.equal(whose.name(), 'bea');
});

test('a refusal of the server that says so is one of another session, and no other refusal is', () => {
  const refused = { status: 401, detail: '' };
  const of = (code: string, reason: string) => new ApiProblem({ ...refused, code, reason });
  assert.equal(isAnother(of('not-signed-in', 'session-another')), true);
  assert.equal(isAnother(of('not-signed-in', 'session-absent')), false);
  assert.equal(isAnother(new Error('session-another')), false);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DENIALS, told } from '../../src/domain/outcome.ts';
import { SAID, saidFor } from './said.ts';

test('every denial that can be told has its own place, and nothing else does', () => {
  const tellable = new Set<string>(DENIALS.map(told));
  assert.deepEqual(new Set(Object.keys(SAID)), tellable);
});

test('each says what happened and what to do next, in sentences', () => {
  for (const [code, { title, next }] of Object.entries(SAID)) {
    assert.ok(title.length > 5 && title.length <= 60, code);
    assert.match(next, /\.$/, code);
    assert.doesNotMatch(`${title} ${next}`, /undefined|\blocker\b/, code);
  }
});

test('wrong, spent, revoked and early codes get one and the same sentence', () => {
  const sentences = (['code-wrong', 'code-spent', 'code-revoked', 'grant-not-yet'] as const).map((code) =>
    saidFor(told(code)),
  );
  assert.equal(new Set(sentences).size, 1);
});

test('a code that this page does not know says nothing wrong', () => {
  assert.equal(saidFor('toString').tone, 'info');
});

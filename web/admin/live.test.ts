import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topicsAskedAgain } from './live.ts';
import { SECTIONS } from './routes.ts';

test('a known topic asks its own section again, and what needs attention', () => {
  assert.deepEqual(topicsAskedAgain(new Set(['rosters'])), new Set(['rosters', 'attention']));
  assert.deepEqual(
    topicsAskedAgain(new Set(['parcels'])),
    new Set(['parcels', 'attention', 'odds', 'banks', 'reconciliation']),
  );
});

test('a topic that this page does not know asks everything again', () => {
  assert.deepEqual(topicsAskedAgain(new Set(['parcels', 'doors'])), new Set([...SECTIONS, 'exports']));
});

test('how far an export has come is asked again by its own page, and by no other', () => {
  assert.deepEqual(topicsAskedAgain(new Set(['exports'])), new Set(['exports', 'attention']));
});

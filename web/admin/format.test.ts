import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldedText, oneIn, uncertaintyText } from './format.ts';

test('a chance is told as one in so many, and no chance as nothing', () => {
  assert.equal(oneIn(2.2e-7, 'en-GB'), '4,545,455');
  assert.equal(oneIn(1e-6, 'en-GB'), '1,000,000');
  assert.equal(oneIn(0, 'en-GB'), null);
  assert.equal(oneIn(Number.NaN, 'en-GB'), null);
});

test('an uncertainty is never told smaller than it is', () => {
  assert.equal(uncertaintyText(250, 'en-GB'), '250ms');
  assert.equal(uncertaintyText(1001, 'en-GB'), '2s');
  assert.equal(uncertaintyText(90_000, 'en-GB'), '90s');
  assert.equal(uncertaintyText(120_001, 'en-GB'), '3m');
});

test('a search finds names whatever their accents', () => {
  assert.equal(foldedText('Chloé MARKOVIĆ'), 'chloe markovic');
});

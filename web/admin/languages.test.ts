/** German says everything that English says, in every part of the admin app. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkTables } from '../kit/session/tables.test.ts';
import { TABLES } from './languages.ts';

/** Names of things that are called the same, and texts that only put two values together. */
const SHARED = [
  // “Was” asks what, and in English says what was.
  ...['Name', 'Alarm', 'SMS', 'UTF-8', 'UTF-16', 'Was', 'SHA-256', 'Text, {size}'],
  ...['{state}: {reason}', '{site}: {banks}', '{count} {state}', '{name}: {condition}', '{condition}'],
  ...['{name}, {role}', '{when}: {found}', '{column}: {says}', '{courier}, {carrier}'],
];

test('every part says everything in German, in its own words, with the names and numbers that it takes', () => {
  assert.equal(TABLES.length, 13);
  for (const { base, german } of TABLES) checkTables({ base, translations: { de: german }, shared: SHARED });
});

import { test } from 'node:test';
import { TRANSLATIONS } from './languages.ts';
import { TEXTS } from './messages.ts';
import { checkTables } from './test-tables.ts';

test('every language says everything, in its own words, with the names and numbers that it takes', () =>
  checkTables({ base: TEXTS, translations: TRANSLATIONS, shared: [] }));

/** What every table of a phone app has to be in every language. Checked apart from the apps, which hand in their tables. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANGUAGES, type OtherLanguage } from '../languages.ts';
import type { Text, Texts } from '../words.ts';
import { TRANSLATIONS } from './languages.ts';
import { TEXTS } from './messages.ts';

type Tables = {
  base: Texts;
  translations: Readonly<Partial<Record<OtherLanguage, Texts>>>;
  /** Texts that are the same in two languages on purpose. */
  shared: readonly string[];
};

const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const namesIn = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].sort();

const SCRIPTS: Partial<Record<OtherLanguage, RegExp>> = { zh: /\p{Script=Han}/u, ar: /\p{Script=Arabic}/u };
/** A sentence that is half translated shows by its little words. */
const ENGLISH = /\b(the|your|and|this|with|please|door|parcel)\b/i;

export function checkTables({ base, translations, shared }: Tables): void {
  const english = new Set(Object.values(base).flatMap(formsOf));
  for (const [language, table] of Object.entries(translations) as [OtherLanguage, Texts][]) {
    assert.deepEqual(Object.keys(table), Object.keys(base), `${language} has other keys, or another order`);
    for (const [key, text] of Object.entries(table)) {
      const at = `${language} ${key}`;
      checkForms(at, language, { text, original: base[key] as Text });
      for (const form of formsOf(text)) {
        if (shared.includes(form)) continue;
        assert.ok(!english.has(form), `${at}: “${form}” is English`);
        // The name of a value is the program's word, and nobody reads it.
        assert.doesNotMatch(form.replaceAll(/\{\w+\}/g, ''), ENGLISH, at);
        const script = SCRIPTS[language];
        if (script) assert.match(form, script, at);
        assert.doesNotMatch(form, /[٠-٩۰-۹]/, `${at}: digits are 0 to 9, as on the doors`);
        assert.doesNotMatch(form, /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u, `${at}: values are isolated`);
        // French typography: what stands before a colon does not break from it.
        if (language === 'fr') assert.doesNotMatch(form, /[^\u00a0][:;?!»]|«[^\u00a0]/u, at);
      }
    }
  }
}

type Compared = { text: Text; original: Text };

/** Each form has the names of the original; a plural has every form that occurs from 0 to 120. */
function checkForms(at: string, language: OtherLanguage, { text, original }: Compared): void {
  const wanted = [...new Set(formsOf(original).flatMap(namesIn))].sort();
  if (typeof text === 'string') {
    assert.deepEqual(namesIn(text), wanted, at);
    return;
  }
  const rules = new Intl.PluralRules(LANGUAGES[language].locale);
  const counts = Map.groupBy(
    Array.from({ length: 121 }, (_, n) => n),
    (n) => rules.select(n),
  );
  for (const form of counts.keys()) assert.ok(form in text, `${at} has no form “${form}”`);
  for (const [form, said] of Object.entries(text)) {
    const isForm = (rules.resolvedOptions().pluralCategories as string[]).includes(form);
    assert.ok(isForm, `${at}: “${form}” is no form here`);
    // A form that stands for one number may say that number as a word.
    const isOneNumber = counts.get(form as Intl.LDMLPluralRule)?.length === 1;
    const free = isOneNumber ? wanted.filter((name) => name !== 'count' || said.includes('{count}')) : wanted;
    assert.deepEqual(namesIn(said), free, `${at} ${form}`);
  }
}

test('what both apps say, every language says', () =>
  checkTables({ base: TEXTS, translations: TRANSLATIONS, shared: [] }));

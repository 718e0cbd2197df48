import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { BASE, LANGUAGE_CODES, LANGUAGES, type Language, type OtherLanguage } from '../kit/languages.ts';
import { TEXTS } from '../kit/messages.ts';
import { speak, type Text, type Texts } from '../kit/words.ts';
import { languageOfAddress, learnLanguages, TRANSLATIONS } from './languages.ts';
import { SCREENS } from './messages.ts';
import { CLOSED, REMARKS, SAID, saidFor, saidForClosed, saidForTrouble } from './said.ts';
import { SENTENCES } from './said-messages.ts';

const BASES = { kit: TEXTS, screens: SCREENS, sentences: SENTENCES } as const satisfies Record<string, Texts>;
type Table = keyof typeof BASES;
const TABLES = Object.keys(BASES) as Table[];
const OTHERS = LANGUAGE_CODES.filter((code): code is OtherLanguage => code !== BASE);

learnLanguages();
after(() => speak(BASE));

function tableOf(language: Language, table: Table): Texts {
  return language === BASE ? BASES[table] : TRANSLATIONS[language as OtherLanguage][table];
}

const formsOf = (text: Text): string[] => (typeof text === 'string' ? [text] : Object.values(text));
const namesIn = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name))].sort();

/** Every text of every table in a language, with where it stands. */
function* textsOf(language: Language): Generator<{ at: string; table: Table; key: string; text: Text }> {
  for (const table of TABLES)
    for (const [key, text] of Object.entries(tableOf(language, table)))
      yield { at: `${language} ${table} ${key}`, table, key, text };
}

test('each table has the keys of its English one, in its order', () => {
  for (const language of OTHERS)
    for (const table of TABLES)
      assert.deepEqual(
        Object.keys(tableOf(language, table)),
        Object.keys(BASES[table]),
        `${language} ${table}`,
      );
});

test('each text uses the names of its English one, in each of its forms', () => {
  for (const language of OTHERS)
    for (const { at, table, key, text } of textsOf(language)) {
      const english = (BASES[table] as Texts)[key] as Text;
      const wanted = [...new Set(formsOf(english).flatMap(namesIn))].sort();
      const uncounted = wanted.filter((name) => name !== 'count');
      const exact = typeof text === 'string' ? null : new Intl.PluralRules(LANGUAGES[language].locale);
      for (const [form, said] of typeof text === 'string' ? [['other', text]] : Object.entries(text)) {
        const names = namesIn(said ?? '');
        // A form that stands for one number may say that number as a word.
        const isOneNumber = exact !== null && numbersOf(exact, form ?? '').length === 1;
        const isWhole = names.join() === wanted.join();
        assert.ok(isWhole || (isOneNumber && names.join() === uncounted.join()), `${at} ${form}: ${said}`);
      }
    }
});

/** The counts from 0 to 120 that take this form. */
function numbersOf(rules: Intl.PluralRules, form: string): number[] {
  return Array.from({ length: 121 }, (_, n) => n).filter((n) => rules.select(n) === form);
}

test('each plural has every form that occurs from 0 to 120, and none that the language lacks', () => {
  let seen = 0;
  for (const language of LANGUAGE_CODES) {
    const rules = new Intl.PluralRules(LANGUAGES[language].locale);
    const known = new Set<string>(rules.resolvedOptions().pluralCategories);
    const occurring = [...known].filter((form) => numbersOf(rules, form).length > 0);
    for (const { at, text } of textsOf(language)) {
      if (typeof text === 'string') continue;
      seen += 1;
      for (const form of occurring) assert.ok(form in text, `${at} has no form “${form}”`);
      for (const form of Object.keys(text)) assert.ok(known.has(form), `${at}: “${form}” is no form here`);
    }
  }
  assert.ok(seen > 20);
});

/** The same in two languages on purpose: names of companies, one word that languages share, and a code. */
const SHARED: ReadonlySet<string> = new Set([
  ...['UPS', 'FedEx', 'USPS', 'Amazon', 'DHL', 'Code', 'Badge', 'postal'],
]);

test('no English was left in a table by accident', () => {
  const english = new Set([...textsOf(BASE)].flatMap(({ text }) => formsOf(text)));
  const shared = new Set<string>();
  for (const language of OTHERS)
    for (const { at, text } of textsOf(language))
      for (const form of formsOf(text)) {
        if (SHARED.has(form)) shared.add(form);
        else assert.ok(!english.has(form), `${at}: “${form}” is English`);
        // A sentence that is half translated shows by its little words.
        assert.doesNotMatch(form, /\b(the|your|and|this|with|please|door|parcel)\b/i, at);
      }
  assert.ok(shared.size > 4, 'the search finds what is the same');
});

const SCRIPTS: Partial<Record<Language, RegExp>> = { zh: /\p{Script=Han}/u, ar: /\p{Script=Arabic}/u };

test('where the script is another one, every text is in it', () => {
  for (const language of ['zh', 'ar'] as const)
    for (const { at, text } of textsOf(language))
      for (const form of formsOf(text)) {
        if (!SHARED.has(form)) assert.match(form, SCRIPTS[language] as RegExp, at);
        assert.doesNotMatch(form, /[٠-٩۰-۹]/, `${at}: digits are 0 to 9, as on the doors`);
        assert.doesNotMatch(form, /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u, `${at}: values are isolated`);
      }
});

test('everything that can be told is short, ends as a sentence, and names nothing undefined', () => {
  for (const language of LANGUAGE_CODES) {
    speak(language);
    const all = [
      ...[...Object.keys(SAID), ...Object.keys(REMARKS)].map((code) => [code, saidFor(code)] as const),
      ...Object.keys(CLOSED).map((reason) => [`closed ${reason}`, saidForClosed(reason)] as const),
      ...[0, 400].map((status) => [`trouble ${status}`, saidForTrouble(status)] as const),
    ];
    for (const [code, { title, next }] of all) {
      const at = `${language} ${code}`;
      assert.ok(title.length >= 3 && title.length <= 60, `${at}: ${title.length}`);
      assert.doesNotMatch(title, /[.:!。：！]$/u, at);
      assert.match(next, /[.。]$/u, at);
      assert.ok(next.length <= 150, `${at}: nobody reads ${next.length} letters at a kiosk`);
    }
  }
});

/** “Press “Cancel””: the quotes of all six languages. */
const QUOTED = /[“„«]\u00a0?([^“”„«»]+?)\u00a0?[“”»]/gu;

test('a button that a sentence names is one that the screens of this language have', () => {
  for (const language of LANGUAGE_CODES) {
    const labels = Object.values(tableOf(language, 'screens'))
      .flatMap(formsOf)
      .map((label) => label.replaceAll(/\{\w+\}/g, '…'));
    let named = 0;
    for (const text of Object.values(tableOf(language, 'sentences')).flatMap(formsOf))
      for (const [, label = ''] of text.matchAll(QUOTED)) {
        named += 1;
        assert.ok(labels.includes(label), `${language}: no button “${label}”`);
      }
    assert.ok(named >= 12, `${language}: ${named}`);
  }
});

test('a cabinet begins in the language of its address, and in English where that names none', () => {
  assert.equal(languageOfAddress('?language=ar'), 'ar');
  for (const search of ['', '?language=', '?language=xx', '?language=toString', '?ar'])
    assert.equal(languageOfAddress(search), BASE);
});

test('each language knows itself: its name is in its own script, and the browser knows its rules', () => {
  for (const language of LANGUAGE_CODES) {
    const { name, tag, locale, dir } = LANGUAGES[language];
    const [supported] = Intl.PluralRules.supportedLocalesOf([locale]);
    assert.ok(supported, locale);
    assert.equal(new Intl.Locale(locale).language, new Intl.Locale(tag).language);
    const own = new Intl.DisplayNames([locale], { type: 'language' }).of(tag) ?? '';
    assert.equal(own.toLowerCase(), name.toLowerCase());
    assert.equal(dir, /\p{Script=Arabic}|\p{Script=Hebrew}/u.test(name) ? 'rtl' : 'ltr');
    assert.equal(new Intl.NumberFormat(locale).format(7), '7', 'western digits');
  }
});

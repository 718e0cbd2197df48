import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { BASE } from '../languages.ts';
import { language, speak } from '../words.ts';
import { languageOf, phoneLanguageOf } from './language.ts';

afterEach(() => speak(BASE));

test('the first language of the browser that is ours is spoken, and English where none is', () => {
  assert.equal(languageOf(['de-AT', 'en']), 'de');
  assert.equal(languageOf(['pl', 'ar-EG', 'en']), 'ar');
  assert.equal(languageOf(['zh-TW']), 'zh');
  assert.equal(languageOf(['EN-us']), 'en');
  for (const none of [[], [''], ['pl'], ['toString']]) assert.equal(languageOf(none), BASE);
});

function fakePage(languages: string[], stored = new Map<string, string>()) {
  const localStorage = {
    getItem: (name: string) => stored.get(name) ?? null,
    setItem: (name: string, value: string) => void stored.set(name, value),
    removeItem: (name: string) => void stored.delete(name),
  };
  return { stored, page: { localStorage, navigator: { languages } } as unknown as Window };
}

test('a choice holds on this phone until it is forgotten, apart for each app', () => {
  const { stored, page } = fakePage(['fr']);
  const resident = phoneLanguageOf('resident', { page });
  resident.begin();
  assert.equal(language(), 'fr');
  resident.choose('ar');
  assert.equal(language(), 'ar');
  phoneLanguageOf('courier', { page }).begin();
  assert.equal(language(), 'fr');
  resident.begin();
  assert.equal(language(), 'ar');
  resident.forget();
  assert.equal(stored.size, 0);
  resident.begin();
  assert.equal(language(), 'fr');
});

test('what was stored by somebody else is no language, and without a store the browser’s is spoken', () => {
  const { page } = fakePage(['es'], new Map([['holdfast/resident/language', '__proto__']]));
  phoneLanguageOf('resident', { page }).begin();
  assert.equal(language(), 'es');
  const shut = {
    navigator: { languages: ['de'] },
    get localStorage(): never {
      throw new Error('shut');
    },
  } as unknown as Window;
  const phone = phoneLanguageOf('resident', { page: shut });
  phone.begin();
  phone.choose('zh');
  phone.forget();
  assert.equal(language(), 'zh');
});

test('an app that speaks fewer begins in the first of those, whatever was chosen before', () => {
  const { page } = fakePage(['fr', 'de-CH', 'en'], new Map([['holdfast/admin/language', 'ar']]));
  const admin = phoneLanguageOf('admin', { page, spoken: ['en', 'de'] });
  admin.begin();
  assert.equal(language(), 'de');
  admin.choose('en');
  admin.begin();
  assert.equal(language(), 'en');
  assert.equal(languageOf(['fr'], ['en', 'de']), BASE);
});

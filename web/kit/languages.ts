/**
 * The languages, by their own names, in the order in which they are offered. English is what the others are
 * checked against; a row more is a compile error wherever its texts are missing (docs/reference/languages.md).
 */
export const LANGUAGES = {
  en: { name: 'English', tag: 'en', locale: 'en-GB', dir: 'ltr' },
  es: { name: 'Español', tag: 'es', locale: 'es', dir: 'ltr' },
  fr: { name: 'Français', tag: 'fr', locale: 'fr', dir: 'ltr' },
  de: { name: 'Deutsch', tag: 'de', locale: 'de', dir: 'ltr' },
  zh: { name: '简体中文', tag: 'zh-Hans', locale: 'zh-Hans-CN', dir: 'ltr' },
  // Western digits: doors, keys and messages carry no others (Unicode Technical Standard 35, part 1, section 3, key "nu").
  ar: { name: 'العربية', tag: 'ar', locale: 'ar-u-nu-latn', dir: 'rtl' },
} as const;

export type Language = keyof typeof LANGUAGES;
/** The language of the tables that the others are held to. */
export const BASE = 'en' satisfies Language;
export type OtherLanguage = Exclude<Language, typeof BASE>;

export const LANGUAGE_CODES = Object.keys(LANGUAGES) as readonly Language[];

export function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

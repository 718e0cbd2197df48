/**
 * Texts stand in typed tables, one `messages.ts` an app; components hold none (tidy looks). A text's `{names}`
 * are read by the type checker, so that a missing value is an error before anyone sees it.
 *
 * The table is English. A translation has the same keys, and each of its texts the same names; both are held
 * by the type checker. An app that speaks more than English calls `learn` with one table a language.
 */
import { BASE, LANGUAGES, type Language, type OtherLanguage } from './languages.ts';

/** The forms that a language has (Unicode CLDR, plural rules); `other` serves where one is missing. */
export type Plural = { readonly [C in Exclude<Intl.LDMLPluralRule, 'other'>]?: string } & {
  readonly other: string;
};
export type Text = string | Plural;
export type Texts = Readonly<Record<string, Text>>;

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<T> = T extends string ? Names<T> : Names<Extract<T[keyof T], string>> | 'count';
type Values = Readonly<Record<string, string | number>>;
type Args<T extends Text> = [NamesOf<T>] extends [never]
  ? []
  : [values: Readonly<Record<NamesOf<T>, string | number>>];

/** The same keys with texts of another language. */
export type Translation<T extends Texts> = { readonly [Key in keyof T]: Text };

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
/** What stands in an error: the text that has other names than its original, with those that it needs. */
type Held<T extends Texts, Other> = {
  readonly [Key in keyof Other]: Key extends keyof T
    ? Same<NamesOf<T[Key]>, NamesOf<Other[Key]>> extends true
      ? Other[Key]
      : { needs: NamesOf<T[Key]> }
    : { needs: never };
};

/** Makes the function that takes a translation of `T`: `const german = translationOf<typeof TABLE>()({ … })`. */
export function translationOf<T extends Texts>() {
  return <const Other extends Translation<T>>(table: Other & Held<T, Other>): Translation<T> => table;
}

export type Translate<T extends Texts> = {
  <Key extends keyof T & string>(key: Key, ...args: Args<T[Key]>): string;
  /** From now on these languages are spoken, too. */
  learn(tables: Readonly<Partial<Record<OtherLanguage, Translation<T>>>>): void;
};

let spoken: Language = BASE;
const listeners = new Set<() => void>();

export function language(): Language {
  return spoken;
}

/** By which numbers, names of countries and orders of words are written now. */
export function locale(): string {
  return LANGUAGES[spoken].locale;
}

/** One person stands at a screen, so one language is spoken on the whole page. */
export function speak(next: Language): void {
  if (next === spoken) return;
  spoken = next;
  for (const tell of listeners) tell();
}

/** Calls `tell` after each change; answers how to stop that. */
export function onSpeak(tell: () => void): () => void {
  listeners.add(tell);
  return () => listeners.delete(tell);
}

export function translator<const T extends Texts>(table: T): Translate<T> {
  let others: Readonly<Partial<Record<Language, Translation<T>>>> = {};
  const t = <Key extends keyof T & string>(key: Key, ...args: Args<T[Key]>): string =>
    filled(others[spoken]?.[key] ?? table[key] ?? key, args[0] as Values | undefined);
  const learn = (tables: Readonly<Partial<Record<OtherLanguage, Translation<T>>>>): void => {
    others = tables;
  };
  return Object.assign(t, { learn });
}

/** A text with its `{names}` replaced; a plural is chosen by `count`, by the rules of the spoken language. */
function filled(text: Text, values: Values = {}): string {
  const chosen = typeof text === 'string' ? text : pluralOf(text, Number(values.count ?? 0));
  return chosen.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : apart(String(value));
  });
}

const plurals: Partial<Record<Language, Intl.PluralRules>> = {};

function pluralOf(text: Plural, count: number): string {
  const rules = plurals[spoken] ?? new Intl.PluralRules(LANGUAGES[spoken].locale);
  plurals[spoken] = rules;
  return text[rules.select(count)] ?? text.other;
}

/** FIRST STRONG ISOLATE and POP DIRECTIONAL ISOLATE (Unicode Standard Annex 9, section 2.4). */
const [ISOLATE, POP] = ['\u2068', '\u2069'];
const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}]/u;

/**
 * A number from a label must not turn round in Arabic, nor an Arabic name turn what stands beside it: a value
 * has a direction of its own wherever the two meet. Digits stay as they are: every language here reads 0 to 9.
 */
function apart(value: string): string {
  const meets = LANGUAGES[spoken].dir === 'rtl' || RIGHT_TO_LEFT.test(value);
  return meets ? `${ISOLATE}${value}${POP}` : value;
}

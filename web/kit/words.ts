/**
 * Texts stand in typed tables, one `messages.ts` an app; components hold none. A text's `{names}` are
 * read by the type checker, so that a missing value is an error before anyone sees it.
 */
export type Plural = { readonly one: string; readonly other: string };
export type Text = string | Plural;
export type Texts = Readonly<Record<string, Text>>;

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type NamesOf<T extends Text> = T extends string
  ? Names<T>
  : T extends Plural
    ? Names<T['one'] | T['other']> | 'count'
    : never;
type Values = Readonly<Record<string, string | number>>;
type Args<T extends Text> = [NamesOf<T>] extends [never]
  ? []
  : [values: Readonly<Record<NamesOf<T>, string | number>>];

export type Translate<T extends Texts> = <Key extends keyof T & string>(
  key: Key,
  ...args: Args<T[Key]>
) => string;

/** The language of the tables; other languages are further tables with the same keys. */
export const LANGUAGE = 'en';
const plurals = new Intl.PluralRules(LANGUAGE);

export function translator<const T extends Texts>(table: T): Translate<T> {
  return (key, ...args) => filled(table[key] ?? key, args[0] as Values | undefined);
}

/** A text with its `{names}` replaced; a plural is chosen by `count`. */
export function filled(text: Text, values: Values = {}): string {
  const chosen = typeof text === 'string' ? text : pluralOf(text, Number(values.count ?? 0));
  return chosen.replaceAll(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

function pluralOf(text: Plural, count: number): string {
  return plurals.select(count) === 'one' ? text.one : text.other;
}

/**
 * The language of an app: the one that was chosen in this browser, or the first of the browser's that is ours. A
 * choice is not sent. On a phone it goes with the sign-out like everything else that is kept; at a desk it stays, as
 * everybody there reads the same.
 */
import { BASE, isLanguage, LANGUAGE_CODES, LANGUAGES, type Language } from '../languages.ts';
import { speak } from '../words.ts';

/** Which languages an app speaks; all of them, unless it says less. */
type App = { spoken?: readonly Language[]; page?: Window };

/** By language alone: "de-AT" is German, and Chinese in whatever script is better than English. */
export function languageOf(
  wanted: readonly string[],
  spoken: readonly Language[] = LANGUAGE_CODES,
): Language {
  for (const tag of wanted) {
    const [language = ''] = tag.toLowerCase().split('-', 1);
    const ours = spoken.find((code) => LANGUAGES[code].tag.split('-', 1)[0] === language);
    if (ours) return ours;
  }
  return BASE;
}

export type PhoneLanguage = { begin(): void; choose(language: Language): void; forget(): void };

export function phoneLanguageOf(
  app: string,
  { spoken = LANGUAGE_CODES, page = window }: App = {},
): PhoneLanguage {
  const name = `holdfast/${app}/language`;
  // A browser that keeps nothing still speaks.
  const tried = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch {
      return undefined;
    }
  };
  return {
    begin() {
      const chosen = tried(() => page.localStorage.getItem(name)) ?? '';
      const isOurs = isLanguage(chosen) && spoken.includes(chosen);
      speak(isOurs ? chosen : languageOf(page.navigator.languages, spoken));
    },
    choose(language) {
      tried(() => page.localStorage.setItem(name, language));
      speak(language);
    },
    forget() {
      tried(() => page.localStorage.removeItem(name));
    },
  };
}

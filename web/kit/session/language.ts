/**
 * The language of a phone app: the one that was chosen on this phone, or the first of the browser's that is ours. A
 * choice is the phone's: it is not sent, and it goes with the sign-out like everything else that is kept.
 */
import { BASE, isLanguage, LANGUAGE_CODES, LANGUAGES, type Language } from '../languages.ts';
import { speak } from '../words.ts';

/** By language alone: "de-AT" is German, and Chinese in whatever script is better than English. */
export function languageOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const [language = ''] = tag.toLowerCase().split('-', 1);
    const ours = LANGUAGE_CODES.find((code) => LANGUAGES[code].tag.split('-', 1)[0] === language);
    if (ours) return ours;
  }
  return BASE;
}

export type PhoneLanguage = { begin(): void; choose(language: Language): void; forget(): void };

export function phoneLanguageOf(app: string, page: Window = window): PhoneLanguage {
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
      speak(isLanguage(chosen) ? chosen : languageOf(page.navigator.languages));
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

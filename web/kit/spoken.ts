/** The spoken language as the page has it: its root is drawn anew with each change, and all below it. */
import { useLayoutEffect, useSyncExternalStore } from 'react';
import { LANGUAGES, type Language } from './languages.ts';
import { language, onSpeak } from './words.ts';

/** For the root of an app, once: what is below it calls its `t` as ever. Marks the document for others. */
export function useSpokenLanguage(title: () => string): Language {
  const spoken = useSyncExternalStore(onSpeak, language);
  useLayoutEffect(() => {
    const { tag, dir } = LANGUAGES[spoken];
    document.documentElement.lang = tag;
    document.documentElement.dir = dir;
    document.title = title();
  }, [spoken, title]);
  return spoken;
}

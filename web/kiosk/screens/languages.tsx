/**
 * The languages, each by its own name, before anything else: who cannot read the screen sees where to begin. Each
 * keeps its place whatever is spoken, so that a wrong tap is mended by another.
 */
import type { MouseEvent } from 'react';
import { LANGUAGE_CODES, LANGUAGES } from '../../kit/languages.ts';
import { language, speak } from '../../kit/words.ts';
import { t } from '../messages.ts';

/** The focus stays where it was, as with every key of the screen. */
const keepFocus = (event: MouseEvent): void => event.preventDefault();

export function LanguageChoice() {
  return (
    <fieldset className="languages" aria-label={t('languages')} dir="ltr">
      {LANGUAGE_CODES.map((code) => {
        const { name, tag, dir } = LANGUAGES[code];
        return (
          <button
            key={code}
            type="button"
            className="language"
            lang={tag}
            dir={dir}
            aria-pressed={code === language()}
            onMouseDown={keepFocus}
            onClick={() => speak(code)}
          >
            {name}
          </button>
        );
      })}
    </fieldset>
  );
}

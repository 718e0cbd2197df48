/** The languages, each by its own name and always in the same place, so that a wrong tap is mended by another. */
import { LANGUAGE_CODES, LANGUAGES, type Language } from '../languages.ts';
import { language } from '../words.ts';
import type { PhoneLanguage } from './language.ts';
import { t } from './messages.ts';

type LanguageChoiceProps = { phone: PhoneLanguage; spoken?: readonly Language[] };

export function LanguageChoice({ phone, spoken = LANGUAGE_CODES }: LanguageChoiceProps) {
  return (
    <fieldset className="p-languages" aria-label={t('languages')} dir="ltr">
      {spoken.map((code) => {
        const { name, tag, dir } = LANGUAGES[code];
        return (
          <button
            key={code}
            type="button"
            lang={tag}
            dir={dir}
            aria-pressed={code === language()}
            onClick={() => phone.choose(code)}
          >
            {name}
          </button>
        );
      })}
    </fieldset>
  );
}

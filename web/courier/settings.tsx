/** Which language this phone speaks. */
import { LanguageChoice } from '../kit/session/language-choice.tsx';
import { t } from './messages.ts';
import { language } from './session.ts';

export function Settings() {
  return (
    <>
      <LanguageChoice phone={language} />
      <p className="k-muted">{t('language.text')}</p>
    </>
  );
}

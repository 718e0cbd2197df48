/** What the phone apps say alike, in the other languages; each app adds its own tables. */
import type { OtherLanguage } from '../languages.ts';
import { t as kit } from '../messages.ts';
import { arabic as kitArabic } from '../words/ar.ts';
import { german as kitGerman } from '../words/de.ts';
import { spanish as kitSpanish } from '../words/es.ts';
import { french as kitFrench } from '../words/fr.ts';
import { chinese as kitChinese } from '../words/zh.ts';
import { t } from './messages.ts';
import { arabic } from './words/ar.ts';
import { german } from './words/de.ts';
import { spanish } from './words/es.ts';
import { french } from './words/fr.ts';
import { chinese } from './words/zh.ts';

export const TRANSLATIONS = {
  es: spanish,
  fr: french,
  de: german,
  zh: chinese,
  ar: arabic,
} as const satisfies Record<OtherLanguage, object>;

export function learnSession(): void {
  kit.learn({ es: kitSpanish, fr: kitFrench, de: kitGerman, zh: kitChinese, ar: kitArabic });
  t.learn(TRANSLATIONS);
}

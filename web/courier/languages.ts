/** The languages that the courier app speaks. All of them are in the bundle: a choice answers without a network, too. */
import type { OtherLanguage } from '../kit/languages.ts';
import { learnSession } from '../kit/session/languages.ts';
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

export function learnLanguages(): void {
  learnSession();
  t.learn(TRANSLATIONS);
}

/**
 * The languages that the kiosk speaks, and which one it begins in. A choice is for one person: it lives in the
 * page, goes with the page when the person leaves, and is a trace of them like any other.
 */
import { BASE, isLanguage, type Language, type OtherLanguage } from '../kit/languages.ts';
import { t as kit } from '../kit/messages.ts';
import { arabic as kitArabic } from '../kit/words/ar.ts';
import { german as kitGerman } from '../kit/words/de.ts';
import { spanish as kitSpanish } from '../kit/words/es.ts';
import { french as kitFrench } from '../kit/words/fr.ts';
import { chinese as kitChinese } from '../kit/words/zh.ts';
import { language, speak } from '../kit/words.ts';
import { t as screens } from './messages.ts';
import { t as sentences } from './said-messages.ts';
import { arabic } from './words/ar.ts';
import { german } from './words/de.ts';
import { spanish } from './words/es.ts';
import { french } from './words/fr.ts';
import { arabicSentences } from './words/said-ar.ts';
import { germanSentences } from './words/said-de.ts';
import { spanishSentences } from './words/said-es.ts';
import { frenchSentences } from './words/said-fr.ts';
import { chineseSentences } from './words/said-zh.ts';
import { chinese } from './words/zh.ts';

export const TRANSLATIONS = {
  es: { kit: kitSpanish, screens: spanish, sentences: spanishSentences },
  fr: { kit: kitFrench, screens: french, sentences: frenchSentences },
  de: { kit: kitGerman, screens: german, sentences: germanSentences },
  zh: { kit: kitChinese, screens: chinese, sentences: chineseSentences },
  ar: { kit: kitArabic, screens: arabic, sentences: arabicSentences },
} as const satisfies Record<OtherLanguage, object>;

/** All of them are in the bundle: a choice answers at once, and with the cabinet's agent away, too. */
export function learnLanguages(): void {
  const { es, fr, de, zh, ar } = TRANSLATIONS;
  kit.learn({ es: es.kit, fr: fr.kit, de: de.kit, zh: zh.kit, ar: ar.kit });
  screens.learn({ es: es.screens, fr: fr.screens, de: de.screens, zh: zh.screens, ar: ar.screens });
  sentences.learn({
    ...{ es: es.sentences, fr: fr.sentences, de: de.sentences },
    ...{ zh: zh.sentences, ar: ar.sentences },
  });
}

/** The cabinet's own: whoever sets up its browser writes it into the address (docs/reference/languages.md). */
export function languageOfAddress(search: string): Language {
  const asked = new URLSearchParams(search).get('language') ?? '';
  return isLanguage(asked) ? asked : BASE;
}

/**
 * The last words to a person (“Thank you”) are drawn by a new page, so their language is handed to it. A name
 * of the window outlives the page and nothing else; the new page takes it away at once. Stores are shut by the
 * policy of the kiosk's browser, and the address belongs to the cabinet.
 */
export function handOver(): void {
  window.name = language() === languageOfAddress(location.search) ? '' : language();
}

/** Speaks; answers whether the language is a person's, handed over by the page before. */
export function beginToSpeak(): boolean {
  learnLanguages();
  const handed = window.name;
  window.name = '';
  const isHanded = isLanguage(handed);
  speak(isHanded ? handed : languageOfAddress(location.search));
  return isHanded;
}

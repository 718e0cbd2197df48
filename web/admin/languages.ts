/** The languages that the admin app speaks. Both are in the bundle: a choice answers at once. */
import type { Language } from '../kit/languages.ts';
import { t as kit } from '../kit/messages.ts';
import { t as session } from '../kit/session/messages.ts';
import { sayRefusals } from '../kit/session/refusal.ts';
import { german as sessionGerman } from '../kit/session/words/de.ts';
import { german as kitGerman } from '../kit/words/de.ts';
import { t as alarms, TEXTS as alarmTexts } from './alarms/messages.ts';
import { t as evidence, TEXTS as evidenceTexts } from './evidence/messages.ts';
import { t as exported, TEXTS as exportTexts } from './exports/messages.ts';
import { t as journal, TEXTS as journalTexts } from './journal/messages.ts';
import { t as app, TEXTS as appTexts } from './messages.ts';
import { t as overview, TEXTS as overviewTexts } from './overview/messages.ts';
import { TEXTS as importTexts, t as peopleImport } from './people-import/messages.ts';
import { t as privacy, TEXTS as privacyTexts } from './privacy/messages.ts';
import { t as retention, TEXTS as retentionTexts } from './privacy/retention-messages.ts';
import { t as reconciliation, TEXTS as reconciliationTexts } from './reconciliation/messages.ts';
import { refusalOf, t as refusals, TEXTS as refusalTexts } from './refusals.ts';
import { t as suspensions, TEXTS as suspensionTexts } from './suspensions/messages.ts';
import { t as usage, TEXTS as usageTexts } from './usage/messages.ts';
import { german as alarmsGerman } from './words/alarms-de.ts';
import { german as appGerman } from './words/de.ts';
import { german as evidenceGerman } from './words/evidence-de.ts';
import { german as exportsGerman } from './words/exports-de.ts';
import { german as journalGerman } from './words/journal-de.ts';
import { german as overviewGerman } from './words/overview-de.ts';
import { german as importGerman } from './words/people-import-de.ts';
import { german as privacyGerman } from './words/privacy-de.ts';
import { german as reconciliationGerman } from './words/reconciliation-de.ts';
import { german as refusalsGerman } from './words/refusals-de.ts';
import { german as retentionGerman } from './words/retention-de.ts';
import { german as suspensionsGerman } from './words/suspensions-de.ts';
import { german as usageGerman } from './words/usage-de.ts';

export const SPOKEN = ['en', 'de'] as const satisfies readonly Language[];

/** Each table of texts with its German, for the tests that hold them together. */
export const TABLES = [
  { base: appTexts, german: appGerman },
  { base: alarmTexts, german: alarmsGerman },
  { base: evidenceTexts, german: evidenceGerman },
  { base: exportTexts, german: exportsGerman },
  { base: journalTexts, german: journalGerman },
  { base: overviewTexts, german: overviewGerman },
  { base: importTexts, german: importGerman },
  { base: privacyTexts, german: privacyGerman },
  { base: refusalTexts, german: refusalsGerman },
  { base: retentionTexts, german: retentionGerman },
  { base: reconciliationTexts, german: reconciliationGerman },
  { base: suspensionTexts, german: suspensionsGerman },
  { base: usageTexts, german: usageGerman },
] as const;

export function learnLanguages(): void {
  kit.learn({ de: kitGerman });
  session.learn({ de: sessionGerman });
  app.learn({ de: appGerman });
  alarms.learn({ de: alarmsGerman });
  evidence.learn({ de: evidenceGerman });
  exported.learn({ de: exportsGerman });
  journal.learn({ de: journalGerman });
  overview.learn({ de: overviewGerman });
  peopleImport.learn({ de: importGerman });
  privacy.learn({ de: privacyGerman });
  refusals.learn({ de: refusalsGerman });
  retention.learn({ de: retentionGerman });
  reconciliation.learn({ de: reconciliationGerman });
  suspensions.learn({ de: suspensionsGerman });
  usage.learn({ de: usageGerman });
  sayRefusals(refusalOf);
}

/**
 * Why the cloud refused something, in the language that is spoken. Its codes are a closed list, and the tables here go
 * by it: a new code does not compile before it has a sentence in each language. What exactly was wrong the cloud says in
 * English (a hold in the past, a certificate that is unfit): it stands beneath, because whoever asked can mend it.
 */
import { ERRORS, type ErrorCode } from '../../src/domain/errors.ts';
import type { ApiProblem } from '../kit/api.ts';
import { BASE } from '../kit/languages.ts';
import { t as kit } from '../kit/session/messages.ts';
import type { Refusal } from '../kit/session/refusal.ts';
import { language, translationOf, translator } from '../kit/words.ts';

type Titles = { readonly [Code in ErrorCode]: (typeof ERRORS)[Code]['title'] };

const TITLES = Object.fromEntries(
  Object.entries(ERRORS).map(([code, { title }]) => [code, title]),
) as unknown as Titles;

export const TEXTS = {
  ...TITLES,
  'sign-in-denied': 'Check the address, the password and the code, or wait for the next code.',
} as const;

export const t = translator(TEXTS);
/** For the tables of other languages, under `web/admin/words`. */
export const inOtherWords = translationOf<typeof TEXTS>();

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

export function refusalOf({ code, message }: ApiProblem): Refusal {
  // It stands for what was no answer of ours, and is said by the page.
  if (code === 'unreadable') return { says: message, detail: null };
  // Whatever was wrong at a sign-in, its sentence tells no more than this one.
  if (code === 'sign-in-denied') return { says: t(code), detail: null };
  if (language() === BASE) return { says: message, detail: null };
  if (!isCode(code)) return { says: kit('no.other'), detail: message };
  return { says: t(code), detail: message === ERRORS[code].title ? null : message };
}

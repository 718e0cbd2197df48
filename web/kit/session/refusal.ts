/** Why a server did not do what it was asked, in the words of the app that shows it. */
import { ApiProblem } from '../api.ts';
import { BASE } from '../languages.ts';
import { language } from '../words.ts';
import { t } from './messages.ts';

export type Refusal = {
  says: string;
  /** The server's own sentence, in English, where it says more. */
  detail: string | null;
};

/** On a phone nobody can mend what a server's English sentence is about: one of the app's own stands for it. */
function asPhonesSay(problem: ApiProblem): Refusal {
  if (language() === BASE) return { says: problem.message, detail: null };
  switch (problem.code) {
    case 'sign-in-denied':
    case 'rate-limited':
    case 'unavailable':
      return { says: t(`no.${problem.code}`), detail: null };
    default:
      return { says: t('no.other'), detail: null };
  }
}

let inWords = asPhonesSay;

/** For an app that has more to say of it than the phones do. */
export function sayRefusals(words: (problem: ApiProblem) => Refusal): void {
  inWords = words;
}

/** Where no answer came, the page itself is what speaks. */
export function refusalOf(problem: Error): Refusal {
  const isAnswer = problem instanceof ApiProblem && problem.status !== 0;
  return isAnswer ? inWords(problem) : { says: problem.message, detail: null };
}

/**
 * In whose session this page asks. The cookie is the browser's: another page of it may sign somebody else in while this
 * one stands open. So the page sends the name of its session with what it asks (`docs/reference/http.md`), and takes no
 * answer that was given in another, nor one to a question from before it began anew.
 */
import { ApiProblem, type Asking } from '../api.ts';
import { t } from '../messages.ts';

/** `SESSION_HEADER` of `src/contract/http/common.ts`; a test holds them equal. */
export const NAMED = 'x-holdfast-session';

export type Whose = {
  /** The session's name, once it was told. */
  name(): string | undefined;
  /** What was asked until now is answered to nobody, and the next answer says whose session it is. */
  anew(): void;
  ask(): Asking;
};

export function whoseOf(): Whose {
  let name: string | undefined;
  let begun = 0;
  return {
    name: () => name,
    anew() {
      begun += 1;
      name = undefined;
    },
    ask() {
      const mine = begun;
      return {
        headers: name === undefined ? {} : { [NAMED]: name },
        check(response) {
          if (mine !== begun) throw refusal('abandoned');
          const told = response?.ok ? response.headers.get(NAMED) : null;
          if (told === null) return;
          name ??= told;
          if (name !== told) throw refusal('not-signed-in');
        },
      };
    },
  };
}

/** Who would read it is gone from the page already, or is about to be. */
function refusal(code: 'abandoned' | 'not-signed-in'): ApiProblem {
  return new ApiProblem({ status: 401, code, reason: ANOTHER, detail: t('problem.network'), retry: false });
}

const ANOTHER = 'session-another';

export function isAnother(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === 'not-signed-in' && error.reason === ANOTHER;
}

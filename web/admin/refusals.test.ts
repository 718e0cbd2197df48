import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ERRORS, type ErrorCode } from '../../src/domain/errors.ts';
import { ApiProblem } from '../kit/api.ts';
import { BASE } from '../kit/languages.ts';
import { refusalOf } from '../kit/session/refusal.ts';
import { speak } from '../kit/words.ts';
import { learnLanguages } from './languages.ts';
import { german } from './words/refusals-de.ts';

learnLanguages();
afterEach(() => speak(BASE));

const codes = Object.keys(ERRORS) as ErrorCode[];
const problem = (code: string, detail: string, status = 400) => new ApiProblem({ status, code, detail });

test('each refusal has a German sentence of its own, and beneath it what the cloud says more', () => {
  speak('de');
  const said = new Set(codes.map((code) => refusalOf(problem(code, 'More.')).says));
  assert.equal(said.size, codes.length);
  for (const code of codes) {
    const { says, detail } = refusalOf(problem(code, 'A hold that ends in the past holds nothing.'));
    assert.equal(says, german[code]);
    assert.equal(
      detail,
      code === 'sign-in-denied' ? null : 'A hold that ends in the past holds nothing.',
      code,
    );
    assert.equal(refusalOf(problem(code, ERRORS[code].title)).detail, null, `${code} says its title twice`);
  }
});

test('a refused password is not called a wrong link', () => {
  for (const language of [BASE, 'de'] as const) {
    speak(language);
    const { says } = refusalOf(problem('sign-in-denied', 'whatever', 401));
    assert.match(says, /password|Passwort/);
    assert.doesNotMatch(says, /link/i);
  }
});

test('in English the cloud’s own sentence stands, and a code that this page does not know is told in any language', () => {
  assert.deepEqual(refusalOf(problem('conflict', 'No hold stands.')), {
    says: 'No hold stands.',
    detail: null,
  });
  speak('de');
  assert.deepEqual(refusalOf(problem('newer', 'Newer.')), {
    says: 'Der Server hat das abgelehnt.',
    detail: 'Newer.',
  });
  assert.equal(refusalOf(problem('network', 'Keine Antwort.', 0)).detail, null);
});

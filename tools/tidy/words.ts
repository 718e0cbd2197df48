/**
 * Words. The vocabulary is binding because one word for two things is how a door opens by mistake; and a
 * repository that strangers read says nothing of the place where it was made. The forbidden words are
 * spelled in parts here, so that this file passes its own check.
 */
import { isCode, isTest, lineOf, matches, type Problem, type Source } from './model.ts';

const word = (...parts: string[]): string => parts.join('');

type Forbidden = { pattern: RegExp; advice: string };

const NAMES_OF_TOOLS = [
  word('anth', 'ropic'),
  word('cla', 'ude'),
  word('open', 'ai'),
  word('chat', 'gpt'),
  word('gpt', '-?\\d'),
  word('co', 'pilot'),
  word('gem', 'ini'),
  word('deep', 'seek'),
  word('mist', 'ral'),
  word('lla', 'ma'),
  word('large language', ' model'),
  word('l', 'lm'),
];

/** Anywhere in the repository, prose and data included. */
export const FORBIDDEN_EVERYWHERE: readonly Forbidden[] = [
  {
    pattern: new RegExp(`(?<![a-z0-9])(${NAMES_OF_TOOLS.join('|')})s?(?![a-z0-9])`, 'gi'),
    advice: 'names a vendor or a tool that is no part of the product',
  },
  { pattern: new RegExp(`(?<![\\w.-])${word('/wo', 'rk/')}`, 'g'), advice: 'names a path of one machine' },
  {
    pattern: new RegExp(
      word('registry\\.', '(npmjs|yarnpkg)') + word('|npm', 'js\\.(com|org)|artif', 'actory|verd', 'accio'),
      'gi',
    ),
    advice: 'names a package host; the lockfile and the settings hold none',
  },
];

const LEFT_OVER = new RegExp(`\\b(${word('TO', 'DO')}|${word('FIX', 'ME')}|${word('X', 'XX')})\\b`, 'g');
const TICKET =
  /\b(?:issue|ticket|pull request)\s+#?\d+|(?<!PKCS ?)(?<![\w&])#\d{1,5}\b(?!\s*[;,)]?\s*\/?>)/gi;

/** In names and texts of src and web. The product's own words are in docs/glossary.md. */
const VOCABULARY: readonly Forbidden[] = [
  {
    pattern: /(?<!smart-|smart |parcel )\blockers?\b/gi,
    advice: 'say bank (the cabinet) or compartment (one lockable space)',
  },
  {
    pattern: /\bunlock ?all\b/gi,
    advice: 'there is no such act: every release is one decision about one compartment',
  },
];

/** Switches that would weaken something. A weakness for a test is a sabotage edit, outside src. */
const WEAKENING: readonly RegExp[] = [
  /\binsecure\w*/gi,
  /\bskip ?(verify|verification|auth|authentication|check|checks|tls)\b/gi,
  /\bdisable ?(auth|tls|verification|security|checks?)\b/gi,
  /\bDISABLE_\w+/g,
  /\bunsafe\w*/gi,
  /\bno ?verify\b/gi,
  /\bNODE_TLS_REJECT_UNAUTHORIZED\b/g,
];

export function checkForbiddenWords(path: string, text: string): Problem[] {
  // Hashes are random letters: now and then they spell something.
  const readable = path.endsWith('package-lock.json') ? text.replace(/"integrity": "[^"]*"/g, '') : text;
  return FORBIDDEN_EVERYWHERE.flatMap(({ pattern, advice }) => [
    ...[...path.matchAll(pattern)].map(([found]) => ({
      file: path,
      line: 1,
      rule: 'forbidden-words',
      advice: `"${found}" in the name: ${advice}`,
    })),
    ...[...readable.matchAll(pattern)].map((found) => ({
      file: path,
      line: lineOf(readable, found.index),
      rule: 'forbidden-words',
      advice: `"${found[0]}" ${advice}`,
    })),
  ]);
}

export function checkLeftOvers(path: string, text: string): Problem[] {
  if (!isCode(path) && !/\.(md|css|html|sql)$/.test(path)) return [];
  const advice = 'do it now, or write what is missing where the reader decides (docs)';
  return [...text.matchAll(LEFT_OVER)].map((found) => ({
    file: path,
    line: lineOf(text, found.index),
    rule: 'no-left-overs',
    advice: `"${found[0]}": ${advice}`,
  }));
}

export function checkComments({ tokens, path }: Source): Problem[] {
  return tokens
    .filter(({ kind }) => kind === 'comment')
    .flatMap(({ text, line }) =>
      [...text.matchAll(TICKET)].map((found) => ({
        file: path,
        line: line + lineOf(text, found.index) - 1,
        rule: 'no-tickets',
        advice: `"${found[0]}": write the reason itself; a number says nothing in ten years`,
      })),
    );
}

export function checkVocabulary(source: Source): Problem[] {
  if (!matches(source.path, ['src/', 'web/'])) return [];
  return findInCode(source, VOCABULARY, 'vocabulary');
}

/** Attributes of elements, and properties of the kit's components, that a person reads or hears. */
const SAID_ATTRIBUTES = new Set([
  ...[
    'alt',
    'title',
    'placeholder',
    'aria-label',
    'aria-description',
    'aria-roledescription',
    'aria-valuetext',
  ],
  ...['label', 'hint', 'error', 'lead', 'text', 'caption', 'empty', 'said'],
]);

/** Components hold no text: what stands in one of them is said in English, whatever language is spoken. */
export function checkTextsInTables({ code, path }: Source): Problem[] {
  if (!path.startsWith('web/') || !path.endsWith('.tsx') || isTest(path)) return [];
  const advice = 'belongs into a table (messages.ts), so that every language has it';
  return code.flatMap(({ kind, text, line }, index) => {
    const isAttribute = kind === 'string' && SAID_ATTRIBUTES.has(code[index - 1]?.text ?? '');
    const isSaid = (kind === 'text' || isAttribute) && /\p{L}/u.test(text);
    return isSaid
      ? [{ file: path, line, rule: 'texts-in-tables', advice: `"${text.trim()}" ${advice}` }]
      : [];
  });
}

export function checkWeakening(source: Source): Problem[] {
  if (!source.path.startsWith('src/') || isTest(source.path)) return [];
  const advice = 'src holds no switch that weakens it; a test breaks it with a sabotage edit instead';
  const asWords = WEAKENING.map((pattern) => ({ pattern, advice }));
  return [...findInCode(source, asWords, 'no-weakening'), ...checkTlsOptions(source, advice)];
}

/** The one file where a pinned key replaces the chain of authorities; a wrong pin is refused in test/attacks. */
const PINNING = 'src/platform/tls.ts';

function checkTlsOptions({ code, path }: Source, advice: string): Problem[] {
  if (path === PINNING) return [];
  return code.flatMap((token, index) => {
    const isOff =
      token.text === 'rejectUnauthorized' &&
      code[index + 1]?.text === ':' &&
      code[index + 2]?.text !== 'true';
    return isOff
      ? [{ file: path, line: token.line, rule: 'no-weakening', advice: `${token.text}: ${advice}` }]
      : [];
  });
}

/** Looks at names as words ("lockerDoor" is "locker Door") and at texts as they are written. */
function findInCode({ code, path }: Source, forbidden: readonly Forbidden[], rule: string): Problem[] {
  return code.flatMap(({ kind, text, line }) => {
    // A test may hand the program a wrong word to see it refused.
    const kinds = isTest(path) ? ['name'] : ['name', 'string', 'template', 'text'];
    if (!kinds.includes(kind)) return [];
    const forms = kind === 'name' ? [text, spaced(text)] : [text];
    return forbidden.flatMap(({ pattern, advice }) => {
      const found = forms.map((form) => form.match(pattern)?.[0]).find((match) => match !== undefined);
      return found === undefined ? [] : [{ file: path, line, rule, advice: `"${found}": ${advice}` }];
    });
  });
}

function spaced(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/[_$#]+/g, ' ')
    .trim();
}

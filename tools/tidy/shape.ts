/** The shape of code: short files, short functions, no swallowed errors, closed choices, no test left aside. */
import { isMember } from './imports.ts';
import { isCode, isTest, matches, type Problem, type Source } from './model.ts';
import type { Token } from './scan.ts';

const FILE_LINES_MAX = 400;
const TEST_LINES_MAX = 600;
const FUNCTION_LINES_MAX = 70;
const COMPONENT_LINES_MAX = 120;
/** What a stranger checks us with is one file, so that it can be read and carried as one. */
const ALONE = { path: 'verify/verify.mjs', linesMax: 500 };
const DEPTH_BELOW_SRC_MAX = 3;
const NOT_A_FOLDER = ['utils', 'helpers', 'services', 'common', 'lib'];
const CLOSED_CHOICES = ['src/domain/', 'src/edge/plan/', 'src/ledger/'];

export function checkPath(path: string): Problem[] {
  const folders = path.split('/').slice(0, -1);
  const problems: Problem[] = [];
  const vague = folders.find((name) => NOT_A_FOLDER.includes(name));
  if (vague && isCode(path)) {
    problems.push({
      file: path,
      line: 1,
      rule: 'folder-names',
      advice: `"${vague}" says nothing; name the noun that it is about`,
    });
  }
  if (folders[0] === 'src' && folders.length - 1 > DEPTH_BELOW_SRC_MAX) {
    problems.push({
      file: path,
      line: 1,
      rule: 'depth',
      advice: `at most ${DEPTH_BELOW_SRC_MAX} folders below src`,
    });
  }
  return problems;
}

export function checkLength(path: string, text: string): Problem[] {
  if (!isCode(path)) return [];
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
  const ownMax = isTest(path) || path.startsWith('test/') ? TEST_LINES_MAX : FILE_LINES_MAX;
  const linesMax = path === ALONE.path ? ALONE.linesMax : ownMax;
  if (lines <= linesMax) return [];
  return [
    {
      file: path,
      line: linesMax,
      rule: 'file-length',
      advice: `${lines} lines; split it, at most ${linesMax}`,
    },
  ];
}

export function checkFunctions(source: Source): Problem[] {
  return functionsOf(source).flatMap(({ name, line, lines }) => {
    const isComponent = source.path.endsWith('.tsx') && /^[A-Z]/.test(name);
    const linesMax = isComponent ? COMPONENT_LINES_MAX : FUNCTION_LINES_MAX;
    // A suite is a list of tests, not a function to follow.
    if (lines <= linesMax || name === 'describe' || name === 'suite') return [];
    const advice = `${name || 'this function'} has ${lines} lines; split it, at most ${linesMax}`;
    return [{ file: source.path, line, rule: 'function-length', advice }];
  });
}

type Found = { name: string; line: number; lines: number };

/** Every function with a body in braces: declared, arrow, or method. */
export function functionsOf({ code, partner }: Source): Found[] {
  const found: Found[] = [];
  code.forEach((token, index) => {
    if (token.text !== '{' || token.kind !== 'punct') return;
    const head = headOf(code, partner, index);
    if (!head) return;
    const end = code[partner[index] ?? index]?.line ?? token.line;
    found.push({ name: head.name, line: head.line, lines: end - head.line + 1 });
  });
  return found;
}

/** Name and first line of the function whose body opens at `brace`, or undefined when none does. */
function headOf(
  code: readonly Token[],
  partner: Int32Array,
  brace: number,
): { name: string; line: number } | undefined {
  if (code[brace - 1]?.text === '=>') return arrowHead(code, partner, brace - 1);
  const close = parametersEnd(code, partner, brace);
  const open = close === undefined ? -1 : (partner[close] ?? -1);
  if (open < 1) return undefined;
  // Step back over type parameters: `name<T extends U>(`.
  let at = open - 1;
  if (code[at]?.text === '>') at = angleStart(code, at) - 1;
  const name = code[at];
  if (name === undefined) return undefined;
  if (name.text === 'function' || name.text === '*') return { name: '', line: name.line };
  const isNamed = name.kind === 'name' || name.kind === 'string' || name.text === ']';
  if (!isNamed || ['if', 'for', 'while', 'switch', 'catch', 'with', 'await'].includes(name.text))
    return undefined;
  return { name: name.text, line: name.line };
}

/** The `)` of the parameters before a body, with or without a return type between them. */
function parametersEnd(code: readonly Token[], partner: Int32Array, brace: number): number | undefined {
  if (code[brace - 1]?.text === ')') {
    // `): asserts x is (A | B) {` also ends in a bracket; a type's bracket follows a type's mark.
    const before = code[(partner[brace - 1] ?? 0) - 1]?.text ?? '';
    if (![':', '|', '&', '=>', 'is', 'keyof'].includes(before)) return brace - 1;
  }
  // Walk back over a return type to the colon that begins it, right after a closing bracket.
  for (let at = brace - 1; at > 0; at--) {
    const { text = '', kind } = code[at] ?? {};
    if (text === ':' && code[at - 1]?.text === ')')
      return typeEnd(code, partner, at + 1) === brace ? at - 1 : undefined;
    if ([')', ']', '}'].includes(text) && kind === 'punct') at = partner[at] ?? at;
    else if ([';', '{', '(', '=', '?'].includes(text) || ['return', 'case', 'if'].includes(text))
      return undefined;
  }
  return undefined;
}

/** The index after the type that begins at `from`: an operand, then as many `| operand` as follow. */
function typeEnd(code: readonly Token[], partner: Int32Array, from: number): number {
  let expectsOperand = true;
  let angles = 0;
  for (let at = from; at < code.length; at++) {
    const text = code[at]?.text ?? '';
    if (text === '<') [angles, expectsOperand] = [angles + 1, true];
    else if (text === '>') [angles, expectsOperand] = [angles - 1, false];
    else if (
      [
        '|',
        '&',
        '=>',
        ',',
        '.',
        'is',
        'keyof',
        'typeof',
        'readonly',
        'asserts',
        'extends',
        ':',
        '?',
      ].includes(text)
    ) {
      expectsOperand = true;
    } else if (text === '{' && !expectsOperand && angles === 0) return at;
    else {
      if (['{', '(', '['].includes(text)) at = partner[at] ?? at;
      expectsOperand = false;
    }
  }
  return code.length;
}

function arrowHead(
  code: readonly Token[],
  partner: Int32Array,
  arrow: number,
): { name: string; line: number } {
  const close = code[arrow - 1]?.text === ')' ? arrow - 1 : parametersEnd(code, partner, arrow);
  const start = close === undefined ? arrow - 1 : (partner[close] ?? arrow);
  const line = code[start]?.line ?? code[arrow]?.line ?? 1;
  let before = start - 1;
  if (code[before]?.text === '>') before = angleStart(code, before) - 1;
  if (code[before]?.text === 'async') before -= 1;
  if (code[before]?.text === '=') return { name: code[before - 1]?.text ?? '', line };
  // `describe('…', () => {`: the call that it is handed to.
  for (let at = before; at > 0 && at > before - 8; at--) {
    if (code[at]?.text === '(' && (partner[at] ?? -1) > arrow)
      return { name: code[at - 1]?.text ?? '', line };
  }
  return { name: '', line };
}

function angleStart(code: readonly Token[], close: number): number {
  let depth = 0;
  for (let at = close; at > 0; at--) {
    if (code[at]?.text === '>') depth += 1;
    if (code[at]?.text === '<') depth -= 1;
    if (depth === 0) return at;
  }
  return close;
}

export function checkErrorsAreSeen({ code, partner, path }: Source): Problem[] {
  const advice = 'handle the error, say what it means, or let it pass on; an empty catch hides it';
  return code.flatMap((token, index) => {
    if (token.text !== 'catch' || token.kind !== 'name') return [];
    const body = isMember(code, index) ? emptyCallback(code, index) : blockOf(code, partner, index + 1);
    const isEmpty = body !== undefined && partner[body] === body + 1;
    return isEmpty ? [{ file: path, line: token.line, rule: 'no-empty-catch', advice }] : [];
  });
}

function blockOf(code: readonly Token[], partner: Int32Array, at: number): number | undefined {
  const block = code[at]?.text === '(' ? (partner[at] ?? at) + 1 : at;
  return code[block]?.text === '{' ? block : undefined;
}

/** The brace of `.catch(() => {` or `.catch((error) => {`. */
function emptyCallback(code: readonly Token[], index: number): number | undefined {
  for (let at = index + 1; at < index + 8; at++) {
    if (code[at]?.text === '=>') return code[at + 1]?.text === '{' ? at + 1 : undefined;
  }
  return undefined;
}

/** A choice over a closed union has no `default`, so that a new member is a type error where it matters. */
export function checkClosedChoices({ code, partner, path, tokens }: Source): Problem[] {
  if (!matches(path, CLOSED_CHOICES) || isTest(path)) return [];
  const explained = tokens
    .filter(({ kind, text }) => kind === 'comment' && /\bclosed:/.test(text))
    .map(({ line }) => line);
  return code.flatMap((token, index) => {
    if (token.text !== 'default' || token.kind !== 'name' || code[index + 1]?.text !== ':') return [];
    if (!isInSwitch(code, partner, index)) return [];
    if (explained.includes(token.line) || explained.includes(token.line - 1)) return [];
    const advice = 'name every case; if the union cannot be closed, say why in a comment "// closed: …"';
    return [{ file: path, line: token.line, rule: 'closed-choices', advice }];
  });
}

function isInSwitch(code: readonly Token[], partner: Int32Array, index: number): boolean {
  for (let at = index - 1; at >= 0; at--) {
    const text = code[at]?.text ?? '';
    if (code[at]?.kind === 'punct' && [')', ']', '}'].includes(text)) at = partner[at] ?? at;
    else if (text === '{' && code[at]?.kind === 'punct') {
      const condition = partner[at - 1] ?? -1;
      return code[at - 1]?.text === ')' && code[condition - 1]?.text === 'switch';
    }
  }
  return false;
}

export function checkNoTestIsLeftAside({ code, path }: Source): Problem[] {
  if (!isTest(path) && !path.startsWith('test/')) return [];
  return code.flatMap((token, index) => {
    const isTestWord = ['test', 'it', 'describe', 'suite'].includes(token.text) && !isMember(code, index);
    const mark = code[index + 2]?.text ?? '';
    if (!isTestWord || code[index + 1]?.text !== '.' || !['only', 'skip', 'todo'].includes(mark)) return [];
    const advice = `${token.text}.${mark}: run it or remove it; a missing peer is said with t.skip('NOT RUN: <peer>')`;
    return [{ file: path, line: token.line, rule: 'no-test-aside', advice }];
  });
}

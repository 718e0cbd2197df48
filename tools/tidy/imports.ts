/** The direction of imports: the table, and the checks that hold every file to it. */
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path/posix';
import { isTest, matches, type Problem, type Source } from './model.ts';
import type { Token } from './scan.ts';

type Row = { folders: readonly string[]; may: readonly string[] | 'anything'; note: string };

/** The one copy of the table; ARCHITECTURE.md shows it, and a test keeps the two equal. */
export const IMPORT_TABLE: readonly Row[] = [
  { folders: ['domain', 'crypto'], may: [], note: 'nothing of ours' },
  { folders: ['ledger', 'contract', 'platform'], may: ['domain', 'crypto'], note: '' },
  {
    folders: ['edge', 'cloud', 'signer', 'witness', 'admin'],
    may: ['domain', 'crypto', 'ledger', 'contract', 'platform'],
    note: 'never each other',
  },
  { folders: ['rig'], may: ['contract', 'platform', 'domain', 'crypto'], note: 'never `edge` or `cloud`' },
  {
    folders: ['web'],
    may: ['contract', 'domain'],
    note: 'beside these `web/kit` and its own app, never another app',
  },
  { folders: ['up', 'bin', 'bench', 'test', 'tools'], may: 'anything', note: 'nothing else imports them' },
];

export function importTableMarkdown(): string {
  const code = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(' ');
  const rows = IMPORT_TABLE.map(({ folders, may, note }) => {
    const allowed = may === 'anything' ? 'anything' : code(may);
    return `| ${code(folders)} | ${[allowed, note].filter((part) => part !== '').join('; ')} |`;
  });
  return ['| folder | may import |', '| --- | --- |', ...rows].join('\n');
}

/** Packages and built-in modules with a place of their own. */
const MODULE_LIMITS: readonly { modules: readonly string[]; only: readonly string[]; reason: string }[] = [
  {
    modules: ['node:crypto', '@peculiar/x509', '@hpke/core'],
    // A test computes what it expects by another road than the code that it tests.
    only: [
      ...['src/crypto/', 'src/platform/random.ts', 'tools/', 'test/', 'bench/', '*.test.ts'],
      // What a stranger checks us with stands alone, in one file that imports nothing of ours.
      'verify/verify.mjs',
    ],
    reason: 'use src/crypto: one module holds all cryptography, so one review and one provider cover it',
  },
  {
    modules: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
    only: ['src/platform/clock.ts', 'web/', 'tools/', 'test/', 'bench/', 'bin/'],
    reason: 'take a Clock: a test has to be able to move all time by hand',
  },
];

/** Pure places: the same state and event always give the same answer, so nothing of the machine gets in. */
const PURE: readonly string[] = ['src/domain/', 'src/edge/plan/', 'web/'];
const PURE_EXCEPT: readonly string[] = ['web/vite.config.ts', '*.test.ts', '*.test.tsx'];

export type Import = { specifier: string | null; line: number; isReExport: boolean; isType: boolean };

/** Every specifier that a file loads: static, dynamic, re-exported, resolved, or given to a worker. */
export function importsOf({ code, partner }: Source): Import[] {
  const found: Import[] = [];
  code.forEach((token, index) => {
    if (token.kind !== 'name' || isMember(code, index)) return;
    const isType = code[index + 1]?.text === 'type' && code[index + 2]?.text !== 'from';
    const add = (at: Token | null | undefined, isReExport = false): void => {
      if (at === undefined) return;
      const specifier = at?.kind === 'string' || at?.kind === 'template' ? at.text : null;
      found.push({ specifier, line: token.line, isReExport, isType });
    };
    if (token.text === 'import') add(importedName(code, index));
    if (token.text === 'export') {
      const from = fromAfterExport(code, partner, index);
      if (from) add(from, true);
    }
    if (token.text === 'new' && says(code, index + 1, ['URL', '('])) {
      // new URL('./part.ts', import.meta.url) is how a worker or a child process is named.
      if (/^\.{1,2}\/.*\.(ts|tsx|mjs|js)$/.test(code[index + 3]?.text ?? '')) add(code[index + 3]);
    }
  });
  return found;
}

/** The token that names what the `import` at `index` loads; null when it is computed, undefined when none. */
function importedName(code: readonly Token[], index: number): Token | null | undefined {
  const next = code[index + 1];
  if (next?.kind === 'string') return next;
  if (next?.text === '(') {
    const isWhole = [')', ','].includes(code[index + 3]?.text ?? '');
    return isWhole ? (code[index + 2] ?? null) : null;
  }
  if (next?.text === '.') {
    const isResolve = says(code, index + 2, ['meta', '.', 'resolve', '(']);
    return isResolve && code[index + 6]?.kind === 'string' ? code[index + 6] : undefined;
  }
  for (let at = index + 1; at < code.length && code[at]?.text !== ';'; at++) {
    if (code[at]?.text === 'from' && code[at + 1]?.kind === 'string') return code[at + 1];
  }
  return undefined;
}

/** The specifier of `export … from '…'`, if the export at `index` is one. */
function fromAfterExport(code: readonly Token[], partner: Int32Array, index: number): Token | undefined {
  let at = index + 1;
  if (code[at]?.text === 'type') at += 1;
  if (code[at]?.text === '{') at = (partner[at] ?? at) + 1;
  else if (code[at]?.text === '*') at += code[at + 1]?.text === 'as' ? 3 : 1;
  else return undefined;
  return code[at]?.text === 'from' && code[at + 1]?.kind === 'string' ? code[at + 1] : undefined;
}

export function isMember(code: readonly Token[], index: number): boolean {
  return ['.', '?.'].includes(code[index - 1]?.text ?? '');
}

export function says(code: readonly Token[], from: number, words: readonly string[]): boolean {
  return words.every((word, offset) => code[from + offset]?.text === word);
}

/** The path that a relative specifier names, or undefined for a package. */
export function targetOf(from: string, specifier: string): string | undefined {
  if (!/^\.{1,2}(\/|$)/.test(specifier)) return undefined;
  return join(dirname(from), specifier.replace(/[?#].*$/, ''));
}

/** `src/edge/plan/plan.ts` → "edge"; `web/kiosk/main.tsx` → "web/kiosk"; a file of the root → "". */
export function folderOf(path: string): string {
  const [top = '', second = '', third] = path.split('/');
  if (top === 'src') return third === undefined ? '' : second;
  if (top === 'web') return third === undefined ? 'web' : `web/${second}`;
  return second === '' ? '' : top;
}

export function checkImports(source: Source, paths: ReadonlySet<string>): Problem[] {
  const { path } = source;
  return importsOf(source).flatMap(({ specifier, line }): Problem[] => {
    const problem = (rule: string, advice: string): Problem[] => [{ file: path, line, rule, advice }];
    if (specifier === null)
      return problem('imports', 'import a name that is written out, so that it can be checked');
    const target = targetOf(path, specifier);
    if (target === undefined)
      return checkModule(path, specifier).flatMap((advice) => problem('modules', advice));
    if (!paths.has(target)) return problem('imports', `${target} does not exist (write the whole file name)`);
    const direction = checkDirection(path, target);
    if (direction) return problem('imports', direction);
    const door = checkCloudDoor(path, target);
    return door ? problem('cloud-door', door) : [];
  });
}

export function checkModule(path: string, specifier: string): string[] {
  const name = isBuiltin(specifier) ? `node:${specifier.replace(/^node:/, '')}` : specifier;
  const advice: string[] = [];
  for (const { modules, only, reason } of MODULE_LIMITS) {
    const isLimited = modules.some((module) => name === module || name.startsWith(`${module}/`));
    if (isLimited && !matches(path, only)) advice.push(`${name}: ${reason}`);
  }
  if (name.startsWith('node:') && matches(path, PURE) && !matches(path, PURE_EXCEPT)) {
    advice.push(`${name}: this folder is pure or runs in a browser; hand the value in`);
  }
  return advice;
}

/** What is wrong with `path` importing `target`, by the table alone. */
export function checkDirection(path: string, target: string): string | undefined {
  const [from, to] = [folderOf(path), folderOf(target)];
  // Vectors are data that both sides of a wire are held to.
  if (from === to || target.startsWith('src/contract/vectors/')) return undefined;
  const [fromTop = '', toTop = ''] = [from.split('/')[0], to.split('/')[0]];
  const row = IMPORT_TABLE.find(({ folders }) => folders.includes(fromTop));
  if (!row) return `${path} stands in no folder of the import table`;
  if (row.may === 'anything') return undefined;
  if ((from === 'web' || from.startsWith('web/')) && to === 'web/kit') return undefined;
  // What a page computes by itself is held equal, in its tests, to what the house computes.
  if (from.startsWith('web/') && isTest(path) && ['ledger', 'crypto'].includes(toTop)) return undefined;
  if (row.may.includes(toTop)) return undefined;
  const allowed = row.may.length > 0 ? row.may.join(', ') : 'nothing of ours';
  return `${from || 'the root'} may not import ${to || target}; it may import ${allowed}`;
}

/** A cloud noun is entered through the file that has its name. */
function checkCloudDoor(path: string, target: string): string | undefined {
  const noun = /^src\/cloud\/([^/]+)\/(.+)$/.exec(target);
  if (!noun || path.startsWith(`src/cloud/${noun[1]}/`) || matches(path, ['test/', 'bench/', 'tools/']))
    return undefined;
  return noun[2] === `${noun[1]}.ts` ? undefined : `enter src/cloud/${noun[1]}/ through ${noun[1]}.ts`;
}

/** A file that declares nothing and only passes on what others export. */
export function checkBarrel(source: Source): Problem[] {
  const { code, path } = source;
  const passesOn = importsOf(source).some(({ isReExport }) => isReExport) || says(code, 0, ['import']);
  if (!passesOn || isTest(path)) return [];
  let exports = 0;
  for (let index = 0; index < code.length; index++) {
    const start = code[index]?.text;
    if (start === ';') continue;
    const isList =
      start === 'export' &&
      ['{', '*'].includes(code[index + (code[index + 1]?.text === 'type' ? 2 : 1)]?.text ?? '');
    if (start !== 'import' && !isList) return [];
    if (isList) exports += 1;
    while (index < code.length && code[index]?.text !== ';') index += 1;
  }
  if (exports === 0) return [];
  return [
    {
      file: path,
      line: 1,
      rule: 'no-barrels',
      advice: 'import from where a thing is written; remove this file',
    },
  ];
}

/**
 * Groups of files that import each other in a circle, each told once. `import type` is not counted: it is
 * erased before anything runs, so it orders nothing.
 */
export function checkCycles(sources: readonly Source[]): Problem[] {
  const next = new Map<string, { to: string; line: number }[]>();
  const known = new Set(sources.map(({ path }) => path));
  for (const source of sources) {
    const targets = importsOf(source).flatMap(({ specifier, line, isType }) => {
      if (isType) return [];
      const to = specifier === null ? undefined : targetOf(source.path, specifier);
      return to !== undefined && known.has(to) ? [{ to, line }] : [];
    });
    next.set(source.path, targets);
  }
  const told = new Set<string>();
  const problems: Problem[] = [];
  for (const { path } of sources) {
    const circle = told.has(path) ? undefined : shortestCircle(path, next);
    if (!circle) continue;
    for (const member of circle.members) told.add(member);
    const advice = `imports in a circle: ${[...circle.members, path].join(' → ')}`;
    problems.push({ file: path, line: circle.line, rule: 'no-cycles', advice });
  }
  return problems;
}

type Graph = ReadonlyMap<string, readonly { to: string; line: number }[]>;

function shortestCircle(start: string, graph: Graph): { members: string[]; line: number } | undefined {
  const cameFrom = new Map<string, { from: string; line: number }>();
  const queue = [start];
  for (const at of queue) {
    for (const { to, line } of graph.get(at) ?? []) {
      if (to === start) return walkBack(start, at, { cameFrom, line });
      if (cameFrom.has(to)) continue;
      cameFrom.set(to, { from: at, line });
      queue.push(to);
    }
  }
  return undefined;
}

function walkBack(
  start: string,
  last: string,
  walked: { cameFrom: ReadonlyMap<string, { from: string; line: number }>; line: number },
): { members: string[]; line: number } {
  const members = [last];
  let line = walked.line;
  for (let at = last; at !== start; ) {
    const step = walked.cameFrom.get(at);
    if (!step) break;
    line = step.line;
    at = step.from;
    members.unshift(at);
  }
  return { members, line };
}

/**
 * Holds the repository to its own rules: `node bin/holdfast.mjs tidy` prints one line for each place that
 * breaks one, `file:line rule — what to do`, and fails when there is any. The rules are data and pure
 * functions under tools/tidy/; a test gives each of them bad source and sees it caught.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkFenced } from './tidy/fenced.ts';
import { checkBarrel, checkCycles, checkImports, importTableMarkdown } from './tidy/imports.ts';
import { isCode, type Problem, type Repository, readSource, type Source } from './tidy/model.ts';
import { checkNames } from './tidy/names.ts';
import { checkLinks, checkLockfile, checkSabotage } from './tidy/repository.ts';
import {
  checkClosedChoices,
  checkErrorsAreSeen,
  checkFunctions,
  checkLength,
  checkNoTestIsLeftAside,
  checkPath,
} from './tidy/shape.ts';
import {
  checkComments,
  checkForbiddenWords,
  checkLeftOvers,
  checkTextsInTables,
  checkVocabulary,
  checkWeakening,
} from './tidy/words.ts';

/** What is no part of the repository even where git is not there to say so. */
const OUTSIDE = ['node_modules', '.git', '.holdfast', 'web/dist'];
const TEXT_BYTES_MAX = 4_000_000;

export function checkRepository(repository: Repository): Problem[] {
  const sources: Source[] = [];
  const problems: Problem[] = [];
  for (const path of repository.paths) problems.push(...checkPath(path));
  for (const [path, text] of repository.texts) {
    problems.push(...checkText(path, text, repository));
    if (!isCode(path)) continue;
    const source = readSource(path, text);
    if ('rule' in source) problems.push(source);
    else sources.push(source);
  }
  for (const source of sources) problems.push(...checkSource(source, repository.paths));
  problems.push(...checkCycles(sources), ...checkArchitecture(repository));
  return problems.sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

function checkText(path: string, text: string, repository: Repository): Problem[] {
  const problems = [
    ...checkForbiddenWords(path, text),
    ...checkLeftOvers(path, text),
    ...checkLength(path, text),
  ];
  if (path === 'package-lock.json') problems.push(...checkLockfile(path, text));
  if (path.endsWith('.md')) problems.push(...checkLinks(path, text, repository));
  if (/^test\/sabotage\/.*\.json$/.test(path)) problems.push(...checkSabotage(path, text, repository));
  return problems;
}

export function checkSource(source: Source, paths: ReadonlySet<string>): Problem[] {
  return [
    ...checkImports(source, paths),
    ...checkBarrel(source),
    ...checkFenced(source),
    ...checkNames(source),
    ...checkFunctions(source),
    ...checkErrorsAreSeen(source),
    ...checkClosedChoices(source),
    ...checkNoTestIsLeftAside(source),
    ...checkComments(source),
    ...checkVocabulary(source),
    ...checkTextsInTables(source),
    ...checkWeakening(source),
  ];
}

function checkArchitecture({ texts }: Repository): Problem[] {
  const text = texts.get('ARCHITECTURE.md');
  if (text === undefined || text.includes(importTableMarkdown())) return [];
  const advice = 'has to hold the import table as `node bin/holdfast.mjs tidy --table` prints it';
  return [{ file: 'ARCHITECTURE.md', line: 1, rule: 'import-table', advice }];
}

export function readRepository(root: string): Repository {
  const paths = new Set(listFiles(root));
  const texts = new Map<string, string>();
  for (const path of paths) {
    const file = join(root, path);
    if (statSync(file).size > TEXT_BYTES_MAX) continue;
    const bytes = readFileSync(file);
    // A zero byte is what tells pictures and archives from text.
    if (!bytes.includes(0)) texts.set(path, bytes.toString('utf8'));
  }
  return { texts, paths };
}

/** What git tracks or would track; without git, everything that is not installed or built. */
function listFiles(root: string): string[] {
  const args = ['-C', root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    if (!existsSync(join(root, '.git'))) return walk(root, root);
    const listed = execFileSync('git', args, {
      encoding: 'utf8',
      maxBuffer: 64_000_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return listed.split('\0').filter((path) => path !== '' && isFile(join(root, path)));
  } catch {
    return walk(root, root);
  }
}

function walk(root: string, folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = join(folder, entry.name);
    const path = relative(root, full).split(sep).join('/');
    if (OUTSIDE.includes(path)) return [];
    if (entry.isDirectory()) return walk(root, full);
    return entry.isFile() ? [path] : [];
  });
}

/** A file that was removed but not yet committed is still listed by git. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function main(args: readonly string[]): void {
  if (args.includes('--table')) {
    console.log(importTableMarkdown());
    return;
  }
  const repository = readRepository(resolve(fileURLToPath(import.meta.url), '../..'));
  const problems = checkRepository(repository);
  for (const { file, line, rule, advice } of problems) console.log(`${file}:${line} ${rule} — ${advice}`);
  if (problems.length === 0) console.log(`tidy: ${repository.paths.size} files, nothing to do`);
  else process.exitCode = 1;
}

if (import.meta.main) main(process.argv.slice(2));

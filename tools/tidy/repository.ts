/** Rules about files that are not code: the lockfile, links in prose, sabotage edits. */
import { dirname, join, normalize } from 'node:path/posix';
import { lineOf, type Problem, type Repository } from './model.ts';

/** Every package is held by its hash and by no address, so that any mirror serves and none is trusted. */
export function checkLockfile(path: string, text: string): Problem[] {
  const problem = (index: number, advice: string): Problem => ({
    file: path,
    line: lineOf(text, index),
    rule: 'lockfile',
    advice,
  });
  const problems = [...text.matchAll(/"resolved":\s*"(git\+)?(https?|ssh):/g)].map((found) =>
    problem(found.index, 'holds an address: install with omit-lockfile-registry-resolved (.npmrc)'),
  );
  const lock: unknown = JSON.parse(text);
  const packages = isRecord(lock) && isRecord(lock.packages) ? lock.packages : {};
  for (const [name, entry] of Object.entries(packages)) {
    // The first entry is this project itself.
    if (name === '' || !isRecord(entry) || entry.link === true || entry.inBundle === true) continue;
    if (typeof entry.integrity === 'string' && /^sha512-/.test(entry.integrity)) continue;
    problems.push(problem(Math.max(0, text.indexOf(`"${name}": {`)), `${name} has no SHA-512 hash`));
  }
  return problems;
}

/** Links to files of the repository have to lead somewhere, anchors included. */
export function checkLinks(path: string, text: string, repository: Repository): Problem[] {
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).replace(/`[^`\n]*`/g, blank);
  return [...prose.matchAll(/\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)].flatMap(
    (found) => {
      const link = decodeURI(found[1] ?? found[2] ?? '');
      const problem = (advice: string): Problem[] => [
        { file: path, line: lineOf(text, found.index), rule: 'links', advice },
      ];
      if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(link)) return [];
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? path : normalize(join(dirname(path), file)).replace(/\/$/, '');
      if (!isThere(target, repository)) return problem(`${link} leads nowhere`);
      const there = repository.texts.get(target);
      if (
        !anchor ||
        !target.endsWith('.md') ||
        there === undefined ||
        anchorsOf(there).has(anchor.toLowerCase())
      )
        return [];
      return problem(`${link}: no such heading in ${target}`);
    },
  );
}

function isThere(target: string, { paths }: Repository): boolean {
  if (target === '.' || paths.has(target)) return true;
  for (const path of paths) if (path.startsWith(`${target}/`)) return true;
  return false;
}

/** The anchors that a forge makes of headings: lower case, signs dropped, blanks as hyphens. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [
    ...markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, blank).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm),
  ];
  const named = [...markdown.matchAll(/<a (?:id|name)="([^"]+)"/g)].map((found) => found[1] ?? '');
  const slugs = headings.map((found) =>
    (found[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set([...slugs, ...named]);
}

function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

/** A sabotage edit that no longer matches would test nothing and look green. */
export function checkSabotage(path: string, text: string, { texts }: Repository): Problem[] {
  const problem = (advice: string): Problem => ({ file: path, line: 1, rule: 'sabotage', advice });
  let edits: unknown;
  try {
    edits = JSON.parse(text);
  } catch (error) {
    return [problem(`is not JSON: ${String(error)}`)];
  }
  return (Array.isArray(edits) ? edits : [edits]).flatMap((edit: unknown) => {
    if (!isEdit(edit)) return [problem('needs the texts "file", "find" and "replace"')];
    const target = texts.get(edit.file);
    if (target === undefined) return [problem(`${edit.file} does not exist`)];
    const count = edit.find === '' ? 0 : target.split(edit.find).length - 1;
    if (count !== 1) return [problem(`"find" matches ${count} times in ${edit.file}, not once`)];
    return edit.find === edit.replace ? [problem('changes nothing')] : [];
  });
}

function isEdit(edit: unknown): edit is { file: string; find: string; replace: string } {
  return isRecord(edit) && ['file', 'find', 'replace'].every((key) => typeof edit[key] === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the rules look at and what they say. */
import { partners, ScanError, scan, type Token } from './scan.ts';

export type Problem = { file: string; line: number; rule: string; advice: string };

/** `code` is `tokens` without comments; `partner[i]` is the index in `code` of bracket i's other half. */
export type Source = {
  path: string;
  text: string;
  tokens: readonly Token[];
  code: readonly Token[];
  partner: Int32Array;
};

export type Repository = {
  /** Every text file that belongs to the repository, by its path with forward slashes. */
  texts: ReadonlyMap<string, string>;
  /** The paths of all files, also of those that are not text. */
  paths: ReadonlySet<string>;
};

export function isCode(path: string): boolean {
  return /\.(ts|tsx|mts|mjs|js)$/.test(path);
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$|\/test-[a-z-]+\.ts$/.test(path);
}

/** Reads one file, or says why it cannot be read. */
export function readSource(path: string, text: string): Source | Problem {
  try {
    const tokens = scan(text, { jsx: path.endsWith('.tsx') });
    const code = tokens.filter((token) => token.kind !== 'comment');
    return { path, text, tokens, code, partner: partners(code) };
  } catch (error) {
    if (!(error instanceof ScanError)) throw error;
    return {
      file: path,
      line: error.line,
      rule: 'readable',
      advice: `cannot be read here: ${error.message}`,
    };
  }
}

/** A pattern is a folder ("src/edge/"), an ending ("*.test.ts") or a whole path. */
export function matches(path: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (pattern.endsWith('/')) return path.startsWith(pattern);
    return pattern.startsWith('*') ? path.endsWith(pattern.slice(1)) : path === pattern;
  });
}

export function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

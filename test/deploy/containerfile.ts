/** Reads a Containerfile and the list of what stays out of its context, as far as ours go. */

export type Instruction = { name: string; rest: string };
export type Stage = { base: string; instructions: Instruction[] };

/** Arguments before the first stage, and the stages in their order. Comments are no instructions; a backslash goes on. */
export function readContainerfile(text: string): { args: Map<string, string>; stages: Stage[] } {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const args = new Map<string, string>();
  const stages: Stage[] = [];
  for (const line of lines) {
    const [, name = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === '') throw new Error(`this is no instruction: ${line}`);
    if (name === 'FROM') stages.push({ base: rest, instructions: [] });
    else if (name === 'ARG' && stages.length === 0) {
      const [key = '', value = ''] = rest.split('=');
      args.set(key, value);
    } else stages.at(-1)?.instructions.push({ name, rest });
  }
  return { args, stages };
}

/** The program and its arguments, of an instruction in exec form; undefined when a shell would run it. */
export function execForm(rest: string): string[] | undefined {
  if (!rest.startsWith('[')) return undefined;
  const words: unknown = JSON.parse(rest);
  return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
}

/** Whether a path enters the context. The last line that matches it, or a folder above it, decides. */
export function entersContext(ignore: string, path: string): boolean {
  const above = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  let enters = true;
  for (const line of ignore.split('\n')) {
    const pattern = line.trim();
    if (pattern === '' || pattern.startsWith('#')) continue;
    const isTakenBack = pattern.startsWith('!');
    const matcher = expressionOf(isTakenBack ? pattern.slice(1) : pattern);
    if (above.some((one) => matcher.test(one))) enters = isTakenBack;
  }
  return enters;
}

function expressionOf(pattern: string): RegExp {
  const parts = pattern
    .split(/(\*\*\/|\*)/)
    .map((part) =>
      part === '**/' ? '(?:.*/)?' : part === '*' ? '[^/]*' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'),
    );
  return new RegExp(`^${parts.join('')}$`);
}

/** Messages that are almost right: one right message with one thing wrong, at every place where something stands. */
import type { Draw } from './bad-requests.ts';

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
type Path = readonly (string | number)[];
export type Mutant = { what: string; bytes: Buffer };

const DEPTH = 10_000;
const FLIPS = 12;
const CUTS = 6;

export function mutants(message: object, draw: Draw): Mutant[] {
  const whole = JSON.stringify(message);
  const value = JSON.parse(whole) as Json;
  const text = (what: string, raw: string): Mutant => ({ what, bytes: Buffer.from(raw, 'utf8') });
  const places = pathsOf(value);
  const [name = 'v'] = Object.keys(message);
  return [
    ...places.flatMap((path) => atPlace(value, path, draw)),
    text('a name twice', whole.replace(/^\{/, `{${JSON.stringify(name)}:1,`)),
    text(
      'the type twice',
      whole.replace(/\}$/, `,"type":${JSON.stringify(value && (value as { type?: Json }).type)}}`),
    ),
    text('__proto__', whole.replace(/^\{/, '{"__proto__":{"v":1},')),
    text('one more', whole.replace(/\}$/, ',"open":1}')),
    ...['2', '0', '"1"', 'null', '1.5', '1e400', '[1]', '99999999999999999999'].map((v) =>
      text(`version ${v}`, whole.replace(/"v":1/, `"v":${v}`)),
    ),
    ...['open', 'pulse', '', 'constructor', '__proto__'].map((type) =>
      text(`type ${type}`, JSON.stringify({ ...message, type })),
    ),
    ...[
      '',
      ' ',
      'null',
      '[]',
      '{}',
      '0',
      `[${whole}]`,
      `${whole}${whole}`,
      `\ufeff${whole}`,
      `${whole}\u0000`,
    ].map((raw) => text(`no message: ${raw.slice(0, 8)}`, raw)),
    text('deep', whole.replace(/\}$/, `,"deep":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`)),
    {
      what: 'no UTF-8',
      bytes: Buffer.concat([Buffer.from(whole.slice(0, -1)), Buffer.from([0xff]), Buffer.from('}')]),
    },
    { what: 'UTF-16', bytes: Buffer.from(whole, 'utf16le') },
    { what: 'oversized', bytes: Buffer.concat([Buffer.from(whole), Buffer.alloc(2_097_153, 0x20)]) },
    ...Array.from({ length: CUTS }, () => text('cut off', whole.slice(0, 1 + draw(whole.length - 1)))),
    ...Array.from({ length: FLIPS }, () => flipped(whole, draw)),
  ];
}

function pathsOf(value: Json, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? [...value.slice(0, 2).entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

const STRANGE: readonly Json[] = [
  null,
  true,
  -1,
  1.5,
  1e308,
  '',
  '\u0000',
  '\ud800',
  [],
  {},
  [[]],
  'x'.repeat(3000),
];

/** Left out, and of another kind. */
function atPlace(value: Json, path: Path, draw: Draw): Mutant[] {
  if (path.length === 0) return [];
  const what = path.join('.');
  const of = (said: string, put: Json | undefined): Mutant => ({
    what: `${what} ${said}`,
    bytes: Buffer.from(JSON.stringify(changed(value, path, put))),
  });
  const [one, two] = [STRANGE[draw(STRANGE.length)] ?? null, STRANGE[draw(STRANGE.length)] ?? null];
  return [
    of('left out', undefined),
    of(`is ${JSON.stringify(one).slice(0, 9)}`, one),
    of(`is ${JSON.stringify(two).slice(0, 9)}`, two),
  ];
}

function changed(value: Json, [key, ...rest]: Path, put: Json | undefined): Json {
  if (key === undefined) return put ?? null;
  const copy = structuredClone(value) as Record<string | number, Json>;
  if (rest.length > 0) copy[key] = changed(copy[key] ?? null, rest, put);
  else if (put === undefined) delete copy[key];
  else copy[key] = put;
  return copy as Json;
}

function flipped(whole: string, draw: Draw): Mutant {
  const bytes = Buffer.from(whole);
  const at = draw(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << draw(8));
  return { what: `bit flipped at ${at}`, bytes };
}

/**
 * Whether a text is a whole record in canonical form, told from its letters alone. Each kind has one form: which keys
 * stand there, in which order, and what each value looks like follows from the table of kinds and from RFC 8785 section
 * 3.2.3. So a text that fits it needs not be taken apart and written anew to be compared, which costs ten times as much
 * as all hashes over it. What does not fit is not refused here: it is left to `parseRecord`, which says why.
 */

import type { FactType } from '../domain/facts.ts';
import { isId } from '../domain/ids.ts';
import { KINDS, kindSpec, type RecordKind } from '../domain/kinds.ts';
import { DENIALS, OUTCOMES, RIGHTS } from '../domain/outcome.ts';
import { NO_HASH, RECORD_VERSION, TIME_MS_MAX, TIME_SOURCES } from './record.ts';

/** Where a record stands: of `parseRecord`'s answer what a reader of many records needs of each. */
export type RecordPlace = { source: string; seq: number; prev: string };

type Bound = { min: number; max: number };
/** The groups of the pattern are source, seq, prev, times, then cause where the kind has one, then each number among the facts. */
type Form = { pattern: RegExp; hasCause: boolean; bounds: readonly Bound[] };

const forms = new Map<RecordKind, Form>();
const KIND = '"kind":"';

/** Undefined: it may be a record all the same. */
export function placeByForm(text: string): RecordPlace | undefined {
  const from = text.indexOf(KIND) + KIND.length;
  const kind = text.slice(from, text.indexOf('"', from));
  if (!Object.hasOwn(KINDS, kind)) return undefined;
  const form = forms.get(kind as RecordKind) ?? formOf(kind as RecordKind);
  forms.set(kind as RecordKind, form);
  const found = form.pattern.exec(text);
  return found ? placeIn(found, form) : undefined;
}

function placeIn(found: RegExpExecArray, { hasCause, bounds }: Form): RecordPlace | undefined {
  const first = hasCause ? 2 : 1;
  for (const [at, { min, max }] of bounds.entries()) {
    const value = Number(found[first + at]);
    if (value < min || value > max) return undefined;
  }
  const last = first + bounds.length;
  const [prev, seqText, source, atMs] = [found[last], found[last + 1], found[last + 2], found[last + 3]];
  if (prev === undefined || source === undefined || Number(atMs) > TIME_MS_MAX) return undefined;
  const seq = Number(seqText);
  if ((seq === 1) !== (prev === NO_HASH) || !isSource(source)) return undefined;
  if (hasCause && found[1] !== undefined && Number(found[1]) >= seq) return undefined;
  return { source, seq, prev };
}

let known = '';

/** The records of a journal come one after another. */
function isSource(source: string): boolean {
  if (source === known) return true;
  if (!isId('bank', source) && !isId('tenant', source)) return false;
  known = source;
  return true;
}

/** Fifteen digits at most, so that each is the number it says; longer ones are left to the parser. */
const COUNT = '(?:0|[1-9][0-9]{0,14})';
const HASH = '[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]';
const oneOf = (words: readonly string[]) => `(?:${words.map((word) => escaped(word)).join('|')})`;
/** As JSON writes it, and as a pattern reads it. */
const escaped = (word: string) =>
  JSON.stringify(word)
    .slice(1, -1)
    .replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

function formOf(kind: RecordKind): Form {
  const { by, facts, commits, has = [] } = kindSpec(kind);
  const names = Object.keys(facts).sort();
  const bounds = names.flatMap((name) => {
    const type = facts[name];
    return type?.type === 'int' ? [type] : [];
  });
  const optional = (of: (typeof has)[number], text: string) => (has.includes(of) ? `(?:${text})?` : '');
  const right = `\\{"allow":true,"right":"${oneOf(RIGHTS)}"\\}`;
  const denial = `\\{"allow":false,"reason":"${oneOf(DENIALS)}"\\}`;
  const writer = by === 'both' ? '(?:bank|tenant)' : by === 'bank' ? 'bank' : 'tenant';
  const parts = [
    optional('cause', '"cause":([1-9][0-9]{0,14}),'),
    // A comma stands behind each that another follows.
    `"commitments":\\{${[...commits]
      .sort()
      .map((name) => `(?:"${escaped(name)}":"${HASH}"(?:,(?=")|(?=\\})))?`)
      .join('')}\\},`,
    optional('compartment', '"compartment":[1-9][0-9]{0,3},'),
    has.includes('decision') ? `"decision":(?:${right}|${denial}),` : '',
    `"facts":\\{${names.map((name) => `"${escaped(name)}":${patternOf(facts[name])}`).join(',')}\\},`,
    `"kind":"${escaped(kind)}",`,
    has.includes('outcome') ? `"outcome":"${oneOf(OUTCOMES)}",` : '',
    `"prev":"(${HASH})","seq":([1-9][0-9]{0,14}),"source":"(${writer}_[a-z2-7]+)",`,
    `"time":\\{"atMs":(${COUNT}),"source":"${oneOf(TIME_SOURCES)}","uncertaintyMs":${COUNT}\\},"v":${RECORD_VERSION}`,
  ];
  return { pattern: new RegExp(`^\\{${parts.join('')}\\}$`), hasCause: has.includes('cause'), bounds };
}

function patternOf(type: FactType | undefined): string {
  switch (type?.type) {
    case 'int':
      return '(0|-?[1-9][0-9]{0,14})';
    case 'bool':
      return '(?:true|false)';
    case 'hash':
      return `"${HASH}"`;
    case 'word':
      return `"${oneOf(type.words)}"`;
    case undefined:
      throw new Error('a fact has no type');
  }
}

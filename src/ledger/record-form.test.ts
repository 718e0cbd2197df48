import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { fromUtf8, utf8 } from '../crypto/bytes.ts';
import type { FactType } from '../domain/facts.ts';
import { kindSpec, RECORD_KINDS, type RecordKind } from '../domain/kinds.ts';
import { type Fact, NO_HASH, parseRecord, type RecordDraft, writeRecord } from './record.ts';
import { placeByForm } from './record-form.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);
let state = seed;
/** Small, and the same for a seed (mulberry32). */
function draw(below: number): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) % below;
}

const HASH = `${'B'.repeat(42)}A`;
const [BANK, TENANT] = ['bank_aaaaaaaaaaaaaaaaaaaaaaaaaa', 'tenant_aaaaaaaaaaaaaaaaaaaaaaaaaa'];

function factOf(type: FactType): Fact {
  switch (type.type) {
    case 'int':
      return (
        [type.min, type.max, Math.max(type.min, 0), Math.max(type.min, Math.min(type.max, 4711))][draw(4)] ??
        0
      );
    case 'bool':
      return draw(2) === 0;
    case 'hash':
      return HASH;
    case 'word':
      return type.words[draw(type.words.length)] ?? '';
  }
}

function written(kind: RecordKind): string {
  const { by, facts, commits, has = [] } = kindSpec(kind);
  const some = commits.filter(() => draw(2) === 0);
  const draft: RecordDraft = {
    kind,
    facts: Object.fromEntries(Object.entries(facts).map(([name, type]) => [name, factOf(type)])),
    fields: Object.fromEntries(some.map((name) => [name, `${draw(1_000)}`])),
    ...(has.includes('decision')
      ? {
          decision:
            draw(2) === 0 ? { allow: true, right: 'pick-up' } : { allow: false, reason: 'code-wrong' },
        }
      : {}),
    ...(has.includes('outcome') ? { outcome: 'unknown' } : {}),
    ...(has.includes('compartment') && draw(2) === 0 ? { compartment: 1 + draw(9_999) } : {}),
    ...(has.includes('cause') && draw(2) === 0 ? { cause: 1 } : {}),
  };
  const isFirst = draft.cause === undefined && draw(4) === 0;
  const { bytes } = writeRecord({
    draft,
    source: by === 'cloud' || (by === 'both' && draw(2) === 0) ? TENANT : BANK,
    seq: isFirst ? 1 : 2 + draw(1_000_000),
    prev: isFirst ? NO_HASH : HASH,
    time: { atMs: draw(2_000_000_000), source: 'clock', uncertaintyMs: draw(5) },
    drawSalt: () => Uint8Array.from({ length: 16 }, () => draw(256)),
  });
  return fromUtf8(bytes);
}

test('a record of every kind, with and without each of its parts, is told by its form as the parser reads it', () => {
  let byForm = 0;
  for (const kind of RECORD_KINDS)
    for (let round = 0; round < 20; round++) {
      const text = written(kind);
      const place = placeByForm(text);
      const parsed = parseRecord(utf8(text));
      assert.ok(parsed.ok, text);
      const { source, seq, prev } = parsed.record;
      if (place) assert.deepEqual(place, { source, seq, prev });
      if (place) byForm += 1;
      // Only a number of more than fifteen digits is left to the parser.
      else assert.match(text, /[0-9]{16}/);
    }
  assert.ok(byForm > RECORD_KINDS.length * 10);
});

/** What somebody would change: a letter, a digit, a word, a part; or what stands where. */
function changed(text: string): string {
  const at = draw(text.length);
  const other = text[draw(text.length)] ?? '';
  const digit = [...text.matchAll(/[0-9]+/g)];
  const number = digit[draw(digit.length)];
  const field = /"[a-zA-Z]+":"?[^",{}]*"?,/.exec(text.slice(at));
  switch (draw(9)) {
    case 0:
      return text.slice(0, at) + other + text.slice(at + 1);
    case 1:
      return text.slice(0, at) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + other + text.slice(at);
    case 3:
      return (
        text.slice(0, number?.index) +
        ['0', '-1', '-0', '01', '1e3', '1.0', '9007199254740993', '10000'][draw(8)] +
        text.slice((number?.index ?? 0) + (number?.[0].length ?? 0))
      );
    case 4:
      return field ? text.replace(field[0], '') : ` ${text}`;
    case 5:
      return field ? text.replace(field[0], field[0] + field[0]) : `${text} `;
    case 6:
      return text.replace(/"kind":"[^"]+"/, `"kind":"${RECORD_KINDS[draw(RECORD_KINDS.length)]}"`);
    case 7:
      return text.replace(
        /"source":"(?:bank|tenant)_/,
        draw(2) === 0 ? '"source":"bank_' : '"source":"tenant_',
      );
    default:
      return text.replace(/"seq":[0-9]+/, `"seq":${draw(3)}`);
  }
}

test('of 30,000 changed records none fits its form that the parser refuses, and none is read as another', () => {
  let [fitted, refused] = [0, 0];
  for (let round = 0; round < 30_000; round++) {
    const text = changed(written(RECORD_KINDS[draw(RECORD_KINDS.length)] as RecordKind));
    const place = placeByForm(text);
    const parsed = parseRecord(utf8(text));
    if (!parsed.ok) refused += 1;
    if (!place) continue;
    fitted += 1;
    assert.ok(parsed.ok, `it is refused, and fits: ${text}`);
    const { source, seq, prev } = parsed.record;
    assert.deepEqual(place, { source, seq, prev });
  }
  assert.ok(fitted > 1_000 && refused > 10_000, `${fitted} fitted, ${refused} were refused`);
});

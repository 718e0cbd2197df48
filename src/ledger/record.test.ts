import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { test } from 'node:test';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { fromUtf8, hex, utf8 } from '../crypto/bytes.ts';
import type { FactType } from '../domain/facts.ts';
import { KINDS, type KindSpec, kindSpec, RECORD_KINDS, type RecordKind } from '../domain/kinds.ts';
import {
  commit,
  encodeRecord,
  type Fact,
  type LedgerRecord,
  NO_HASH,
  opens,
  parseRecord,
  RECORD_BYTES_MAX,
  type RecordDraft,
  type WriteRecord,
  writeRecord,
} from './record.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const BANK = 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const TENANT = 'tenant_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const HASH = `${'B'.repeat(42)}A`;

/** RFC 8785 as far as records need it, written a second time: sorted keys, no space, whole numbers. */
function naiveCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(naiveCanonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${naiveCanonical(part)}`).join(',')}}`;
}

const naiveLeaf = (bytes: Uint8Array) => createHash('sha256').update('\0').update(bytes).digest('base64url');
function write(draft: RecordDraft, of: Partial<WriteRecord> = {}) {
  const source = kindSpec(draft.kind).by === 'cloud' ? TENANT : BANK;
  const time = { atMs: 1000, source: 'clock', uncertaintyMs: 5 } as const;
  return writeRecord({
    draft,
    source,
    seq: 2,
    prev: HASH,
    time,
    drawSalt: () => new Uint8Array(16).fill(7),
    ...of,
  });
}

function leastFact(type: FactType): Fact {
  switch (type.type) {
    case 'int':
      return type.min;
    case 'bool':
      return false;
    case 'hash':
      return HASH;
    case 'word':
      return type.words[0] ?? '';
  }
}

function leastDraft(kind: RecordKind): RecordDraft {
  const spec: KindSpec = kindSpec(kind);
  const facts = Object.fromEntries(Object.entries(spec.facts).map(([name, type]) => [name, leastFact(type)]));
  return {
    kind,
    facts,
    ...(spec.has?.includes('decision') ? { decision: { allow: false, reason: 'code-wrong' } } : {}),
    ...(spec.has?.includes('outcome') ? { outcome: 'unknown' } : {}),
  };
}

function fullDraft(kind: RecordKind): RecordDraft {
  const spec: KindSpec = kindSpec(kind);
  return {
    ...leastDraft(kind),
    ...(spec.has?.includes('cause') ? { cause: 1 } : {}),
    ...(spec.has?.includes('compartment') ? { compartment: 24 } : {}),
    fields: Object.fromEntries(spec.commits.map((field) => [field, `value of ${field}`])),
  };
}

/** A sound record as plain data, to be spoilt. */
function sound(): Record<string, unknown> {
  return JSON.parse(fromUtf8(write(fullDraft('attempt.decided')).bytes)) as Record<string, unknown>;
}

function refusal(value: unknown): string {
  const parsed = parseRecord(
    typeof value === 'string'
      ? utf8(value)
      : value instanceof Uint8Array
        ? value
        : utf8(canonicalize(value) ?? ''),
  );
  assert.ok(!parsed.ok, 'this record should have been refused');
  return parsed.why;
}

test('a fresh writing of the same draft gives the bytes of the naive writer', () => {
  for (const kind of RECORD_KINDS) {
    const { record, bytes, hash } = write(fullDraft(kind));
    assert.equal(fromUtf8(bytes), naiveCanonical(record));
    assert.equal(hash, naiveLeaf(bytes));
  }
});

test('every kind is written and read with its least facts and with all it may hold', () => {
  for (const kind of RECORD_KINDS) {
    for (const draft of [leastDraft(kind), fullDraft(kind)]) {
      const { bytes, record, openings } = write(draft);
      assert.deepEqual(parseRecord(bytes), { ok: true, record });
      assert.deepEqual(Object.keys(openings).sort(), Object.keys(draft.fields ?? {}).sort());
    }
  }
});

test('a kind stands only in the journal of those who write it', () => {
  for (const kind of RECORD_KINDS) {
    const by: KindSpec['by'] = KINDS[kind].by;
    for (const [source, writer] of [
      [BANK, 'bank'],
      [TENANT, 'cloud'],
    ] as const) {
      const attempt = () => write(leastDraft(kind), { source });
      if (by === 'both' || by === writer) attempt();
      else assert.throws(attempt, new RegExp(`a ${writer} does not write ${kind.replaceAll('.', '\\.')}`));
    }
  }
});

test('personal data cannot enter: a text in place of any fact is refused, in every kind', () => {
  for (const kind of RECORD_KINDS) {
    const value = JSON.parse(fromUtf8(write(leastDraft(kind)).bytes)) as { facts: Record<string, unknown> };
    for (const name of Object.keys(value.facts)) {
      for (const text of ['Ada Lovelace', '+15550100', '']) {
        assert.match(refusal({ ...value, facts: { ...value.facts, [name]: text } }), /^fact /);
      }
    }
    assert.match(refusal({ ...value, facts: { ...value.facts, note: 'free text' } }), /^fact note/);
    assert.match(refusal({ ...value, commitments: { person: 'Ada Lovelace' } }), /person/);
  }
});

test('a field in clear is refused where its commitment belongs', () => {
  const value = sound();
  assert.match(
    refusal({ ...value, commitments: { person: 'person_aaaaaaaaaaaaaaaaaaaaaaaaaa' } }),
    /not a hash/,
  );
  assert.match(refusal({ ...value, commitments: { flat: HASH } }), /field flat/);
  assert.match(refusal({ ...value, person: 'Ada' }), /unknown key person/);
});

test('other versions, unlisted kinds and unlisted words are refused', () => {
  const value = sound();
  for (const v of [0, 2, '1', null, true]) assert.match(refusal({ ...value, v }), /version/);
  for (const kind of ['', 'attempt', 'toString', '__proto__', 7, null])
    assert.match(refusal({ ...value, kind }), /kind/);
  for (const method of ['PIN', 'pin ', 7])
    assert.match(refusal({ ...value, facts: { method, work: 'pick-up' } }), /method/);
  assert.match(refusal({ ...value, decision: { allow: true, right: 'open' } }), /right/);
  assert.match(refusal({ ...value, decision: { allow: false, reason: 'because' } }), /reason/);
  assert.match(
    refusal({ ...value, decision: { allow: true, right: 'pick-up', reason: 'code-wrong' } }),
    /decision/,
  );
  assert.match(refusal({ ...value, decision: { allow: 1, right: 'pick-up' } }), /allows/);
});

test('a decided record carries its decision, an answered release its outcome, and others carry neither', () => {
  const { decision: _, ...undecided } = sound();
  assert.match(refusal(undecided), /lacks its decision/);
  assert.match(refusal({ ...sound(), outcome: 'released' }), /has no outcome/);
  assert.throws(
    () => write({ kind: 'release.answered', facts: { afterMs: 1, by: 'board' } }),
    /lacks its outcome/,
  );
  assert.throws(
    () => write({ kind: 'agent.stopped', decision: { allow: false, reason: 'lockdown' } }),
    /has no decision/,
  );
});

test('any other spelling of the same content is refused: spacing, order, escapes, numbers, duplicate keys', () => {
  const text = fromUtf8(encodeRecord(sound() as LedgerRecord));
  assert.ok(parseRecord(utf8(text)).ok);
  const spoilt = {
    'a space': text.replace(':', ': '),
    'a newline at the end': `${text}\n`,
    'another order': text.replace(/^\{("cause":1),(.*?\}),("compartment":24)/, '{$1,$3,$2'),
    'an escape that is not needed': text.replace('"pin"', '"\\u0070in"'),
    'a fraction of nothing': text.replace('"cause":1,', '"cause":1.0,'),
    'an exponent': text.replace('"cause":1,', '"cause":1e0,'),
    'a negative nothing': text.replace('"uncertaintyMs":5', '"uncertaintyMs":-0'),
    'a duplicate key, same value': text.replace('"cause":1,', '"cause":1,"cause":1,'),
    'a duplicate key, other value': text.replace('"v":1', '"v":2,"v":1'),
    'a duplicate fact': text.replace('"method":"pin"', '"method":"qr","method":"pin"'),
    'a byte order mark': `\ufeff${text}`,
  };
  for (const [name, bad] of Object.entries(spoilt)) {
    assert.notEqual(bad, text, name);
    assert.match(refusal(bad), /canonical|JSON/, name);
  }
});

test('what is no record is refused: other JSON, no JSON, no UTF-8, lone surrogates, too many bytes', () => {
  for (const text of ['null', '[]', '7', '"text"', 'true', '{}']) refusal(text);
  for (const text of ['', '{', 'NaN', '{"v":1}{"v":1}', `{"v":1,"seq":NaN}`])
    assert.match(refusal(text), /not UTF-8 JSON|kind/);
  const bytes = write(fullDraft('attempt.decided')).bytes;
  const invalid = Uint8Array.from(bytes);
  invalid[2] = 0xff;
  assert.match(refusal(invalid), /UTF-8/);
  assert.match(refusal(utf8('{"\\ud800":1,"v":1}')), /unknown key/);
  assert.match(refusal(Uint8Array.of(0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d)), /UTF-8/);
  for (const part of ['source', 'prev', 'kind'])
    refusal(utf8(fromUtf8(bytes).replace(new RegExp(`"${part}":"`), '$&\\ud800')));
  assert.match(refusal(new Uint8Array(RECORD_BYTES_MAX + 1).fill(0x20)), /at most/);
  assert.match(refusal(utf8('['.repeat(RECORD_BYTES_MAX))), /not UTF-8 JSON|not an object/);
});

test('numbers are whole, in range, and exact', () => {
  const value = sound();
  const time = { atMs: 1000, source: 'clock', uncertaintyMs: 5 };
  for (const seq of [0, -1, 1.5, 2 ** 53, 1e300, '2', null, true])
    assert.match(refusal({ ...value, seq }), /seq/);
  for (const atMs of [-1, 0.5, 2 ** 53, 8.64e15 + 2, '1000', null])
    assert.match(refusal({ ...value, time: { ...time, atMs } }), /time/);
  for (const uncertaintyMs of [-1, 0.5, null])
    assert.match(refusal({ ...value, time: { ...time, uncertaintyMs } }), /times/);
  for (const cause of [0, 2, 3, 1.5, -1, null]) assert.match(refusal({ ...value, cause }), /cause/);
  for (const compartment of [0, 10_000, 1.5, '7'])
    assert.match(refusal({ ...value, compartment }), /compartment/);
  assert.match(refusal({ ...value, time: { ...time, zone: 'UTC' } }), /time/);
  assert.match(refusal({ ...value, time: { ...time, source: 'gps' } }), /time source/);
  assert.throws(() => write({ kind: 'notice.sent', facts: { channel: 'sms', tries: Number.NaN } }));
  for (const tries of [0.5, -1, 2 ** 53]) {
    assert.throws(() => write({ kind: 'notice.sent', facts: { channel: 'sms', tries } }), /tries/);
  }
});

test('only the first record has no previous one, and a source is a bank or a tenant', () => {
  const draft = leastDraft('journal.created');
  assert.ok(write(draft, { seq: 1, prev: NO_HASH }));
  assert.throws(() => write(draft, { seq: 1, prev: HASH }), /previous/);
  assert.throws(() => write(draft, { seq: 2, prev: NO_HASH }), /previous/);
  for (const prev of ['', 'A', `${'A'.repeat(42)}B`, `${HASH}=`, null])
    assert.match(refusal({ ...sound(), prev }), /prev/);
  for (const source of ['', 'bank_', 'site_aaaaaaaaaaaaaaaaaaaaaaaaaa', BANK.toUpperCase(), `${BANK}a`]) {
    assert.match(refusal({ ...sound(), source }), /source/);
  }
});

test('facts are all there and no others, and a draft that breaks the table throws', () => {
  assert.match(refusal({ ...sound(), facts: { method: 'pin' } }), /lacks the fact work/);
  assert.match(
    refusal({ ...sound(), facts: { method: 'pin', work: 'pick-up', constructor: 'x' } }),
    /constructor/,
  );
  assert.match(refusal({ ...sound(), facts: null }), /objects/);
  assert.match(refusal({ ...sound(), commitments: [] }), /objects/);
  assert.throws(() => write({ kind: 'agent.stopped', facts: { why: true } }), /malformed/);
  assert.throws(() => write({ kind: 'agent.stopped', fields: { person: 'x' } }), /malformed/);
});

test('a commitment opens with its own salt, value and field only; equal values of two records do not link', () => {
  let draws = 0;
  const drawSalt = () => new Uint8Array(16).fill(++draws);
  const draft: RecordDraft = {
    ...leastDraft('attempt.decided'),
    fields: { person: 'a', grant: 'a', session: 'b' },
  };
  const [one, two] = [write(draft, { drawSalt }), write(draft, { drawSalt })];
  assert.equal(new Set([one, two].flatMap(({ record }) => Object.values(record.commitments))).size, 6);
  const opening = one.openings.person ?? assert.fail();
  assert.ok(opens(one.record, 'person', opening));
  assert.ok(!opens(one.record, 'grant', opening));
  assert.ok(!opens(two.record, 'person', opening));
  assert.ok(!opens(one.record, 'parcel', opening));
  assert.ok(!opens(one.record, 'person', { ...opening, value: 'A' }));
  assert.ok(!opens(one.record, 'person', { ...opening, salt: 'AAAA' }));
  assert.throws(() => commit({ salt: 'AAAA', value: 'a' }), /salt/);
  assert.throws(() => write(draft, { drawSalt: () => new Uint8Array(15) }), /salt/);
});

test('property: a single changed byte changes the hash, or the record is refused', () => {
  const change = fc.record({
    kind: fc.constantFrom(...RECORD_KINDS),
    at: fc.nat(),
    mask: fc.integer({ min: 1, max: 255 }),
  });
  fc.assert(
    fc.property(change, ({ kind, at, mask }) => {
      const written = write(fullDraft(kind));
      const bytes = Uint8Array.from(written.bytes);
      const place = at % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ mask;
      const parsed = parseRecord(bytes);
      if (!parsed.ok) return;
      assert.notEqual(naiveLeaf(bytes), written.hash);
      assert.equal(hex(encodeRecord(parsed.record)), hex(bytes));
    }),
    { seed, numRuns: 4000 },
  );
});

test('property: whatever JSON comes, reading answers and never throws', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.dictionary(fc.constantFrom(...Object.keys(sound())), fc.jsonValue()),
      (text, changes) => {
        parseRecord(utf8(text));
        parseRecord(utf8(JSON.stringify({ ...sound(), ...changes })));
      },
    ),
    { seed, numRuns: 1000 },
  );
});

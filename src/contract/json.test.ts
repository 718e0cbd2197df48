import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { utf8 } from '../crypto/bytes.ts';
import { parseIJson, readIJson } from './json.ts';

const seed = process.env.HOLDFAST_SEED === undefined ? {} : { seed: Number(process.env.HOLDFAST_SEED) };

test('what JSON.parse reads and I-JSON allows is read alike', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 12, stringUnit: 'grapheme' }), (text) => {
      fc.pre(!text.includes('\\u0000'));
      assert.deepEqual(parseIJson(text), JSON.parse(text));
    }),
    seed,
  );
});

test('a name that stands twice is refused, however it is written and wherever it stands', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":1,"b":{"a":2},"\\u0061":3}',
    '[[{"x":[{"k":1,"k":2}]}]]',
    '{"a":"\\"","a":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"":1,"":2}',
  ])
    assert.throws(() => parseIJson(text), /stands twice/, text);
  for (const text of ['{"a":{"a":{"a":"a"}},"b":["a","a"]}', '[{"a":1},{"a":1}]', '{"a":"a","b":"a"}'])
    assert.deepEqual(parseIJson(text), JSON.parse(text));
});

test('of many small objects none costs a set of names', (t) => {
  let sets = 0;
  const Real = globalThis.Set;
  globalThis.Set = class<Item> extends Real<Item> {
    constructor(items?: Iterable<Item> | null) {
      super(items);
      sets += 1;
    }
  } as SetConstructor;
  t.after(() => {
    globalThis.Set = Real;
  });
  parseIJson(`[${'{},{"a":0},'.repeat(100_000)}0]`);
  assert.equal(sets, 0);
  parseIJson('[{"a":0,"b":0}]');
  assert.equal(sets, 1, 'two names are compared');
});

test('half of a surrogate pair, and nesting that nobody needs, are refused', () => {
  assert.throws(() => parseIJson('{"a":"\\ud800"}'), /surrogate/);
  assert.throws(() => parseIJson('{"\\udc00":1}'), /surrogate/);
  assert.throws(() => parseIJson('["a\\u0000"]'), /zero/);
  assert.equal(parseIJson('"\\ud83d\\ude00"'), '\u{1f600}');
  assert.throws(() => parseIJson(`${'['.repeat(10_000)}${']'.repeat(10_000)}`), /too deep/);
  assert.throws(() => parseIJson(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`), /too deep/);
  assert.ok(parseIJson(`${'['.repeat(32)}${']'.repeat(32)}`));
});

test('bytes are read alike at every length, and nothing of one message is in the next', () => {
  for (const length of [
    1, 65_534, 65_535, 65_536, 700_000, 1_048_574, 1_048_576, 2_097_150, 2_097_151, 3_000_000,
  ]) {
    for (const letter of ['a', 'é', '—', '\u{1f600}']) {
      const text = letter.repeat(Math.max(1, Math.floor((length - 2) / Buffer.byteLength(letter))));
      assert.equal(readIJson(utf8(JSON.stringify(text))), text);
      assert.deepEqual(readIJson(utf8(` {"n": ["${text}"]} `)), { n: [text] });
    }
    assert.throws(() => readIJson(utf8(`"${'a'.repeat(length)}`)), SyntaxError, 'not ended');
    assert.throws(() => readIJson(utf8(`["${'a'.repeat(length)}"`)), SyntaxError);
    assert.throws(() => readIJson(utf8(`["${'a'.repeat(length)}"]]`)), SyntaxError);
    assert.throws(() => readIJson(utf8(`{"a":"${'a'.repeat(length)}","a":1}`)), /stands twice/);
    assert.throws(
      () => readIJson(Buffer.concat([utf8(`"${'a'.repeat(length)}`), Uint8Array.of(0xff, 34)])),
      TypeError,
    );
  }
});

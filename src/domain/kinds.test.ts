import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMITTED_FIELDS, type FactType } from './facts.ts';
import { KINDS, type KindSpec, kindSpec, RECORD_KINDS } from './kinds.ts';
import { DENIALS, RIGHTS } from './outcome.ts';

const specs = RECORD_KINDS.map((kind): [string, KindSpec] => [kind, kindSpec(kind)]);
const factsOf = (spec: KindSpec) => Object.entries(spec.facts);

/** Every value that a fact of this type can take is a number, a boolean, a hash or a listed word. */
function isClosed(type: FactType): boolean {
  switch (type.type) {
    case 'int':
      return Number.isSafeInteger(type.min) && Number.isSafeInteger(type.max) && type.min < type.max;
    case 'bool':
    case 'hash':
      return Object.keys(type).length === 1;
    case 'word':
      return (
        type.words.length > 0 &&
        new Set(type.words).size === type.words.length &&
        type.words.every((word) => /^[A-Za-z]+(-[a-z]+)*$/.test(word))
      );
  }
}

test('no kind has a fact of free text', () => {
  for (const [kind, spec] of specs) {
    for (const [name, type] of factsOf(spec)) {
      assert.ok(['int', 'bool', 'hash', 'word'].includes(type.type), `${kind} ${name}`);
      assert.ok(isClosed(type), `${kind} ${name}`);
    }
  }
});

test('what is committed to is never a fact, in any kind', () => {
  const fields: readonly string[] = COMMITTED_FIELDS;
  for (const [kind, spec] of specs) {
    for (const [name] of factsOf(spec)) assert.ok(!fields.includes(name), `${kind} says ${name} in clear`);
  }
});

test('names are plain: kinds of dotted words, facts in camel case, parts once', () => {
  assert.equal(new Set(RECORD_KINDS).size, Object.keys(KINDS).length);
  for (const [kind, spec] of specs) {
    assert.match(kind, /^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)?$/);
    for (const [name] of factsOf(spec)) assert.match(name, /^[a-z][A-Za-z]*$/);
    for (const list of [spec.commits, spec.has ?? []]) assert.equal(new Set(list).size, list.length, kind);
    for (const field of spec.commits) assert.ok(COMMITTED_FIELDS.includes(field));
  }
  assert.equal(new Set(COMMITTED_FIELDS).size, COMMITTED_FIELDS.length);
});

test('a number that is a time says its unit', () => {
  for (const [kind, spec] of specs) {
    for (const [name, type] of factsOf(spec)) {
      if (type.type === 'int' && type.max === 8.64e15) assert.match(name, /Ms$/, `${kind} ${name}`);
    }
  }
});

test('what is decided has a decision, and an answer has an outcome', () => {
  for (const [kind, spec] of specs) {
    assert.equal(spec.has?.includes('decision') ?? false, kind.endsWith('.decided'), kind);
    assert.equal(spec.has?.includes('outcome') ?? false, kind.endsWith('.answered'), kind);
  }
});

test('a reason in a fact is a listed denial, and what may be done is a listed right', () => {
  for (const [kind, spec] of specs) {
    const { reason, work } = spec.facts;
    if (reason) assert.deepEqual(reason, { type: 'word', words: DENIALS }, kind);
    if (work?.type === 'word')
      for (const word of work.words)
        assert.ok((RIGHTS as readonly string[]).includes(word), `${kind} ${word}`);
  }
});

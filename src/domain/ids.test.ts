import assert from 'node:assert/strict';
import { test } from 'node:test';
import { base32, type IdKind, idFrom, isId, parseId } from './ids.ts';

test('base32: RFC 4648 section 10 in lower case, without padding', () => {
  const pairs = [
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ];
  for (const [plain, text] of pairs) assert.equal(base32(new TextEncoder().encode(plain)), text);
});

test('an id is its kind and 128 bits, and only of that kind', () => {
  const kinds: IdKind[] = [
    'tenant',
    'site',
    'bank',
    'person',
    'parcel',
    'grant',
    'session',
    'carrier',
    'order',
    'notice',
    'epoch',
  ];
  const bytes = Uint8Array.from({ length: 16 }, (_, at) => at * 17);
  for (const kind of kinds) {
    const id = idFrom(kind, bytes);
    assert.match(id, new RegExp(`^${kind}_[a-z2-7]{26}$`));
    assert.equal(parseId(kind, id), id);
    for (const other of kinds) assert.equal(isId(other, id), other === kind);
  }
});

test('every byte of the sixteen counts', () => {
  const ids = Array.from({ length: 16 }, (_, at) =>
    idFrom(
      'bank',
      Uint8Array.from({ length: 16 }, (_, place) => (place === at ? 1 : 0)),
    ),
  );
  assert.equal(new Set(ids).size, 16);
});

test('other numbers of bytes throw, and other texts are no ids', () => {
  for (const length of [0, 15, 17, 32])
    assert.throws(() => idFrom('bank', new Uint8Array(length)), /16 bytes/);
  const id = idFrom('bank', new Uint8Array(16));
  const bad = [
    '',
    'bank',
    'bank_',
    id.slice(0, -1),
    `${id}a`,
    id.toUpperCase(),
    id.replace('_', '-'),
    ` ${id}`,
    `${id}\n`,
    id.replace('k_', 'k__'),
    id.replace(/a$/, '1'),
  ];
  for (const text of bad) assert.equal(parseId('bank', text), undefined, JSON.stringify(text));
});

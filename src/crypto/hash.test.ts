import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from './bytes.ts';
import { deriveKey, equalBytes, hmacSha256, labelled, sha256 } from './hash.ts';

test('SHA-256 of one and two blocks (FIPS 180-4 examples), whole or in parts', () => {
  assert.equal(hex(sha256(utf8('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  const long = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';
  assert.equal(hex(sha256(utf8(long))), '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1');
  assert.deepEqual(sha256(utf8('a'), utf8(''), utf8('bc')), sha256(utf8('abc')));
});

test('HMAC-SHA-256: RFC 4231 test case 2', () => {
  const mac = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  assert.equal(hex(hmacSha256(utf8('Jefe'), utf8('what do ya want '), utf8('for nothing?'))), mac);
});

test('HKDF-SHA-256: RFC 5869 test case 3', () => {
  const okm = '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8';
  assert.equal(hex(deriveKey(fromHex('0b'.repeat(22)), '', 42)), okm);
  assert.equal(deriveKey(new Uint8Array(32), 'a').length, 32);
  assert.notDeepEqual(deriveKey(new Uint8Array(32), 'a'), deriveKey(new Uint8Array(32), 'b'));
});

test('equal bytes are equal in length and content', () => {
  assert.ok(equalBytes(fromHex('0102'), fromHex('0102')));
  assert.ok(equalBytes(new Uint8Array(0), new Uint8Array(0)));
  for (const other of ['', '01', '0103', '010200']) assert.ok(!equalBytes(fromHex('0102'), fromHex(other)));
});

test('labelled parts of different lists give different bytes', () => {
  const lists = [
    ['a', 'bc'],
    ['ab', 'c'],
    ['abc'],
    ['abc', ''],
    ['', 'abc'],
    ['a', 'b', 'c'],
    ['a', '', 'bc'],
  ];
  assert.equal(
    new Set(lists.map(([label = '', ...parts]) => hex(labelled(label, ...parts)))).size,
    lists.length,
  );
  assert.throws(() => labelled('pin/v1', 'a\0b'), /NUL/);
  assert.throws(() => labelled('pin\0v1'), /NUL/);
});

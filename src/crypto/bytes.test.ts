import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  base64,
  base64url,
  concat,
  fromBase64,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  utf8,
} from './bytes.ts';

test('RFC 4648 section 10, without padding', () => {
  const pairs = [
    ['', ''],
    ['f', 'Zg'],
    ['fo', 'Zm8'],
    ['foo', 'Zm9v'],
    ['foob', 'Zm9vYg'],
    ['fooba', 'Zm9vYmE'],
    ['foobar', 'Zm9vYmFy'],
  ];
  for (const [plain = '', text = ''] of pairs) {
    assert.equal(base64url(utf8(plain)), text);
    assert.deepEqual(fromBase64url(text), utf8(plain));
    const padded = text.padEnd(Math.ceil(text.length / 4) * 4, '=');
    assert.equal(base64(utf8(plain)), padded);
    assert.deepEqual(fromBase64(padded), utf8(plain));
  }
});

test('bytes of every length come back', () => {
  for (let length = 0; length < 70; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 83 + length) & 0xff);
    assert.deepEqual(fromBase64url(base64url(bytes)), bytes);
    assert.deepEqual(fromBase64(base64(bytes)), bytes);
    assert.deepEqual(fromHex(hex(bytes)), bytes);
  }
  const part = Uint8Array.from([9, 250, 251, 252, 9]).subarray(1, 4);
  assert.equal(base64url(part), '-vv8');
  assert.equal(hex(part), 'fafbfc');
});

test('base64url has one form: padding, other letters, spaces and left-over bits are refused', () => {
  for (const text of [
    'Zg==',
    'Zg=',
    'Z',
    'ZgA+',
    'Zg/A',
    ' Zg',
    'Zg\n',
    'Zh',
    'Zm9vYh',
    'Zm9',
    'Zg\0',
    'Žg',
    'AAAAA',
  ]) {
    assert.equal(fromBase64url(text), undefined, JSON.stringify(text));
  }
});

test('of all ends that base64url could have, exactly those are taken that it would write', () => {
  const letters = `${'ABCDEFGHIJKLMNOPQRSTUVWXYZ'}${'abcdefghijklmnopqrstuvwxyz'}0123456789-_`;
  let taken = 0;
  for (const begin of ['', 'Zm9v'])
    for (const last of letters)
      for (const end of [last, `Z${last}`, `-Z${last}`, `_-Z${last}`]) {
        const text = begin + end;
        const isWritten = Buffer.from(text, 'base64url').toString('base64url') === text;
        assert.equal(fromBase64url(text) !== undefined, isWritten, text);
        if (isWritten) taken++;
      }
  assert.equal(taken, 2 * (0 + 4 + 16 + 64));
});

test('padded base64 has one form', () => {
  for (const text of ['Zg', 'Zg=', 'Zg===', 'Zh==', 'Zm-v', 'Zm9v\n', ' Zm9v', 'Zm9v=', '====']) {
    assert.equal(fromBase64(text), undefined, JSON.stringify(text));
  }
});

test('bytes that are not UTF-8 throw, and a byte order mark is a letter like others', () => {
  for (const bad of ['ff', 'c080', 'eda080', 'f4908080', 'e282', '80'])
    assert.throws(() => fromUtf8(fromHex(bad)), TypeError, bad);
  assert.equal(fromUtf8(fromHex('efbbbf41')), '\ufeffA');
  assert.equal(fromUtf8(utf8('è \u{1f511}')), 'è \u{1f511}');
});

test('concat joins in order', () => {
  assert.equal(hex(concat()), '');
  assert.equal(hex(concat(fromHex('01'), new Uint8Array(0), fromHex('0203'))), '010203');
});

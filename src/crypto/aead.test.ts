import assert from 'node:assert/strict';
import { createDecipheriv } from 'node:crypto';
import { test } from 'node:test';
import { KEY_BYTES, newKey, open, seal } from './aead.ts';
import { fromHex, hex, utf8 } from './bytes.ts';

const key = newKey();
const plain = utf8('the side table of record 7');
const place = 'bank_a\0openings\x007';

test('what is sealed opens at its place, with its key', () => {
  assert.equal(key.length, KEY_BYTES);
  for (const text of [plain, new Uint8Array(0), new Uint8Array(70_000).fill(5)]) {
    assert.deepEqual(open(key, seal(key, text, place), place), text);
  }
});

test('AES-256-GCM test case 14 of the GCM specification', () => {
  const sealed = fromHex(
    `01${'00'.repeat(12)}cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919`,
  );
  assert.equal(hex(open(new Uint8Array(32), sealed, '') ?? assert.fail()), '00'.repeat(16));
});

test('the form is version, nonce, ciphertext, tag: read without this module', () => {
  const sealed = seal(key, plain, place);
  assert.equal(sealed.length, 1 + 12 + plain.length + 16);
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13)).setAAD(utf8(place));
  decipher.setAuthTag(sealed.subarray(-16));
  assert.deepEqual(
    Buffer.concat([decipher.update(sealed.subarray(13, -16)), decipher.final()]),
    Buffer.from(plain),
  );
});

test('a value does not open at another place or with another key', () => {
  const sealed = seal(key, plain, place);
  for (const other of ['', place.slice(0, -1), `${place} `, place.replace('7', '8')])
    assert.equal(open(key, sealed, other), undefined);
  assert.equal(open(newKey(), sealed, place), undefined);
});

test('no value with a changed bit opens', () => {
  const sealed = seal(key, plain, place);
  for (let bit = 0; bit < sealed.length * 8; bit++) {
    const changed = Uint8Array.from(sealed);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.equal(open(key, changed, place), undefined, `bit ${bit}`);
  }
});

test('no shortened or lengthened value opens', () => {
  const sealed = seal(key, plain, place);
  for (let length = 0; length < sealed.length; length++) {
    assert.equal(open(key, sealed.subarray(0, length), place), undefined, `first ${length}`);
    assert.equal(open(key, sealed.subarray(sealed.length - length), place), undefined, `last ${length}`);
  }
  assert.equal(open(key, Uint8Array.from([...sealed, 0]), place), undefined);
});

test('no two values share a nonce', () => {
  const nonces = Array.from({ length: 2000 }, () => hex(seal(key, plain, place).subarray(1, 13)));
  assert.equal(new Set(nonces).size, nonces.length);
});

test('a key of another length is a bug and throws', () => {
  for (const length of [0, 16, 31, 33]) {
    assert.throws(() => seal(new Uint8Array(length), plain, place));
    assert.throws(() => open(new Uint8Array(length), seal(key, plain, place), place));
  }
});

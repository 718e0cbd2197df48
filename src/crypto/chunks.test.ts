/** Files sealed in chunks: whole and in order, or not at all. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { newKey } from './aead.ts';
import { concat } from './bytes.ts';
import { openChunks, sealChunks } from './chunks.ts';

const MIB = 1_048_576;
const SEALED_CHUNK = MIB + 16;
const key = newKey();
/** An assertion over megabytes that fails would print them all. */
const isOpened = (under: Uint8Array, sealed: Uint8Array, place = 'here') =>
  openChunks(under, sealed, place) !== undefined;
const drawn = (bytes: number) => new Uint8Array(randomBytes(bytes));

test('a file of any length opens as it was, and the sealed one holds none of its bytes', () => {
  for (const length of [0, 1, 15, MIB - 1, MIB, MIB + 1, 2 * MIB, 3 * MIB + 7]) {
    const bytes = drawn(length);
    const sealed = sealChunks(key, bytes, 'here');
    assert.equal(sealed.length, 1 + length + 16 * Math.max(1, Math.ceil(length / MIB)));
    assert.ok(Buffer.from(bytes).equals(openChunks(key, sealed, 'here') ?? assert.fail()), String(length));
    if (length > 64) assert.ok(!Buffer.from(sealed).includes(Buffer.from(bytes.subarray(0, 32))));
  }
});

test('nothing opens under another key or for another place, or with a bit changed', () => {
  const sealed = sealChunks(key, drawn(MIB + 5), 'here');
  assert.ok(!isOpened(newKey(), sealed));
  assert.ok(!isOpened(key, sealed, 'there'));
  for (const at of [0, 1, MIB, SEALED_CHUNK, SEALED_CHUNK + 1, sealed.length - 1]) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.ok(!isOpened(key, changed), `byte ${at}`);
  }
});

test('a chunk that is left out, moved, doubled or cut off is found, at the end too', () => {
  const sealed = sealChunks(key, drawn(3 * MIB), 'here');
  const chunk = (n: number) => sealed.subarray(1 + n * SEALED_CHUNK, 1 + (n + 1) * SEALED_CHUNK);
  const of = (...numbers: number[]) => concat(sealed.subarray(0, 1), ...numbers.map(chunk));
  assert.ok(isOpened(key, of(0, 1, 2)));
  for (const order of [[0, 1], [0], [1, 2], [0, 2], [1, 0, 2], [0, 1, 2, 2], [0, 1, 1, 2], [2], []])
    assert.ok(!isOpened(key, of(...order)), order.join());
  for (const length of [0, 1, 16, sealed.length - 1, sealed.length - 16, sealed.length - 17])
    assert.ok(!isOpened(key, sealed.subarray(0, length)), `${length} bytes`);
});

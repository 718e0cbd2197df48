/** Entries that are framed where they lie, against the same that are framed one by one. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { hex } from '../../crypto/bytes.ts';
import { leafHash } from '../record.ts';
import { ENTRY_BYTES_MAX, encodeEntries } from './bundle.ts';
import { frameEntries, SEPARATOR } from './frame.ts';
import { bundleObject, growBundles } from './growth.ts';
import { draws } from './test-model.ts';

const seed = Number(process.env.HOLDFAST_SEED ?? randomInt(2 ** 31));
console.log(`HOLDFAST_SEED=${seed}`);

const ALPHABET = ['a', '"', '\\', ' ', 'é', '€', '𝄞', '\u0000'];

function randomEntry(draw: (below: number) => number): string {
  const length = draw(8) === 0 ? 70 + draw(300) : draw(70);
  return Array.from({ length }, () => ALPHABET[draw(ALPHABET.length)]).join('');
}

test('a text of entries becomes what a bundle has of them, and the leaf of each', () => {
  const draw = draws(seed);
  for (let run = 0; run < 200; run++) {
    const entries = Array.from({ length: 1 + draw(40) }, () => randomEntry(draw));
    const { bytes, leaves } = frameEntries(entries.join(SEPARATOR));
    assert.equal(hex(bytes), hex(encodeEntries(entries)));
    assert.deepEqual(
      leaves.map(hex),
      entries.map((entry) => hex(leafHash(entry))),
    );
  }
});

test('an entry with a newline in it comes out as what it is not', () => {
  for (const wrong of ['one\nmore', 'one\n', '\none', 'one\n\ntwo']) {
    const { leaves } = frameEntries(['before', wrong, 'behind'].join(SEPARATOR));
    const right = ['before', wrong, 'behind'].map((entry) => hex(leafHash(entry)));
    assert.notDeepEqual(leaves.map(hex), right, JSON.stringify(wrong));
  }
});

test('an entry is as long as its length can say, and no longer', () => {
  const longest = 'x'.repeat(ENTRY_BYTES_MAX);
  assert.equal(hex(frameEntries(longest).bytes), hex(encodeEntries([longest])));
  assert.throws(() => frameEntries(`short${SEPARATOR}${longest}x`), /an entry has 65536 bytes/);
});

test('parts that lie in one bundle make the bundle of all of them', () => {
  const draw = draws(seed);
  const entries = Array.from({ length: 256 }, () => randomEntry(draw));
  for (const width of [1, 100, 256]) {
    const size = 512 + width;
    const parts: Uint8Array[] = [];
    for (let at = 0; at < width; ) {
      const count = Math.min(width - at, 1 + draw(60));
      parts.push(frameEntries(entries.slice(at, at + count).join(SEPARATOR)).bytes);
      at += count;
    }
    const [whole] = growBundles({ size: 512, last: new Uint8Array(0), entries: entries.slice(0, width) });
    assert.deepEqual(bundleObject(size, parts), whole);
  }
});

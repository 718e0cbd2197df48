import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { badgeText, readScan } from '../../src/domain/scan.ts';
import { badgeHash as rosterBadgeHash } from '../../src/ledger/roster.ts';
import { type BadgeCrypto, badgeHash, drawBadge, groupedBadge } from './badge.ts';

const browser = webcrypto as unknown as BadgeCrypto;

test('the browser hashes a badge as the roster does', async () => {
  const edges = [
    new Uint8Array(16),
    new Uint8Array(16).fill(255),
    Uint8Array.from({ length: 16 }, (_, i) => i),
  ];
  for (const bytes of edges) {
    const text = badgeText(bytes);
    assert.equal(await badgeHash(browser, text), rosterBadgeHash(text));
  }
});

// 200 draws: a collision or a bad length of the encoding would show.
test('no two badges are alike, and each is read back by the scanner', async () => {
  const texts = new Set<string>();
  for (let draw = 0; draw < 200; draw++) {
    const badge = await drawBadge(browser);
    texts.add(badge.text);
    assert.deepEqual(readScan(badge.text), { is: 'badge', secret: badge.text });
    assert.equal(badge.hash.length, 43);
    assert.equal(badge.hash, rosterBadgeHash(badge.text));
  }
  assert.equal(texts.size, 200);
});

test('the whole secret comes from the random source', async () => {
  const drawn: number[] = [];
  const counting: BadgeCrypto = {
    subtle: webcrypto.subtle as unknown as SubtleCrypto,
    getRandomValues: (array) => {
      drawn.push(array?.byteLength ?? 0);
      return array;
    },
  };
  assert.equal((await drawBadge(counting)).text, badgeText(new Uint8Array(16)));
  assert.deepEqual(drawn, [16]);
});

test('NUL, which parts a label from its text, is refused as the roster refuses it', async () => {
  await assert.rejects(badgeHash(browser, 'HFB1\0'), /NUL/);
  assert.throws(() => rosterBadgeHash('HFB1\0'), /NUL/);
});

test('a badge is shown in groups that join to the badge', () => {
  const text = badgeText(new Uint8Array(16).fill(7));
  assert.equal(groupedBadge(text).replaceAll(' ', ''), text);
});

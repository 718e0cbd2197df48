import assert from 'node:assert/strict';
import { test } from 'node:test';
import { proofsToCome, receiptName } from './receipt.ts';

const atMs = Date.UTC(2026, 10, 27, 23, 30);

test('a receipt’s file is called after the number on the parcel and the day on which it came, where the phone is', () => {
  const name = (tracking: string, minutesAheadOfUtc = 0) =>
    receiptName({ tracking, atMs, minutesAheadOfUtc });
  assert.equal(name('RR123456789DE'), 'RR123456789DE-2026-11-27.receipt.json');
  assert.equal(name('RR123456789DE', 60), 'RR123456789DE-2026-11-28.receipt.json');
  assert.equal(name('RR123456789DE', -600), 'RR123456789DE-2026-11-27.receipt.json');
  assert.equal(name('JJD 0001/4 $(rm)'), 'JJD-0001-4-rm-2026-11-27.receipt.json');
  assert.equal(name('../../7'), '7-2026-11-27.receipt.json');
  for (const none of ['', '(not known)', '包裹', '--'])
    assert.equal(name(none), 'parcel-2026-11-27.receipt.json', none);
  assert.match(name('9'.repeat(400)), /^9{40}-2026/);
});

test('what waits for the log is counted; where no log is kept nothing does', () => {
  const of = (...proofs: (string | null)[]) =>
    proofsToCome({ log: 'x', entries: proofs.map((proof) => ({ proof })) });
  const proof = 'c2sp.org/tlog-proof@v1\nindex 7\n';
  assert.equal(of(proof, proof), 0);
  assert.equal(of(proof, 'to come: fetch this receipt again', 'to come: fetch this receipt again'), 2);
  assert.equal(of(null, null), 0);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeRecord } from '../ledger/record.ts';
import { requireSameLayout } from './same-layout.ts';

const OWN = 'A'.repeat(43);
const OTHER = 'E'.repeat(43);

const commissioned = writeRecord({
  draft: {
    kind: 'bank.commissioned',
    facts: { layout: OWN, compartments: 24, development: true },
  },
  source: `bank_${'a'.repeat(26)}`,
  seq: 2,
  prev: 'I'.repeat(43),
  time: { atMs: 1_790_000_000_000, source: 'clock', uncertaintyMs: 0 },
  drawSalt: () => new Uint8Array(16),
}).bytes;

const journal = { tip: { lastSeq: 2 }, recordsUpTo: () => [commissioned] };

test('a bank goes on with the layout that it began with, and with no other', () => {
  requireSameLayout(journal, { layoutHash: OWN, file: 'papers.json' });
  assert.throws(
    () => requireSameLayout(journal, { layoutHash: OTHER, file: 'papers.json' }),
    /the layout in papers\.json is another than the one/,
  );
  // What cannot be read is no proof of anything.
  const unread = { ...journal, recordsUpTo: () => [new Uint8Array([1, 2, 3])] };
  assert.throws(() => requireSameLayout(unread, { layoutHash: OWN, file: 'papers.json' }));
});

test('a bank that begins takes the layout that it is given', () => {
  const empty = { tip: { lastSeq: 0 }, recordsUpTo: () => [] };
  requireSameLayout(empty, { layoutHash: OTHER, file: 'papers.json' });
});

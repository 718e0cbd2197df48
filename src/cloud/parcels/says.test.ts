import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KINDS } from '../../domain/kinds.ts';
import type { LedgerRecord } from '../../ledger/record.ts';
import { says } from './says.ts';

const record = (kind: string, facts: Record<string, unknown> = {}) =>
  ({ kind, facts }) as unknown as LedgerRecord;

test('every kind of record is told in a sentence, with a name and without one', () => {
  for (const kind of Object.keys(KINDS))
    for (const who of ['Mara Lindqvist', null]) {
      const said = says(record(kind), who);
      assert.match(said, /^\p{Lu}.*\.$/u, `${kind}: ${said}`);
      assert.ok(!/null/.test(said), `${kind}: ${said}`);
    }
});

test('who has no name is told by their part in it', () => {
  assert.match(says(record('parcel.deposited'), null), /^A courier put it in/);
  assert.match(says(record('parcel.collected'), null), /^The recipient took it out/);
  assert.match(says(record('session.ended', { end: 'occupancy' }), null), /sensor saw nothing inside/);
});

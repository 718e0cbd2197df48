/**
 * Of what is in a parcel there is no word anywhere. Everything that the desk is shown of one, that the database keeps of
 * one and that a record can say of one stands here, so that whoever adds a field has to say what it is.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { custodyEvent, parcelDetail } from '../../contract/http/admin.ts';
import { KINDS, type KindSpec } from '../../domain/kinds.ts';
import { NOUNS } from '../cloud.ts';
import { openStand, type Stand } from '../test-stand.ts';

/** Where it lies, how large its door is, who answers for it, and since when. */
const COLUMNS = [
  ...['accepted_at_ms', 'bank_id', 'carrier_id', 'compartment', 'courier_id', 'custody', 'deposited_at_ms'],
  ...[
    'ended_at_ms',
    'ord',
    'parcel_id',
    'recipient_id',
    'size',
    'state',
    'tenant_id',
    'tracking',
    'until_ms',
  ],
];
const SHOWN = [
  ...['bank', 'carrier', 'compartment', 'courier', 'custody', 'depositedAtMs', 'endedAtMs', 'flat', 'id'],
  ...['notices', 'recipient', 'size', 'state', 'timeline', 'tracking', 'untilMs', 'verified'],
];
const SHOWN_STEP = [
  ...['atMs', 'compartment', 'custody', 'hash', 'kind', 'says', 'seq', 'source', 'timeSource'],
  ...['uncertaintyMs', 'who'],
];
const FACTS = ['basis', 'occupied', 'offline', 'size', 'untilMs', 'why', 'work'];

let stand: Stand;
before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand?.close());

test('no column, no fact of a record and no field of the desk says what is in a parcel', async () => {
  const { rows } = await stand.inTenant((tx) =>
    sql<{ name: string }>`select column_name as name from information_schema.columns
      where table_name = 'parcels' and table_schema = current_schema()`.execute(tx),
  );
  assert.deepEqual(rows.map(({ name }) => name).sort(), COLUMNS);
  const kinds = Object.entries<KindSpec>(KINDS).filter(([kind]) => kind.startsWith('parcel.'));
  assert.equal(kinds.length, 6);
  const facts = kinds.flatMap(([, spec]) => Object.keys(spec.facts));
  assert.deepEqual([...new Set(facts)].sort(), FACTS);
  assert.deepEqual(Object.keys(parcelDetail.shape).sort(), SHOWN);
  assert.deepEqual(Object.keys(custodyEvent.shape).sort(), SHOWN_STEP);
});

/** A legal hold over a parcel: whoever had a part in it is not erased, by nobody and by no night, and each refusal is on record. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { newSigningKey } from '../../crypto/sign.ts';
import type { ParcelId, PersonId } from '../../domain/ids.ts';
import { NOUNS } from '../cloud.ts';
import * as people from '../people/people.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { type Filled, filledTenant } from '../test-tenants.ts';
import {
  erasePerson,
  liftParcelHolds,
  placeParcelHold,
  previewRetention,
  retainAll,
  retentionOf,
  setRetention,
  standingParcelHolds,
} from './privacy.ts';

const DAY_MS = 86_400_000;
let stand: Stand;
let filled: Filled;
before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: newSigningKey(), mark: 'Alder' });
  // What stands before every erasure is settled: the parcel has ended, and no alarm is about it.
  await inTenant(async (tx) => {
    await sql`update parcels set state = 'collected', ended_at_ms = 1`.execute(tx);
    await sql`update alarms set ended_at_ms = 2`.execute(tx);
  });
});
after(() => stand.close());

const inTenant: Stand['inTenant'] = (run) => stand.cloud.database.tenant(filled.tenant, run);
const parcel = () => filled.parcel as ParcelId;
const erase = (person: PersonId) => inTenant((tx) => erasePerson(stand.cloud, tx, { person, by: null }));
const count = async (kind: string) => {
  const { rows } = await inTenant((tx) =>
    sql<{ n: number }>`select count(*)::int as n from records where kind = ${kind}`.execute(tx),
  );
  return rows[0]?.n;
};

test('while a parcel is held, its recipient and its courier are not erased, and the refusal is recorded', async () => {
  const { cloud } = stand;
  const { resident, courier, admin } = filled.people;
  const place = (untilMs: number | null) =>
    inTenant((tx) => placeParcelHold(cloud, tx, { parcel: parcel(), reason: 'case 12', untilMs, by: admin }));
  await assert.rejects(place(1), /ends in the past/);
  await place(null);
  const [held, ...more] = await inTenant((tx) => standingParcelHolds(cloud, tx, parcel()));
  assert.deepEqual([held?.reason, held?.placedBy, more.length], ['case 12', admin, 0]);
  for (const person of [resident, courier]) assert.deepEqual(await erase(person), { is: 'held' });
  assert.equal(await count('erasure.refused'), 2);
  assert.equal(await count('legal-hold.placed'), 1);
  const lift = () =>
    inTenant((tx) => liftParcelHolds(cloud, tx, { parcel: parcel(), reason: 'closed', by: admin }));
  await lift();
  await assert.rejects(lift(), /No hold stands over this parcel/);
  assert.equal(await count('legal-hold.lifted'), 1);
});

test('no night erases who received a held parcel; when the hold has ended by itself one does, and its reason goes with them', async () => {
  const { cloud } = stand;
  const { resident } = filled.people;
  const nowMs = cloud.clock.nowMs();
  await inTenant((tx) =>
    placeParcelHold(cloud, tx, {
      parcel: parcel(),
      reason: 'case 13',
      untilMs: nowMs + 60 * DAY_MS,
      by: null,
    }),
  );
  await inTenant((tx) => people.removePerson(cloud, tx, resident, null));
  await inTenant((tx) => setRetention(cloud, tx, { days: 30, by: null }));
  const refused = await count('erasure.refused');
  stand.step(40 * DAY_MS);
  const previewed = await inTenant((tx) => previewRetention(cloud, tx, 30));
  assert.deepEqual(previewed.tonight, { erased: 0, held: 1, waiting: 0 });
  await retainAll(cloud);
  const { run } = await inTenant((tx) => retentionOf(tx));
  assert.deepEqual([run?.erased, run?.held, run?.waiting], [0, 1, 0], 'as it was said beforehand');
  assert.equal(await count('erasure.refused'), (refused ?? 0) + 1);
  const nameNow = async () => (await inTenant((tx) => people.findPerson(cloud, tx, resident)))?.profile.name;
  assert.equal(await nameNow(), 'Alder Ada');
  stand.step(30 * DAY_MS);
  await retainAll(cloud);
  assert.equal(await nameNow(), '(erased)');
  const { rows } = await inTenant((tx) =>
    sql`select 1 from parcel_holds where owner_id = ${resident}`.execute(tx),
  );
  assert.equal(rows.length, 0);
  // A parcel of which nobody is known any more can still be held: its courier may be.
  await inTenant((tx) =>
    placeParcelHold(cloud, tx, { parcel: parcel(), reason: 'case 14', untilMs: null, by: null }),
  );
  const [held] = await inTenant((tx) => standingParcelHolds(cloud, tx, null));
  assert.equal(held?.reason, 'case 14');
});

test('a parcel that is not there, or is another organisation’s, is not held', async () => {
  const { cloud } = stand;
  for (const id of ['parcel_x', filled.people.resident, filled.bank])
    await assert.rejects(
      inTenant((tx) => placeParcelHold(cloud, tx, { parcel: id, reason: 'x', untilMs: null, by: null })),
      /no such parcel/,
    );
  await assert.rejects(
    stand.inTenant((tx) =>
      placeParcelHold(cloud, tx, { parcel: parcel(), reason: 'x', untilMs: null, by: null }),
    ),
    /no such parcel/,
  );
});

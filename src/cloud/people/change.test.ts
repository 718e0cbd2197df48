/** People whom two change at once, of whom the second sees what the first has done; and addresses that many have. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import pg from 'pg';
import { base64url } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import { NOUNS } from '../cloud.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import * as people from './people.ts';

let stand: Stand;
let watching: pg.Client;
before(async () => {
  stand = await openStand(NOUNS);
  watching = new pg.Client({ connectionString: stand.superuserUrl() });
  await watching.connect();
});
after(async () => {
  await watching?.end();
  await stand?.close();
});

const resident = (email: string) => ({ name: 'Ada', flat: '7', email, phone: null, accessible: false });
const add = (email: string) =>
  stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, { ...resident(email), site: stand.site, by: null }),
  );
const patch = (tx: Tx, person: PersonId, change: people.ProfilePatch) =>
  people.patchPerson(stand.cloud, tx, person, { ...change, by: null });

/** Begins the second while the first is done and not committed, and commits it when the second waits for it. */
async function meanwhile<T>(first: (tx: Tx) => Promise<unknown>, second: () => Promise<T>): Promise<T> {
  let begun: Promise<T> | undefined;
  await stand.inTenant(async (tx) => {
    await first(tx);
    begun = second();
    begun.catch(() => undefined);
    for (let waits = false; !waits; ) {
      const { rows } = await watching.query('select 1 from pg_locks where not granted');
      waits = rows.length > 0;
    }
  });
  return (await begun) as T;
}

test('an address that is changed meanwhile is not put back by a change of something else', async () => {
  const person = await add('before@example.org');
  const after = await meanwhile(
    (tx) => patch(tx, person, { email: 'right@example.org' }),
    () => stand.inTenant((tx) => patch(tx, person, { accessible: true })),
  );
  assert.deepEqual([after.profile.email, after.profile.accessible], ['right@example.org', true]);
  const kept = await stand.inTenant((tx) => people.requirePerson(stand.cloud, tx, person));
  assert.deepEqual(kept.profile, after.profile);
  const { database } = stand.cloud;
  for (const [email, count] of [
    ['right@example.org', 1],
    ['before@example.org', 0],
  ] as const) {
    const found = await database.readEstate((tx) => people.addressees(stand.cloud, tx, email, ['resident']));
    assert.equal(found.length, count, email);
  }
});

test('nothing is written of somebody who is removed meanwhile: no look-up leads to them again', async () => {
  const person = await add('gone@example.org');
  await assert.rejects(
    meanwhile(
      (tx) => people.removePerson(stand.cloud, tx, person, null),
      () => stand.inTenant((tx) => patch(tx, person, { flat: '8', email: 'back@example.org' })),
    ),
    /There is nobody here by that id/,
  );
  const { rows } = await stand.inTenant((tx) =>
    sql<{
      left: number;
    }>`select (select count(*)::int from persons where person_id = ${person} and flat_index is not null)
      + (select count(*)::int from address_index where person_id = ${person}) as left`.execute(tx),
  );
  assert.equal(rows[0]?.left, 0);
});

test('an organisation that enters an address many times takes nobody of another from the list', async () => {
  const { cloud, tenant } = stand;
  const email = 'shared@example.org';
  for (let n = 0; n < 7; n++) await add(email);
  const other = await createTenant(cloud);
  const victim = await cloud.database.tenant(other, async (tx) => {
    const rootKeys = [base64url(newSigningKey().publicKey)];
    const site = await banks.addSite(cloud, tx, { name: 'Elsewhere', rootKeys, rootSignatures: 1 });
    return people.addResident(cloud, tx, { ...resident(email), site, by: null });
  });
  const found = await cloud.database.readEstate((tx) => people.addressees(cloud, tx, email, ['resident']));
  assert.deepEqual(
    found.filter((one) => one.tenant === other).map(({ person }) => person),
    [victim],
  );
  assert.equal(found.filter((one) => one.tenant === tenant).length, 5);
});

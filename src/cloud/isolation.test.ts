/** The wall between tenants is the database's own: these queries name no tenant, and are run over every table. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { LAYOUT_24 } from '../domain/bank.ts';
import type { SiteId, TenantId } from '../domain/ids.ts';
import type { Tx } from '../platform/database.ts';
import * as banks from './banks/banks.ts';
import { NOUNS } from './cloud.ts';
import { projectionsOf, takeBatch } from './intake/intake.ts';
import { parcels } from './parcels/parcels.ts';
import * as people from './people/people.ts';
import { createTenant } from './tenants/tenants.ts';
import { enrolledBank } from './test-bank.ts';
import { openStand, type Stand } from './test-stand.ts';

let stand: Stand;
let others: TenantId[];

/** Read before a tenant is known; each says why in its migration. */
const ESTATE_TABLES = new Set([
  'tenants',
  'bank_index',
  'enrolment_codes',
  'address_index',
  'roster_sites',
  'sign_in_links',
  'sessions',
]);

async function fill(tenant: TenantId): Promise<void> {
  const { cloud } = stand;
  const site = await cloud.database.tenant(tenant, async (tx): Promise<SiteId> => {
    const made = await banks.addSite(cloud, tx, {
      name: 'Alder Court',
      rootKeys: [Buffer.from(stand.root.publicKey).toString('base64url')],
      rootSignatures: 1,
    });
    await banks.registerBank(cloud, tx, { site: made, name: 'Lobby', layout: LAYOUT_24 });
    return made;
  });
  const bank = await enrolledBank(cloud, tenant, site);
  const [courier, recipient] = await cloud.database.tenant(tenant, async (tx) => {
    const carrier = await people.addCarrier(cloud, tx, { name: 'UPS', key: null });
    return [
      await people.addCourier(cloud, tx, { name: 'Mara', email: null, carrier, badgeHash: 'h', by: null }),
      await people.addResident(cloud, tx, {
        site,
        name: 'Ada',
        flat: '1',
        email: `a@${tenant}.example`,
        phone: null,
        accessible: false,
        by: null,
      }),
    ];
  });
  bank.writeJourney({
    courier,
    recipient,
    compartment: 1,
    carrier: 'carrier',
    tracking: 'T',
    collect: false,
  });
  const projections = projectionsOf([parcels]);
  assert.ok(
    (await takeBatch(cloud, projections, { tenant, bank: bank.bank, message: await bank.batch() })).taken,
  );
}

before(async () => {
  stand = await openStand(NOUNS);
  others = [stand.tenant, await createTenant(stand.cloud)];
  for (const tenant of others) await fill(tenant);
});
after(() => stand.close());

async function tenantTables(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ name: string; forced: boolean }>`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`.execute(tx);
  for (const row of rows) assert.ok(row.forced, `${row.name} forces row security`);
  return rows.map((row) => row.name);
}

test('every table of ours has a tenant and a wall', async () => {
  await stand.inTenant(async (tx) => {
    const walled = await tenantTables(tx);
    const { rows } = await sql<{
      name: string;
    }>`select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`.execute(
      tx,
    );
    const without = rows.map((row) => row.name).filter((name) => !walled.includes(name));
    assert.deepEqual(without, ['migrations']);
  });
});

test('no tenant sees, changes or adds a row of another', async () => {
  for (const [index, tenant] of others.entries()) {
    const other = others[1 - index] ?? tenant;
    const names = await stand.cloud.database.tenant(tenant, tenantTables);
    for (const name of names) {
      const table = sql.table(name);
      await stand.cloud.database.tenant(tenant, async (tx) => {
        const seen = await sql<{
          n: number;
        }>`select count(*) as n from ${table} where tenant_id <> ${tenant}`.execute(tx);
        assert.equal(seen.rows[0]?.n, 0, `${name} shows foreign rows`);
      });
      const moves = stand.cloud.database.tenant(tenant, (tx) =>
        sql`update ${table} set tenant_id = ${other}`.execute(tx),
      );
      await moves.then(
        (done) => assert.equal(Number(done.numAffectedRows ?? 0), 0, `${name} gives rows away`),
        (error: { code?: string }) => assert.equal(error.code, '42501', `${name}: ${String(error)}`),
      );
    }
  }
});

test('without a tenant only the tables of the estate show rows', async () => {
  await stand.cloud.database.estate(async (tx) => {
    for (const name of await tenantTables(tx)) {
      const { rows } = await sql<{ n: number }>`select count(*) as n from ${sql.table(name)}`.execute(tx);
      if (!ESTATE_TABLES.has(name)) assert.equal(rows[0]?.n, 0, `${name} shows rows without a tenant`);
    }
  });
  const changed = await stand.cloud.database.estate((tx) =>
    sql`update bank_index set certificate = null`.execute(tx),
  );
  assert.equal(Number(changed.numAffectedRows), 0, 'nothing is changed without a tenant');
});

test('what one tenant sealed does not open for another', async () => {
  const { keys, database } = stand.cloud;
  const [first, second] = others as [TenantId, TenantId];
  const sealed = await database.tenant(first, (tx) => keys.sealForTenant(tx, 'place', 'secret'));
  assert.equal(await database.tenant(first, (tx) => keys.openForTenant(tx, 'place', sealed)), 'secret');
  assert.equal(
    await database.tenant(first, (tx) => keys.openForTenant(tx, 'another place', sealed)),
    undefined,
  );
  assert.equal(await database.tenant(second, (tx) => keys.openForTenant(tx, 'place', sealed)), undefined);
  assert.notDeepEqual(
    await database.tenant(first, (tx) => keys.index(tx, 'flat', '1')),
    await database.tenant(second, (tx) => keys.index(tx, 'flat', '1')),
  );
});

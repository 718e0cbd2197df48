/**
 * The wall between tenants is the database's own. These queries name every table that the catalogue has and
 * no store function, so that a table of tomorrow is asked as well; each holds rows of two tenants, or the test
 * that finds nothing would have looked at nothing.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import type { TenantId } from '../domain/ids.ts';
import type { Tx } from '../platform/database.ts';
import { NOUNS } from './cloud.ts';
import { openStand, type Stand } from './test-stand.ts';
import { type Filled, filledTenant } from './test-tenants.ts';

let stand: Stand;
let others: [Filled, Filled];

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

before(async () => {
  stand = await openStand(NOUNS);
  const { cloud, root } = stand;
  others = [
    await filledTenant(cloud, { root, mark: 'Alder' }),
    await filledTenant(cloud, { root, mark: 'Birch' }),
  ];
});
after(() => stand.close());

type Table = { name: string; enabled: boolean; forced: boolean; owner: string };

/** Every table of ours with a tenant. */
async function tenantTables(tx: Tx): Promise<Table[]> {
  const { rows } = await sql<Table>`
    select c.relname as name, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
      pg_get_userbyid(c.relowner) as owner from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace order by 1`.execute(tx);
  return rows;
}

const named = async (tx: Tx) => (await tenantTables(tx)).map(({ name }) => name);

async function numberOf(tx: Tx, table: string, where = sql`true`): Promise<number> {
  const { rows } = await sql<{
    n: number;
  }>`select count(*)::int as n from ${sql.table(table)} where ${where}`.execute(tx);
  return rows[0]?.n ?? 0;
}

/** Columns that a statement may write: one that is computed refuses before any wall is asked. */
async function writtenColumns(tx: Tx, table: string): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`select attname as name from pg_attribute
    where attrelid = ${table}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`.execute(
    tx,
  );
  return rows.map(({ name }) => name);
}

const ofTenant = (tenant: TenantId) => sql`tenant_id = ${tenant}`;

/** What a statement changed, or the refusal's SQLSTATE. The transaction is undone either way. */
async function tried(
  as: TenantId,
  run: (tx: Tx) => Promise<{ numAffectedRows?: bigint }>,
): Promise<number | string> {
  class Undone extends Error {}
  let changed: number | string = -1;
  const trying = stand.cloud.database.tenant(as, async (tx) => {
    changed = Number((await run(tx)).numAffectedRows ?? 0);
    throw new Undone();
  });
  await trying.catch((error: { code?: string }) => {
    if (error instanceof Undone) return;
    changed = error.code ?? String(error);
  });
  return changed;
}

const NO_RIGHT = '42501';

test('every table of ours has a tenant and a wall', async () => {
  await stand.inTenant(async (tx) => {
    const walled = await tenantTables(tx);
    for (const { name, enabled, forced, owner } of walled) {
      assert.ok(enabled && forced, `${name} has row security, and for its owner too`);
      assert.equal(owner, 'holdfast_owner', name);
    }
    const { rows } = await sql<{ name: string; kind: string }>`
      select relname as name, relkind as kind from pg_class
      where relkind in ('r', 'p', 'v', 'm', 'f') and relnamespace = 'public'::regnamespace`.execute(tx);
    const without = rows
      .map(({ name }) => name)
      .filter((name) => !walled.some((table) => table.name === name));
    // No view, either: one that runs with its owner's rights would look over the wall.
    // Which process serves which bank is nothing of a tenant: ids, and no more.
    assert.deepEqual(without.sort(), ['bank_leases', 'cloud_processes', 'migrations']);
  });
});

test('a wall has one gate, for the own tenant, and an estate table one more, to look through', async () => {
  await stand.inTenant(async (tx) => {
    const { rows } = await sql<{
      name: string;
      cmd: string;
      using: string;
      check: string | null;
      kind: string;
    }>`
      select tablename as name, cmd, qual as using, with_check as check, permissive as kind
      from pg_policies where schemaname = 'public'`.execute(tx);
    const OWN = "(tenant_id = current_setting('holdfast.tenant'::text, true))";
    const NONE = "(COALESCE(current_setting('holdfast.tenant'::text, true), ''::text) = ''::text)";
    for (const name of await named(tx)) {
      const own = rows.filter((row) => row.name === name && row.cmd === 'ALL');
      assert.deepEqual(
        own.map(({ using, check, kind }) => ({ using, check, kind })),
        [{ using: OWN, check: null, kind: 'PERMISSIVE' }],
        name,
      );
      const more = rows.filter((row) => row.name === name && row.cmd !== 'ALL');
      const expected = ESTATE_TABLES.has(name) ? [{ cmd: 'SELECT', using: NONE }] : [];
      assert.deepEqual(
        more.map(({ cmd, using }) => ({ cmd, using })),
        expected,
        name,
      );
    }
  });
});

test('the role of the application is nobody: no owner, no superuser, and nothing that passes the wall', async () => {
  await stand.inTenant(async (tx) => {
    const { rows } = await sql<Record<string, boolean | number | string>>`
      select current_user as name, session_user as session, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
        (select count(*)::int from pg_class where relowner = r.oid) as owns,
        (select count(*)::int from pg_auth_members where member = r.oid) as member_of,
        has_schema_privilege('public', 'create') as may_create,
        (select count(*)::int from pg_proc where prosecdef and pronamespace = 'public'::regnamespace) as definers
      from pg_roles r where rolname = current_user`.execute(tx);
    assert.deepEqual(rows[0], {
      name: 'holdfast_app',
      session: 'holdfast_app',
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      owns: 0,
      member_of: 0,
      may_create: false,
      definers: 0,
    });
    // Row security binds neither of these (PostgreSQL manual, 5.9).
    for (const name of await named(tx)) {
      const { rows: rights } = await sql<{ passes: boolean }>`
        select has_table_privilege(${name}, 'truncate') or has_table_privilege(${name}, 'references')
          or has_table_privilege(${name}, 'trigger') as passes`.execute(tx);
      assert.equal(rights[0]?.passes, false, name);
    }
  });
});

test('no tenant sees, changes, takes, plants or removes a row of another, in any table', async (t) => {
  let asked = 0;
  for (const [index, { tenant }] of others.entries()) {
    const foreign = others[1 - index]?.tenant as TenantId;
    for (const name of await stand.cloud.database.tenant(tenant, named)) {
      const table = sql.table(name);
      await stand.cloud.database.tenant(tenant, async (tx) => {
        assert.ok((await numberOf(tx, name)) > 0, `${name} has rows, or nothing is tried here`);
        assert.equal(
          await numberOf(tx, name, sql`not (${ofTenant(tenant)})`),
          0,
          `${name} shows foreign rows`,
        );
      });
      const nothing = [0, NO_RIGHT];
      const refused = async (
        what: string,
        statement: ReturnType<typeof sql>,
        allowed: (number | string)[],
      ) => {
        asked += 1;
        const answer = await tried(tenant, (tx) => statement.execute(tx));
        assert.ok(allowed.includes(answer), `${what} of ${name}: ${answer}`);
      };
      await refused(
        'changing',
        sql`update ${table} set tenant_id = tenant_id where ${ofTenant(foreign)}`,
        nothing,
      );
      await refused(
        'taking',
        sql`update ${table} set tenant_id = ${tenant} where ${ofTenant(foreign)}`,
        nothing,
      );
      await refused('giving', sql`update ${table} set tenant_id = ${foreign}`, [NO_RIGHT]);
      await refused('removing', sql`delete from ${table} where ${ofTenant(foreign)}`, nothing);
      const written = await stand.cloud.database.tenant(tenant, (tx) => writtenColumns(tx, name));
      await refused(
        'planting',
        sql`insert into ${table} (${sql.join(written.map((column) => sql.ref(column)))}) overriding system value
          select ${sql.join(written.map((column) => sql.ref(`planted.${column}`)))} from ${table} mine
            cross join lateral jsonb_populate_record(mine, jsonb_build_object('tenant_id', ${foreign}::text)) planted limit 1`,
        [NO_RIGHT],
      );
    }
  }
  t.diagnostic(`${asked} statements across two tenants`);
  assert.ok(asked > 250);
});

test('a tenant that does not exist, or is named strangely, sees nothing', async () => {
  for (const strange of ['tenant_x', '%', "' or '1'='1", others[0].tenant.toUpperCase()])
    await stand.cloud.database.tenant(strange as TenantId, async (tx) => {
      for (const name of await named(tx)) assert.equal(await numberOf(tx, name), 0, `${name} for ${strange}`);
    });
});

test('the tenant of a transaction ends with it: a connection that is used again carries none over', async () => {
  const { database } = stand.cloud;
  for (let round = 0; round < 30; round++) {
    const { tenant } = others[round % 2] ?? others[0];
    for (const way of [database.tenant, database.read, database.snapshot]) {
      assert.ok((await way(tenant, (tx) => numberOf(tx, 'parcels'))) > 0);
      assert.equal((await database.pool.query('select 1 from parcels')).rowCount, 0);
    }
    assert.equal(await database.readEstate((tx) => numberOf(tx, 'parcels')), 0);
    assert.equal(await database.estate((tx) => numberOf(tx, 'parcels')), 0);
    assert.equal((await database.pool.query('select 1 from parcels')).rowCount, 0);
  }
});

test('without a tenant only the tables of the estate show rows, and none changes one', async () => {
  const { estate } = stand.cloud.database;
  const names = await estate(named);
  for (const name of names) {
    const seen = await estate((tx) => numberOf(tx, name));
    if (ESTATE_TABLES.has(name)) assert.ok(seen > 0, `${name} is read without a tenant`);
    else assert.equal(seen, 0, `${name} shows rows without a tenant`);
    for (const change of [
      sql`update ${sql.table(name)} set tenant_id = tenant_id`,
      sql`delete from ${sql.table(name)}`,
    ])
      await estate((tx) => change.execute(tx)).then(
        (done) => assert.equal(Number(done.numAffectedRows ?? 0), 0, `${name} is changed without a tenant`),
        (error: { code?: string }) => assert.equal(error.code, NO_RIGHT, `${name}: ${String(error)}`),
      );
  }
});

test('what one tenant sealed does not open for another', async () => {
  const { keys, database } = stand.cloud;
  const [first, second] = [others[0].tenant, others[1].tenant];
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

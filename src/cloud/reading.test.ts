/** How statements travel: together, behind their tenant, and none behind one that failed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type RawBuilder, sql } from 'kysely';
import pg from 'pg';
import { idFrom, type TenantId } from '../domain/ids.ts';
import { planned, type Tx } from '../platform/database.ts';
import { systemRandom } from '../platform/random.ts';
import { openStand, type Stand } from './test-stand.ts';

let stand: Stand;
before(async () => {
  stand = await openStand([]);
});
after(() => stand.close());

const READ_ONLY = '25006';
const DIVISION_BY_ZERO = '22012';

/** The SQLSTATE with which a promise fails. */
async function refusal(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, 'it failed');
  return (error as { code?: string }).code;
}

const carrier = () => idFrom('carrier', systemRandom.bytes(16));
const adding = (id: string) => sql`insert into carriers (carrier_id, name) values (${id}, 'UPS')`;
const carriersOf = (tenant: TenantId) =>
  stand.cloud.database.tenant(tenant, async (tx) => {
    const { rows } = await sql<{ id: string }>`select carrier_id as id from carriers`.execute(tx);
    return rows.map(({ id }) => id);
  });

test('a read neither writes nor locks, however it is asked, and takes no right from who comes after', async () => {
  const { database } = stand.cloud;
  const id = carrier();
  const statements: RawBuilder<unknown>[] = [
    adding(id),
    sql`update tenants set created_at_ms = 1`,
    sql`select * from tenants for update`,
    sql`select pg_advisory_xact_lock(1), set_config('transaction_read_only', 'off', true)`,
  ];
  const codes: (string | undefined)[] = [];
  for (const statement of statements)
    codes.push(await refusal(database.read(stand.tenant, (tx) => statement.execute(tx))));
  assert.deepEqual(codes.slice(0, 3), [READ_ONLY, READ_ONLY, READ_ONLY]);
  assert.equal(codes[3], '25001', 'the right to write cannot be taken back');
  const trying = database.read(stand.tenant, (tx) =>
    Promise.all([sql`set transaction read write`.execute(tx), adding(id).execute(tx)]),
  );
  assert.equal(await refusal(trying), '25001');
  assert.equal(await refusal(database.readEstate((tx) => adding(id).execute(tx))), READ_ONLY);
  assert.ok(!(await carriersOf(stand.tenant)).includes(id));
  // Over the very connections that have read.
  for (let round = 0; round < 20; round++) {
    const next = carrier();
    await Promise.all([
      database.read(stand.tenant, (tx) => sql`select 1`.execute(tx)),
      database.tenant(stand.tenant, (tx) => adding(next).execute(tx)),
    ]);
    assert.ok((await carriersOf(stand.tenant)).includes(next));
  }
});

test('behind a statement that fails none is run: no row without its tenant, and none of half a transaction', async () => {
  const { database } = stand.cloud;
  // PostgreSQL takes no zero character, so naming this tenant fails.
  const strange = 'tenant_\0' as TenantId;
  const look = (tx: Tx) => sql`select * from tenants`.execute(tx);
  assert.equal((await database.readEstate(look)).rows.length, 1, 'shown to who has no tenant');
  for (const way of [database.read, database.tenant, database.snapshot])
    assert.equal(await refusal(way(strange, look)), '22021');
  const id = carrier();
  const wrong = sql`select 1 / 0`;
  const both = async (tx: Tx) => {
    await look(tx);
    return await Promise.allSettled([wrong.execute(tx), adding(id).execute(tx)]);
  };
  const goesOn = async (tx: Tx) => {
    await assert.rejects(wrong.execute(tx));
    await adding(id).execute(tx);
  };
  assert.equal(await refusal(database.tenant(stand.tenant, goesOn)), '25P02');
  await assert.rejects(database.tenant(stand.tenant, both), /had failed, and was undone/);
  const first = async (tx: Tx) => {
    await adding(id).execute(tx);
    await wrong.execute(tx);
  };
  assert.equal(await refusal(database.tenant(stand.tenant, first)), DIVISION_BY_ZERO);
  assert.ok(!(await carriersOf(stand.tenant)).includes(id));
});

test('what a connection plans once is planned again where that had failed', async () => {
  const { database } = stand.cloud;
  const quotient = planned<{ n: number }>('select 6 / $1::int as n');
  const same = planned<{ n: number }>('select $1::int as n');
  for (let round = 0; round < 30; round++) {
    const asked = database.read(stand.tenant, (tx) =>
      Promise.all([quotient(tx, round % 3), same(tx, round), same(tx, round + 1)]),
    );
    if (round % 3 === 0) assert.equal(await refusal(asked), DIVISION_BY_ZERO);
    else assert.deepEqual(await asked, [[{ n: 6 / (round % 3) }], [{ n: round }], [{ n: round + 1 }]]);
  }
});

test('a plan that a migration has outdated fails once a connection, and is made again', async () => {
  const { database } = stand.cloud;
  const shapes = planned<{ corners: unknown }>('select corners from shapes');
  const look = (tx: Tx) => shapes(tx);
  const owner = new pg.Client({ connectionString: stand.superuserUrl() });
  await owner.connect();
  try {
    await owner.query(`create table shapes (corners int); insert into shapes values (3);
      grant select on shapes to holdfast_app`);
    for (const way of [database.read, database.tenant]) {
      assert.deepEqual(await way(stand.tenant, look), [{ corners: 3 }]);
      await owner.query('alter table shapes add column sides int');
      assert.deepEqual(await way(stand.tenant, look), [{ corners: 3 }]);
      await owner.query(`alter table shapes drop column sides; alter table shapes alter corners type text`);
      assert.equal(await refusal(way(stand.tenant, look)), '0A000');
      assert.deepEqual(await way(stand.tenant, look), [{ corners: '3' }]);
      await owner.query('alter table shapes alter corners type int using corners::int');
      await refusal(way(stand.tenant, look));
    }
  } finally {
    await owner.query('drop table if exists shapes');
    await owner.end();
  }
});

test('a value that cannot be told exactly is a failure, and the next answer is whole', async () => {
  const { database } = stand.cloud;
  const beyond = sql`select 9007199254740993::bigint as n union all select 1`;
  await assert.rejects(
    database.read(stand.tenant, (tx) => beyond.execute(tx)),
    /more than a JavaScript number/,
  );
  const { rows } = await database.read(stand.tenant, (tx) =>
    sql`select 7::bigint as n, null as nothing, '\\x00ff'::bytea as bytes, '{"a":[1]}'::jsonb as json`.execute(
      tx,
    ),
  );
  assert.deepEqual(rows, [{ n: 7, nothing: null, bytes: Buffer.from([0, 255]), json: { a: [1] } }]);
});

test('a transaction answers nobody after its end, and a broken connection is not used again', async () => {
  const { database } = stand.cloud;
  for (const way of [database.read, database.tenant]) {
    const kept = await way(stand.tenant, async (tx) => ({ tx }));
    await assert.rejects(sql`select 1`.execute(kept.tx), /has ended/);
    const killed = way(stand.tenant, (tx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(tx));
    await assert.rejects(killed);
    const { rows } = await way(stand.tenant, (tx) => sql`select 1 as one`.execute(tx));
    assert.deepEqual(rows, [{ one: 1 }]);
  }
});

test('who was undone because two waited for each other is asked again', async () => {
  const { database } = stand.cloud;
  const [first, second] = [carrier(), carrier()];
  await database.tenant(stand.tenant, async (tx) => {
    await adding(first).execute(tx);
    await adding(second).execute(tx);
  });
  let calls = 0;
  let bothHold: () => void = () => {};
  const held = new Promise<void>((resolve) => {
    bothHold = resolve;
  });
  const renaming = (order: readonly [string, string]) =>
    database.tenant(stand.tenant, async (tx) => {
      const rename = (id: string) =>
        sql`update carriers set name = name || '!' where carrier_id = ${id}`.execute(tx);
      await rename(order[0]);
      calls += 1;
      if (calls === 2) bothHold();
      await held;
      await rename(order[1]);
    });
  await Promise.all([renaming([first, second]), renaming([second, first])]);
  assert.equal(calls, 3);
  const { rows } = await database.read(stand.tenant, (tx) =>
    sql<{ name: string }>`select name from carriers where carrier_id in (${first}, ${second})`.execute(tx),
  );
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['UPS!!', 'UPS!!'],
  );
});

test('a transaction of one round trip writes as its tenant or not at all, and is asked once', async () => {
  const { database } = stand.cloud;
  const [one, two] = [carrier(), carrier()];
  await database.once(stand.tenant, (tx) => Promise.all([adding(one).execute(tx), adding(two).execute(tx)]));
  const there = await carriersOf(stand.tenant);
  assert.ok(there.includes(one) && there.includes(two));

  const third = carrier();
  const failing = database.once(stand.tenant, (tx) =>
    Promise.all([adding(third).execute(tx), sql`select 1 / 0`.execute(tx)]),
  );
  assert.equal(await refusal(failing), DIVISION_BY_ZERO);
  assert.ok(!(await carriersOf(stand.tenant)).includes(third), 'what stood before the failure is undone');

  const twice = database.once(stand.tenant, async (tx) => {
    await sql`select 1`.execute(tx);
    await adding(third).execute(tx);
  });
  await assert.rejects(twice, /asked a second time/);
  assert.ok(!(await carriersOf(stand.tenant)).includes(third));
});

test('a transaction that fails before its first statement has travelled leaves nobody inside it', async () => {
  const { database } = stand.cloud;
  const tenantNow = planned<{ tenant: string | null }>(
    `select nullif(current_setting('holdfast.tenant', true), '') as tenant`,
  );
  const failing = database.tenant(stand.tenant, (tx) =>
    Promise.all([tenantNow(tx), Promise.reject(new Error('refused at once'))]),
  );
  await assert.rejects(failing, /refused at once/);
  // Every connection of the pool, the one of the failure among them.
  const clients = await Promise.all(
    Array.from({ length: database.pool.idleCount }, () => database.pool.connect()),
  );
  assert.ok(clients.length > 0);
  for (const client of clients) await client.query('select');
  const inside = clients.filter((client) => client.getTransactionStatus() !== 'I');
  for (const client of clients) client.release();
  assert.equal(inside.length, 0, 'a connection of the pool is in a transaction of nobody');
  assert.deepEqual(await database.estate(tenantNow), [{ tenant: null }]);
});

/** The sequencer over a real database: it is stopped at every durable write, and comes again. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { fromUtf8 } from '../../crypto/bytes.ts';
import { newSigningKey } from '../../crypto/sign.ts';
import type { TenantId } from '../../domain/ids.ts';
import { openCheckpoint, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { CHECKPOINT_PATH, parseTilePath, TILE_WIDTH, tilePath } from '../../ledger/log/layout.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { createTenant } from '../tenants/tenants.ts';
import type { logsInMemory } from '../test-logs.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { filledTenant } from '../test-tenants.ts';
import { createLog, drain, judgeLog } from './log.ts';
import { sequence } from './sequencer.ts';
import { assertGrew, Died, dying, readWhole, record, recordsIn, shownHead } from './test-log.ts';

const host = 'ledger.example.org';
let stand: Stand;

before(async () => {
  stand = await openStand(NOUNS);
});
after(() => stand.close());

async function tenantWithLog(): Promise<TenantId> {
  const tenant = await createTenant(stand.cloud);
  await createLog(stand.cloud, { tenant, host, succeeds: false });
  return tenant;
}

test('every record of every journal is in the log once, and a stranger can read all of it', async () => {
  const { cloud } = stand;
  const { tenant } = await filledTenant(cloud, { root: newSigningKey(), mark: 'Alder' });
  await record(cloud, tenant, 300);
  await drain(cloud, tenant);
  const first = await readWhole(cloud, tenant);
  assert.equal(first.size, await recordsIn(cloud, tenant));
  await record(cloud, tenant, 5);
  await drain(cloud, tenant);
  const second = await readWhole(cloud, tenant);
  assert.equal(second.size, first.size + 5);
  await assertGrew(cloud, tenant, { from: first, to: second });
  assert.equal(await judgeLog(cloud, tenant), undefined);
});

test('a batch has a thousand records at most, and whoever waits longest is first', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await record(cloud, tenant, 1_200);
  assert.equal(await sequence(cloud, tenant), 'grew');
  assert.equal((await shownHead(cloud, tenant)).size, 1_000);
  assert.equal(await sequence(cloud, tenant), 'grew');
  assert.equal(await sequence(cloud, tenant), 'idle');
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
});

test('what a transaction undid is not in the log', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await drain(cloud, tenant);
  const before = await shownHead(cloud, tenant);
  await cloud.database
    .tenant(tenant, async (tx) => {
      await cloud.journal.record(tx, { kind: 'tenant.created' });
      throw new Error('undone');
    })
    .catch(() => undefined);
  await drain(cloud, tenant);
  assert.deepEqual(await shownHead(cloud, tenant), before);
});

/** Each checkpoint that was ever signed continues the one before it. */
async function assertOneHistory(cloud: Cloud, tenant: TenantId): Promise<TreeHead[]> {
  const query = sql<{ note: string }>`select note from log_checkpoints order by size`;
  const { rows } = await cloud.database.tenant(tenant, (tx) => query.execute(tx));
  const origin = `${host}/log/${tenant}/1`;
  const key = { type: 'signature', name: origin, publicKey: cloud.ledger.key.publicKey } as const;
  const heads = rows.map(({ note }) => {
    const opened = openCheckpoint(note, { origin, logKeys: [key], witnesses: [] });
    assert.ok(opened.ok);
    return opened.value.checkpoint;
  });
  for (const [index, to] of heads.entries()) {
    const from = heads[index - 1];
    if (from) await assertGrew(cloud, tenant, { from, to });
  }
  return heads;
}

test('killed at every durable write, in pairs, the log goes on: nothing lost, nothing twice, one history', async (t) => {
  const { cloud } = stand;
  let tried = 0;
  for (const applied of [false, true]) {
    for (let at = 1, isOver = false; !isOver; at++) {
      const tenant = await tenantWithLog();
      await record(cloud, tenant, 250 - (await recordsIn(cloud, tenant)));
      await drain(cloud, tenant);
      const before = await shownHead(cloud, tenant);
      // Over the end of a tile, so that whole and partial objects of two levels are written.
      await record(cloud, tenant, 20);
      const victim = dying(cloud, { at, applied });
      const died = await sequence(victim.cloud, tenant).then(
        () => false,
        (error) => {
          assert.ok(error instanceof Died, String(error));
          return true;
        },
      );
      isOver = !died;
      if (died) tried += 1;
      else assert.ok(at > 8, `only ${at - 1} writes were met`);
      // What is shown after the death continues what was shown before it, whatever died.
      await assertGrew(cloud, tenant, { from: before, to: await shownHead(cloud, tenant) });
      assert.equal(
        await judgeLog(cloud, tenant),
        undefined,
        'a process that starts now finds a log that holds',
      );
      await record(cloud, tenant, 3);
      await drain(cloud, tenant);
      const head = await readWhole(cloud, tenant);
      assert.equal(head.size, await recordsIn(cloud, tenant), 'no record is lost and none is there twice');
      await assertGrew(cloud, tenant, { from: before, to: head });
      await assertOneHistory(cloud, tenant);
    }
  }
  t.diagnostic(`${tried} deaths`);
});

test('killed while one batch follows another, the log goes on: nothing lost, nothing twice, one history', async (t) => {
  const { cloud } = stand;
  let tried = 0;
  for (const applied of [false, true]) {
    for (let at = 1, isOver = false; !isOver; at++) {
      const tenant = await tenantWithLog();
      await record(cloud, tenant, 250 - (await recordsIn(cloud, tenant)));
      await drain(cloud, tenant);
      const before = await shownHead(cloud, tenant);
      await record(cloud, tenant, 25);
      const victim = dying(cloud, { at, applied });
      const died = await sequence(victim.cloud, tenant, { max: 10, batches: 16 }).then(
        () => false,
        (error) => {
          assert.ok(error instanceof Died, String(error));
          return true;
        },
      );
      isOver = !died;
      if (died) tried += 1;
      // Three batches, each a transaction; the objects, a transaction more, and the checkpoint shown.
      else assert.ok(at > 9, `only ${at - 1} writes were met`);
      await assertGrew(cloud, tenant, { from: before, to: await shownHead(cloud, tenant) });
      assert.equal(
        await judgeLog(cloud, tenant),
        undefined,
        'a process that starts now finds a log that holds',
      );
      await drain(cloud, tenant);
      const head = await readWhole(cloud, tenant);
      assert.equal(head.size, await recordsIn(cloud, tenant), 'no record is lost and none is there twice');
      const heads = await assertOneHistory(cloud, tenant);
      assert.ok(heads.length >= 3);
    }
  }
  t.diagnostic(`${tried} deaths`);
});

test('nothing is put in its place before the indices that it follows from are there for good', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await record(cloud, tenant, 4 * TILE_WIDTH);
  let settled = 0;
  const { objects } = cloud.ledger;
  const sizeNow = () =>
    cloud.database.tenant(tenant, async (tx) => {
      const { rows } = await sql<{ size: number }>`select size from logs`.execute(tx);
      return rows[0]?.size ?? 0;
    });
  const watched: Cloud = {
    ...cloud,
    database: {
      ...cloud.database,
      // So slow that whoever does not wait is seen.
      async once(of, run) {
        await sleep(systemClock, 30);
        return cloud.database.once(of, run);
      },
    },
    ledger: {
      ...cloud.ledger,
      objects: {
        ...objects,
        async stage(place, object) {
          const staged = await objects.stage(place, object);
          const tile = parseTilePath(object.path);
          assert.ok(tile.ok);
          const { value } = tile;
          const end =
            value.of === 'entries' || value.level === 0
              ? value.index * TILE_WIDTH + value.width
              : value.width * TILE_WIDTH;
          return {
            ...staged,
            async settle() {
              assert.ok(end <= (await sizeNow()), `${object.path} is put in its place too early`);
              settled += 1;
              await staged.settle();
            },
          };
        },
      },
    },
  };
  assert.equal(await sequence(watched, tenant, { max: TILE_WIDTH, batches: 16 }), 'grew');
  assert.ok(settled >= 9, `only ${settled} objects were watched`);
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
});

test('two sequencers at once make one history', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  const work = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      await record(cloud, tenant, 7);
      // Past the lock that keeps two from working at once: the rows alone have to do.
      await Promise.all([sequence(cloud, tenant), sequence(cloud, tenant), drain(cloud, tenant)]);
    }
  };
  await Promise.all([work(6), work(6)]);
  await drain(cloud, tenant);
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
  await assertOneHistory(cloud, tenant);
  assert.equal(await judgeLog(cloud, tenant), undefined);
});

/** The same cloud, where something happens at each write or read of an object. */
function meddling(
  cloud: Cloud,
  { onWrite, onRead }: { onWrite?(): Promise<void>; onRead?(path: string): Promise<void> },
): Cloud {
  const { objects } = cloud.ledger;
  return {
    ...cloud,
    ledger: {
      ...cloud.ledger,
      objects: {
        ...objects,
        async write(place, object) {
          await onWrite?.();
          await objects.write(place, object);
        },
        async stage(place, object) {
          await onWrite?.();
          return objects.stage(place, object);
        },
        async read(place, path) {
          await onRead?.(path);
          return objects.read(place, path);
        },
      },
    },
  };
}

test('whoever comes late with a checkpoint signs nothing', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await drain(cloud, tenant);
  const before = await assertOneHistory(cloud, tenant);
  await record(cloud, tenant, 7);
  let other: Promise<unknown> | undefined;
  const late = meddling(cloud, {
    // The indices are given; another process takes them up and is through first.
    async onWrite() {
      other ??= sequence(cloud, tenant);
      await other;
    },
  });
  assert.equal(await sequence(late, tenant), 'grew');
  assert.equal(await other, 'grew');
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
  assert.equal((await assertOneHistory(cloud, tenant)).length, before.length + 1);
});

test('a log that would grow meanwhile is judged as one that holds', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await drain(cloud, tenant);
  const busy = meddling(cloud, {
    async onRead(path) {
      if (path !== CHECKPOINT_PATH) return;
      await record(cloud, tenant, 3);
      await drain(cloud, tenant);
    },
  });
  assert.equal(await judgeLog(busy, tenant), undefined);
  await drain(cloud, tenant);
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
});

test('while one process works at a log, another leaves it alone', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  let others = 0;
  const other = meddling(cloud, { onWrite: async () => void others++ });
  let came = 0;
  const first = meddling(cloud, {
    async onWrite() {
      came += 1;
      await drain(other, tenant);
    },
  });
  await record(cloud, tenant, 30);
  await drain(first, tenant);
  assert.ok(came >= 3);
  assert.equal(others, 0);
});

test('the log of one tenant holds nothing of another', async () => {
  const { cloud } = stand;
  const [one, other] = [await tenantWithLog(), await tenantWithLog()];
  await record(cloud, other, 40);
  const before = await shownHead(cloud, one);
  await drain(cloud, other);
  assert.deepEqual(await shownHead(cloud, one), before);
  await drain(cloud, one);
  const kept = [...(cloud.ledger.objects as ReturnType<typeof logsInMemory>).kept];
  const mine = kept.filter(([name]) => name.startsWith(`${one}/`));
  assert.ok(mine.length > 2);
  for (const [name, bytes] of mine) assert.ok(!fromUtf8Loosely(bytes).includes(other), name);
});

const fromUtf8Loosely = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');

test('a record that was changed in the database is not signed, and an object with other bytes is not written over', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  const { cloud: dead } = dying(cloud, { at: 2, applied: true });
  await assert.rejects(sequence(dead, tenant), Died);
  const { objects } = cloud.ledger;
  const size = await recordsIn(cloud, tenant);
  const path = tilePath({ of: 'entries', index: 0, width: size });
  const right = await objects.read({ tenant, generation: 1 }, path);
  assert.ok(right);
  await objects.write({ tenant, generation: 1 }, { path, bytes: right.map((byte) => byte ^ 1) });
  await assert.rejects(sequence(cloud, tenant), /holds something else/);
  assert.equal((await shownHead(cloud, tenant)).size, 0);
  await objects.write({ tenant, generation: 1 }, { path, bytes: right });
  await sequence(cloud, tenant);
  assert.equal((await readWhole(cloud, tenant)).size, size);

  await record(cloud, tenant, 1);
  await asOwner(
    `update records set bytes = bytes || ' '::bytea where source = '${tenant}' and seq = ${size + 1}`,
  );
  await assert.rejects(sequence(cloud, tenant), /does not have its hash/);
  assert.equal((await shownHead(cloud, tenant)).size, size);
});

async function asOwner(statement: string): Promise<void> {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  await client.query(statement).finally(() => client.end());
}

test('the application cannot change an index or a checkpoint that is there', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  await drain(cloud, tenant);
  for (const statement of [
    sql`update log_spans set first = first + 1`,
    sql`delete from log_spans`,
    sql`update log_checkpoints set note = 'x'`,
    sql`delete from log_checkpoints`,
    sql`update log_cosignatures set line = 'x'`,
    sql`delete from log_cosignatures`,
    sql`delete from logs`,
  ])
    await assert.rejects(
      cloud.database.tenant(tenant, (tx) => statement.execute(tx)),
      { code: '42501' },
    );
  // Of two roots over as many records one would be a lie.
  await assert.rejects(
    cloud.database.tenant(tenant, (tx) =>
      sql`insert into log_checkpoints (generation, size, root, note, at_ms) select generation, size, decode(repeat('00', 32), 'hex'), note, 1 from log_checkpoints`.execute(
        tx,
      ),
    ),
    { code: '23505' },
  );
});

test('the shown note is the one that the database keeps', async () => {
  const { cloud } = stand;
  const tenant = await tenantWithLog();
  const place = { tenant, generation: 1 };
  await drain(cloud, tenant);
  const before = await cloud.ledger.objects.read(place, 'checkpoint');
  await record(cloud, tenant, 3);
  await drain(cloud, tenant);
  // As whoever died between keeping the last one and showing it leaves the folder.
  await cloud.ledger.objects.write(place, { path: 'checkpoint', bytes: before ?? new Uint8Array(0) });
  await drain(cloud, tenant);
  const { rows } = await cloud.database.tenant(tenant, (tx) =>
    sql<{ note: string }>`select note from log_checkpoints order by size desc limit 1`.execute(tx),
  );
  const shown = await cloud.ledger.objects.read(place, 'checkpoint');
  assert.equal(shown && fromUtf8(shown), rows[0]?.note);
});

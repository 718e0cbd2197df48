/** A log that is missing, shorter or in contradiction stops the start; and what a successor is. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { newEd25519Key } from '../../crypto/ed25519.ts';
import type { TenantId } from '../../domain/ids.ts';
import { signCheckpoint } from '../../ledger/log/checkpoint.ts';
import { sleep, systemClock } from '../../platform/clock.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { createTenant } from '../tenants/tenants.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { createLog, drain, folderOfLogs, judgeLog, requireLogs, startSequencer } from './log.ts';
import { readWhole, record, recordsIn, shownHead } from './test-log.ts';

const host = 'ledger.example.org';
let stand: Stand;
let cloud: Cloud;
let dataDir: string;

before(async () => {
  stand = await openStand(NOUNS);
  dataDir = mkdtempSync(join(tmpdir(), 'hf-log-'));
  cloud = { ...stand.cloud, ledger: { ...stand.cloud.ledger, objects: folderOfLogs(dataDir) } };
});
after(async () => {
  await stand.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function grownLog(): Promise<TenantId> {
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host, succeeds: false });
  for (const count of [20, 280, 9]) {
    await record(cloud, tenant, count);
    await drain(cloud, tenant);
  }
  assert.equal(await judgeLog(cloud, tenant), undefined);
  return tenant;
}

async function asOwner(...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  try {
    // What references what is for the application to keep; an old copy of a disk keeps nothing.
    await client.query('set session_replication_role = replica');
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

const folder = (tenant: TenantId) => join(dataDir, 'log', tenant, '1');

/** Every case has a tenant of its own; `spoil` changes what is kept, and `says` is in what the start says. */
const CASES: { name: string; says: RegExp; spoil(tenant: TenantId): Promise<void> | void }[] = [
  {
    name: 'the folder is gone',
    says: /the store has no checkpoint/,
    spoil: (tenant) => rmSync(folder(tenant), { recursive: true }),
  },
  {
    name: 'the database has no log any more',
    says: /a log that the database does not know/,
    spoil: (tenant) =>
      asOwner(
        ...['logs', 'log_spans', 'log_ends', 'log_checkpoints'].map(
          (table) => `delete from ${table} where tenant_id = '${tenant}'`,
        ),
      ),
  },
  {
    name: 'the database is an older one',
    says: /the store shows \d+ entries, the database has signed/,
    spoil: (tenant) =>
      asOwner(
        `delete from log_checkpoints where tenant_id = '${tenant}' and size > 0`,
        `delete from log_spans where tenant_id = '${tenant}'`,
        `delete from log_ends where tenant_id = '${tenant}'`,
        `update logs set size = 0, published_size = 0, shown_size = 0, state = '', root = sha256('') where tenant_id = '${tenant}'`,
      ),
  },
  {
    name: 'records are gone, and their journal ends earlier',
    says: /is shorter than what the log has of it/,
    spoil: (tenant) => asOwner(`update journals set last_seq = last_seq - 1 where source = '${tenant}'`),
  },
  {
    name: 'indices are gone',
    says: /records have an index/,
    spoil: (tenant) =>
      asOwner(
        `delete from log_spans where tenant_id = '${tenant}' and first = (select max(first) from log_spans where tenant_id = '${tenant}')`,
      ),
  },
  {
    name: 'the checkpoint in the store is older than a crash explains',
    says: /the store shows 0 entries/,
    spoil: (tenant) => writeShown(tenant, 0, new Uint8Array(0)),
  },
  {
    name: 'the store has another root',
    says: /two roots are signed/,
    async spoil(tenant) {
      const { size } = await shownHead(cloud, tenant);
      await writeShown(tenant, size, utf8('another tree'));
    },
  },
  {
    name: 'the checkpoint in the store is not signed by the log',
    says: /not this log’s/,
    spoil: (tenant) =>
      cloud.ledger.objects.write(
        { tenant, generation: 1 },
        { path: 'checkpoint', bytes: utf8('a text\n\n— somebody AAAAAAA=\n') },
      ),
  },
  {
    name: 'the tree in the database is another one',
    says: /the tree of \d+ is not the one that was signed/,
    spoil: (tenant) =>
      asOwner(
        `update logs set state = set_byte(state, 5, (get_byte(state, 5) + 1) % 256) where tenant_id = '${tenant}'`,
      ),
  },
  {
    name: 'a tile at the edge was changed',
    says: /the tiles are not those of the last checkpoint/,
    async spoil(tenant) {
      const { size } = await shownHead(cloud, tenant);
      const path = `tile/0/001.p/${size - 256}`;
      const place = { tenant, generation: 1 };
      const tile = await cloud.ledger.objects.read(place, path);
      assert.ok(tile, path);
      await cloud.ledger.objects.write(place, { path, bytes: tile.map((byte) => byte ^ 1) });
    },
  },
];

async function writeShown(tenant: TenantId, size: number, preimage: Uint8Array): Promise<void> {
  const { sha256 } = await import('../../crypto/hash.ts');
  const origin = `${host}/log/${tenant}/1`;
  const note = signCheckpoint(
    { origin, size, root: sha256(preimage) },
    { name: origin, ...cloud.ledger.key },
  );
  await cloud.ledger.objects.write({ tenant, generation: 1 }, { path: 'checkpoint', bytes: utf8(note) });
}

for (const { name, says, spoil } of CASES)
  test(`the start is refused when ${name}`, async () => {
    const tenant = await grownLog();
    await spoil(tenant);
    await assert.rejects(requireOnly(tenant), (error: Error) => {
      assert.match(error.message, says);
      assert.match(error.message, /docs\/runbooks\/log-does-not-verify\.md/);
      return true;
    });
  });

/** Other tests of this file leave broken logs behind; each asks about its own. */
async function requireOnly(tenant: TenantId): Promise<void> {
  const estate: Cloud['database']['estate'] = async (run) => {
    const all = (await cloud.database.estate(run)) as unknown as TenantId[];
    return all.filter((one) => one === tenant) as never;
  };
  const tenants = async () => [tenant];
  const ledger = { ...cloud.ledger, objects: { ...cloud.ledger.objects, tenants } };
  await requireLogs({ ...cloud, ledger, database: { ...cloud.database, estate } });
}

test('the start is refused when the folder has a log that no organisation of the database claims', async () => {
  const tenant = await grownLog();
  assert.ok((await cloud.ledger.objects.tenants()).includes(tenant));
  await requireOnly(tenant);
  await asOwner(`delete from tenants where tenant_id = '${tenant}'`);
  await assert.rejects(requireOnly(tenant), (error: Error) => {
    assert.match(
      error.message,
      new RegExp(`the folder has the log of ${tenant}, of which the database has no`),
    );
    assert.match(error.message, /docs\/runbooks\/log-does-not-verify\.md/);
    return true;
  });
});

for (const count of [20, 300])
  test(`a process with another folder shows and signs nothing over ${count} records that lie elsewhere`, async () => {
    const tenant = await createTenant(cloud);
    await createLog(cloud, { tenant, host, succeeds: false });
    const place = { tenant, generation: 1 };
    const away = mkdtempSync(join(tmpdir(), 'hf-log-away-'));
    after(() => rmSync(away, { recursive: true, force: true }));
    const other = { ...cloud, ledger: { ...cloud.ledger, objects: folderOfLogs(away) } };
    await record(cloud, tenant, count);
    await drain(cloud, tenant);
    const head = await shownHead(cloud, tenant);
    await record(cloud, tenant, 3);
    await assert.rejects(drain(other, tenant), (error: Error) => {
      assert.match(
        error.message,
        /the folder of this process is not the one that \d+ entries lie in: tile-missing/,
      );
      assert.match(error.message, /docs\/runbooks\/log-does-not-verify\.md/);
      return true;
    });
    assert.equal(await other.ledger.objects.read(place, 'checkpoint'), undefined);
    assert.deepEqual(await shownHead(cloud, tenant), head);
    await drain(cloud, tenant);
    assert.equal((await readWhole(cloud, tenant)).size, head.size + 3);
  });

test('the transaction of the lock says that somebody is there, however long a disk takes', async () => {
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host, succeeds: false });
  await record(cloud, tenant, 1);
  const due: (() => void)[] = [];
  const clock: Cloud['clock'] = {
    ...systemClock,
    after: (_ms, run) => {
      due.push(run);
      return () => undefined;
    },
  };
  const { objects } = cloud.ledger;
  let said = 0;
  const heard = async () => {
    due.shift()?.();
    for (let tries = 0; !(await isSaid()); tries++) {
      assert.ok(tries < 300, 'nothing is said in the transaction');
      await sleep(systemClock, 20);
    }
    said += 1;
  };
  const slow: typeof objects = {
    ...objects,
    write: (place, object) => heard().then(() => objects.write(place, object)),
    stage: (place, object) => heard().then(() => objects.stage(place, object)),
  };
  await drain({ ...cloud, clock, ledger: { ...cloud.ledger, objects: slow } }, tenant);
  assert.ok(said >= 3, 'a bundle, a tile and a checkpoint were written');
  assert.equal((await readWhole(cloud, tenant)).size, await recordsIn(cloud, tenant));
});

/** Whether a transaction is open in which this was said last, as the database sees it. */
async function isSaid(): Promise<boolean> {
  const client = new pg.Client({ connectionString: stand.superuserUrl() });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select 1 from pg_stat_activity where state = 'idle in transaction' and query like '%the lock of a log is held%'`,
    );
    return rows.length > 0;
  } finally {
    await client.end();
  }
}

test('another key in the folder is not taken', async () => {
  const tenant = await grownLog();
  const other = { ...cloud, ledger: { ...cloud.ledger, key: newEd25519Key(), keyOf: () => undefined } };
  assert.match((await judgeLog(other, tenant)) ?? '', /the key in this cloud’s folder is not the log’s/);
  await record(cloud, tenant, 1);
  await assert.rejects(drain(other, tenant), /signed by another key/);
});

test('a log is made once, by a command; a tenant without one has none, and no harm comes of it', async () => {
  const tenant = await createTenant(cloud);
  assert.equal(await judgeLog(cloud, tenant), undefined);
  await drain(cloud, tenant);
  assert.deepEqual(await cloud.ledger.objects.generations(tenant), []);
  await assert.rejects(
    createLog(cloud, { tenant, host, succeeds: true }),
    /no log that could have a successor/,
  );
  await createLog(cloud, { tenant, host, succeeds: false });
  await drain(cloud, tenant);
  await assert.rejects(createLog(cloud, { tenant, host, succeeds: false }), /has a log already/);
});

test('a command that died before the first checkpoint was shown is given again', async () => {
  const tenant = await createTenant(cloud);
  const { objects } = cloud.ledger;
  const write = async () => Promise.reject(new Error('died'));
  const dead = { ...cloud, ledger: { ...cloud.ledger, objects: { ...objects, write } } };
  await assert.rejects(createLog(dead, { tenant, host, succeeds: false }), /died/);
  assert.match((await judgeLog(cloud, tenant)) ?? '', /the store has no checkpoint/);
  await createLog(cloud, { tenant, host, succeeds: false });
  assert.equal(await judgeLog(cloud, tenant), undefined);
});

test('a successor begins anew with every record, under a name of its own; what was signed before stays', async () => {
  const tenant = await grownLog();
  const before = await cloud.ledger.objects.read({ tenant, generation: 1 }, 'checkpoint');
  await asOwner(`delete from log_spans where tenant_id = '${tenant}'`);
  assert.equal(await createLog(cloud, { tenant, host, succeeds: true }), `${host}/log/${tenant}/2`);
  await drain(cloud, tenant);
  assert.equal(await judgeLog(cloud, tenant), undefined);
  assert.equal((await readWhole(cloud, tenant, 2)).size, await recordsIn(cloud, tenant));
  const kept = await cloud.ledger.objects.read({ tenant, generation: 1 }, 'checkpoint');
  assert.equal(kept && fromUtf8(kept), before && fromUtf8(before));
});

test('on the disk everything is its owner’s alone, and no half file is left', async () => {
  const tenant = await grownLog();
  const all = readdirSync(folder(tenant), { recursive: true, withFileTypes: true });
  assert.ok(all.length > 8);
  for (const entry of all) {
    assert.doesNotMatch(entry.name, /\.new$/);
    if (process.platform !== 'win32')
      assert.equal(statSync(join(entry.parentPath, entry.name)).mode & 0o077, 0, entry.name);
  }
});

test('a running sequencer takes what was committed, told or not, and stops in order', async () => {
  const tenant = await createTenant(cloud);
  await createLog(cloud, { tenant, host, succeeds: false });
  const sequencer = startSequencer(cloud);
  try {
    for (const told of [true, false]) {
      await record(cloud, tenant, 3);
      if (told) sequencer.poke(tenant);
      const wanted = await recordsIn(cloud, tenant);
      while ((await shownHead(cloud, tenant)).size < wanted) await sleep(systemClock, 20);
    }
  } finally {
    await sequencer.stop();
  }
  await record(cloud, tenant, 1);
  sequencer.poke(tenant);
  assert.equal((await readWhole(cloud, tenant)).size, (await recordsIn(cloud, tenant)) - 1);
});

/**
 * A tenant's keys at rest while they are replaced: none of them, neither of before nor of now, stands in clear in any file
 * of the database, its log, the cloud's folder or a backup. The search is told the keys by the root key, which opens them.
 */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { takeBackup } from '../../src/cloud/backup/take.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { carryOn, rotateIntake, rotateTenantKey } from '../../src/cloud/rotation/rotation.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { open } from '../../src/crypto/aead.ts';
import { base64url } from '../../src/crypto/bytes.ts';
import { deriveKey } from '../../src/crypto/hash.ts';
import { holdKey } from '../../src/crypto/key.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Planted } from './byte-scan.ts';
import { searchFolder } from './byte-search.ts';
import { asSuperuser, CONTROL, hideNothing, plantRows } from './disk-of-database.ts';

const PARTS = NOUNS.flatMap(({ underTenantKey }) => underTenantKey ?? []);
const DAYS_MS = 2 * 86_400_000;
const temporary = process.env.TMPDIR;
let home: string;
let stand: Stand;

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-rotated-'));
  chmodSync(home, 0o755);
  process.env.TMPDIR = home;
  // Every byte that was ever written for this database is searched, so it is no copy, and stands in here too.
  delete process.env.HOLDFAST_STANDS;
  stand = await openStand(NOUNS);
  const database = await asSuperuser(join(stand.home, 'data'));
  await hideNothing(database);
  await plantRows(database);
  await database.end();
});
after(async () => {
  await stand?.close();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const asText = (what: string, raw: Uint8Array): Planted => ({ what, text: base64url(raw), raw });

/** The tenant's key and the private half of its intake key, as they are now. */
async function keysNow(when: string): Promise<Planted[]> {
  const { rows } = await stand.inTenant((tx) =>
    sql<{ wrapped: Uint8Array; pair: Uint8Array }>`select wrapped, private_sealed as pair
      from tenant_keys join tenant_pairs using (tenant_id) where name = 'intake'`.execute(tx),
  );
  const [row] = rows;
  assert.ok(row);
  const root = holdKey(deriveKey(stand.rootKey, 'tenant-keys/v1'));
  const key = open(root, new Uint8Array(row.wrapped), `tenant-key/v1\0${stand.tenant}`);
  const pair = await stand.inTenant((tx) =>
    stand.cloud.keys.openBytesForTenant(tx, 'pair\0intake', new Uint8Array(row.pair)),
  );
  assert.ok(key && pair);
  return [asText(`tenant key ${when}`, key), asText(`intake key ${when}`, pair)];
}

async function backUp(name: string): Promise<void> {
  const url = new URL(stand.superuserUrl());
  Object.assign(url, { username: 'holdfast_owner', password: stand.passwords.ownerPassword });
  const file = join(home, name);
  await takeBackup({
    ...{ ownerUrl: url.href, rootKey: stand.rootKey, epochs: stand.epochs, file, keysFile: `${file}.keys` },
    ...{ backup: base64url(systemRandom.bytes(16)), madeAtMs: stand.cloud.clock.nowMs() },
    evidence: stand.cloud.evidence,
  });
}

test('no key of a tenant stands in clear in any file, before it is replaced, meanwhile or after, nor in a backup', async () => {
  const { cloud, tenant } = stand;
  const keys = await keysNow('of before');
  await backUp('before');
  await rotateIntake(cloud, tenant);
  assert.ok(await rotateTenantKey(cloud, tenant));
  keys.push(...(await keysNow('of now')));
  assert.equal(new Set(keys.map(({ text }) => text)).size, 4, 'each was replaced');
  await backUp('meanwhile');
  stand.step(DAYS_MS);
  await carryOn(cloud, tenant, PARTS);
  stand.step(-DAYS_MS);
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from tenant_keys where former is null`.execute(tx),
  );
  assert.equal(rows.length, 1, 'the one of before is forgotten');
  await backUp('after');
  const database = await asSuperuser(join(stand.home, 'data'));
  await database.query('checkpoint');
  await database.end();
  const { hits } = searchFolder([...keys, { what: 'control', text: CONTROL }], home);
  assert.ok(
    hits.some(({ what }) => what === 'control'),
    'the planted row is found',
  );
  assert.deepEqual(
    hits.filter(({ what }) => what !== 'control'),
    [],
  );
});

/** Evidence in a backup: its bytes come back with its rows, what is missing is named, and who was erased stays forgotten. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import type { ParcelId, TenantId } from '../../domain/ids.ts';
import { type Database, openDatabase } from '../../platform/database.ts';
import { silentLog } from '../../platform/log.ts';
import { systemRandom } from '../../platform/random.ts';
import { NOUNS } from '../cloud.ts';
import type { Cloud } from '../deps.ts';
import { attach, checkEvidence, folderOfEvidence, handOutEvidence } from '../evidence/evidence.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { prepareDatabase } from '../migrate.ts';
import { eraseLost, erasePerson, settle } from '../privacy/privacy.ts';
import { enrolledBank, type TestBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addCourier, addResident, type Filled, filledTenant } from '../test-tenants.ts';
import { putEvidenceBack } from './evidence-objects.ts';
import { restoreBackup } from './restore.ts';
import { takeBackup } from './take.ts';

const SAID = 'Wolpertinger-Kratzer an der linken Kante';
let stand: Stand;
let filled: Filled;
let bank: TestBank;
let home: string;
const open: Database[] = [];

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-backup-evidence-'));
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: stand.root, mark: 'Alder' });
  bank = await enrolledBank(stand.cloud, filled.tenant, filled.site);
});
after(async () => {
  for (const database of open) await database.close();
  await stand.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

const as = (database: string, username: string, password: string) => {
  const url = Object.assign(new URL(stand.superuserUrl()), { username, password });
  url.pathname = `/${database}`;
  return url.href;
};
const ownerOf = (database: string) => as(database, 'holdfast_owner', stand.passwords.ownerPassword);
const at = (name: string) => join(home, name);

const take = (name: string) =>
  takeBackup({
    ...{ ownerUrl: ownerOf('holdfast'), rootKey: stand.rootKey, epochs: stand.epochs },
    ...{ backup: base64url(systemRandom.bytes(16)), madeAtMs: stand.cloud.clock.nowMs() },
    ...{ file: at(name), keysFile: at(`${name}.keys`), evidence: stand.cloud.evidence },
  });

type PutBack = { cloud: Cloud; folder: string; sha256: string };

/** The rows in a database of their own, beside a folder in which no evidence lies. */
async function rowsBack(database: string, of: { rows: string; keys: string }): Promise<PutBack> {
  await prepareDatabase({ superuserUrl: stand.superuserUrl(), database, ...stand.passwords });
  const { sha256 } = await restoreBackup({
    ...{ ownerUrl: ownerOf(database), rootKey: stand.rootKey, epochs: stand.epochs },
    ...{ file: at(of.rows), keysFile: at(`${of.keys}.keys`), random: systemRandom, log: silentLog },
    migrations: NOUNS.flatMap((noun) => noun.migrations ?? []),
  });
  const url = as(database, 'holdfast_app', stand.passwords.appPassword);
  const restored = await openDatabase({ url, clock: stand.cloud.clock, log: silentLog });
  open.push(restored);
  const folder = at(`${database}-cloud`);
  return {
    cloud: { ...stand.cloud, database: restored, evidence: folderOfEvidence(folder) },
    ...{ folder, sha256 },
  };
}

const objectsIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ path: join(parentPath, name), name }));

/** A parcel that was collected, with a piece of evidence about its recipient. */
async function attached(text = SAID) {
  const { cloud } = stand;
  const { tenant, site, carrier, people } = filled;
  const recipient = await addResident(cloud, { tenant, site, name: 'Quastenflosser' });
  const courier = await addCourier(cloud, { tenant, carrier, name: 'Mauersegler', by: people.admin });
  const parcel = bank.writeJourney({
    ...{ courier, recipient, compartment: 2, carrier, tracking: 'T', collect: true },
  }) as ParcelId;
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  const of = { parcel, about: 'recipient', purpose: 'x', bytes: utf8(text), by: people.admin } as const;
  const { id } = await attach(cloud, tenant, of);
  return { id, parcel, recipient, place: { tenant, parcel, id } };
}

const read = async (cloud: Cloud, id: string) => {
  const by = { tenant: filled.tenant, person: filled.people.admin, role: 'admin' };
  return Buffer.from((await handOutEvidence(cloud, by, { id, purpose: 'x' })).bytes).toString();
};

async function sealedIn(cloud: Cloud, tenant: TenantId, id: string): Promise<boolean> {
  const { rows } = await cloud.database.tenant(tenant, (tx) =>
    sql<{ is: boolean }>`select sealed is not null as is from evidence where evidence_id = ${id}`.execute(tx),
  );
  return rows[0]?.is ?? assert.fail('its row is there');
}

test('evidence is in a backup, sealed, and comes back whole into a folder in which nothing lies', async () => {
  const [small, large] = [await attached(), await attached(SAID.repeat(60_000))];
  const { missing, rows } = await take('one');
  assert.deepEqual(missing, []);
  const all = rows.rows['evidence-objects'] ?? 0;
  assert.ok(all >= 2);
  for (const name of ['one', 'one.keys']) assert.ok(!readFileSync(at(name)).includes(SAID.slice(0, 12)));
  const back = await rowsBack('one', { rows: 'one', keys: 'one' });
  const { tenant } = filled;
  assert.equal((await checkEvidence(back.cloud, tenant)).length, all, 'nothing of it is there yet');
  const of = { file: at('one'), sha256: back.sha256 };
  assert.deepEqual(await putEvidenceBack(back.cloud, of), { put: all, findings: [] });
  assert.deepEqual(await checkEvidence(back.cloud, tenant), []);
  assert.equal(await read(back.cloud, small.id), SAID);
  assert.equal(await read(back.cloud, large.id), SAID.repeat(60_000));
  assert.deepEqual(await putEvidenceBack(back.cloud, of), { put: 0, findings: [] });
});

test('what lies in the folder otherwise than it was recorded is replaced, and what is whole is left', async () => {
  const [bent, whole] = [await attached(), await attached()];
  await take('bent');
  const back = await rowsBack('bent', { rows: 'bent', keys: 'bent' });
  const of = { file: at('bent'), sha256: back.sha256 };
  await putEvidenceBack(back.cloud, of);
  const pathOf = (id: string) =>
    objectsIn(back.folder).find(({ name }) => name === id)?.path ?? assert.fail(id);
  writeFileSync(pathOf(bent.id), 'something else');
  assert.deepEqual(await putEvidenceBack(back.cloud, of), { put: 1, findings: [] });
  for (const { id } of [bent, whole]) assert.equal(await read(back.cloud, id), SAID);
});

test('evidence whose bytes are gone, or damaged, is named when the backup is made and when it is put back', async () => {
  const [gone, bent] = [await attached(), await attached()];
  await stand.cloud.evidence.destroy(gone.place);
  await stand.cloud.evidence.write(bent.place, utf8('no bytes of it'));
  const { missing } = await take('lacks');
  assert.deepEqual(missing, [gone.id]);
  const back = await rowsBack('lacks', { rows: 'lacks', keys: 'lacks' });
  const { findings } = await putEvidenceBack(back.cloud, { file: at('lacks'), sha256: back.sha256 });
  const what = 'its object is gone, or is not what was recorded';
  const byName = (a: { where: string }, b: { where: string }) => (a.where < b.where ? -1 : 1);
  assert.deepEqual(
    findings.toSorted(byName),
    [gone, bent].map(({ id }) => ({ where: id, what })).sort(byName),
  );
  for (const { recipient } of [gone, bent]) await erased(recipient);
});

async function erased(person: string): Promise<void> {
  const done = await stand.cloud.database.tenant(filled.tenant, (tx) =>
    erasePerson(stand.cloud, tx, { person, by: null }),
  );
  assert.equal(done.is, 'erased');
  await settle(stand.cloud, filled.tenant);
}

test('who was erased since is not brought back by their evidence: nothing opens, and nothing is written', async () => {
  const [goes, stays] = [await attached(), await attached()];
  await take('before');
  await erased(goes.recipient);
  await take('since');
  const back = await rowsBack('before', { rows: 'before', keys: 'since' });
  const { tenant } = filled;
  assert.ok(
    readFileSync(at('before'), 'utf8').includes(`"id":"${goes.id}"`),
    'the older backup has the bytes',
  );
  assert.equal(await sealedIn(back.cloud, tenant, goes.id), true);
  await assert.rejects(read(back.cloud, goes.id), /was erased; nobody can read it any more/);
  assert.ok((await eraseLost(back.cloud, tenant)) > 0);
  assert.equal(await sealedIn(back.cloud, tenant, goes.id), false);
  const { findings } = await putEvidenceBack(back.cloud, { file: at('before'), sha256: back.sha256 });
  assert.deepEqual(findings, []);
  const there = objectsIn(back.folder).map(({ name }) => name);
  assert.deepEqual([there.includes(goes.id), there.includes(stays.id)], [false, true]);
  assert.equal(await read(back.cloud, stays.id), SAID);
});

/** What every epoch's file holds now. */
async function epochFiles(): Promise<Map<string, Uint8Array | undefined>> {
  const { rows } = await stand.cloud.database.tenant(filled.tenant, (tx) =>
    sql<{ folder: string; epoch: number }>`select t.epoch_place as folder, e.epoch
      from tenant_keys t, wrapping_epochs e where t.epoch_place is not null`.execute(tx),
  );
  return new Map(
    rows.map(({ folder, epoch }) => [`${folder} ${epoch}`, stand.epochs.read(folder, epoch)] as const),
  );
}

test('a backup during which somebody was erased is refused, and one that changed meanwhile is not believed', async () => {
  const { id, recipient, place } = await attached();
  const { evidence } = stand.cloud;
  const file = at('raced');
  // The file of the epoch goes last: until then it is there, as it is here to the end.
  const files = await epochFiles();
  const epochs = {
    ...stand.epochs,
    read: (folder: string, epoch: number) =>
      files.get(`${folder} ${epoch}`) ?? stand.epochs.read(folder, epoch),
  };
  const racing = takeBackup({
    ...{ ownerUrl: ownerOf('holdfast'), rootKey: stand.rootKey, epochs },
    ...{ backup: 'x', madeAtMs: stand.cloud.clock.nowMs(), file, keysFile: `${file}.keys` },
    evidence: {
      ...evidence,
      async read(of) {
        if (of.id !== id) return await evidence.read(of);
        await erased(recipient);
        await evidence.destroy(place);
        return undefined;
      },
    },
  });
  await assert.rejects(racing, /somebody was erased meanwhile/);
  assert.deepEqual(
    readdirSync(home).filter((name) => name.startsWith('raced')),
    [],
  );
  const lost = await attached();
  await take('changed');
  const back = await rowsBack('changed', { rows: 'changed', keys: 'changed' });
  assert.ok(lost.id);
  const of = { file: at('changed'), sha256: base64url(systemRandom.bytes(32)) };
  await assert.rejects(putEvidenceBack(back.cloud, of), /another file now/);
});

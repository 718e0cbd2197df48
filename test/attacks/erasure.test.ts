/**
 * Erasure, tried by whoever has everything: the database with its dead rows and its log, the cloud's folder, a backup
 * of before, and every key. The records stay and verify; nothing of the person can be read; survivors go on.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { auditTenant } from '../../src/cloud/audit/audit.ts';
import { restoreBackup } from '../../src/cloud/backup/restore.ts';
import { takeBackup } from '../../src/cloud/backup/take.ts';
import { NOUNS } from '../../src/cloud/cloud.ts';
import type { Cloud } from '../../src/cloud/deps.ts';
import { attach, checkEvidence } from '../../src/cloud/evidence/evidence.ts';
import { sweepEvidence } from '../../src/cloud/evidence/sweep.ts';
import { makeExport, NOBODY_NAMED, readSelection } from '../../src/cloud/export/export.ts';
import { projectionsOf, takeBatch } from '../../src/cloud/intake/intake.ts';
import { createLog, drain } from '../../src/cloud/log/log.ts';
import { prepareDatabase } from '../../src/cloud/migrate.ts';
import { queueLink } from '../../src/cloud/notices/notices.ts';
import { checkCloud } from '../../src/cloud/parcels/parcels.ts';
import * as people from '../../src/cloud/people/people.ts';
import { eraseLost, erasePerson, liftHolds, placeHold, settle } from '../../src/cloud/privacy/privacy.ts';
import * as signin from '../../src/cloud/signin/signin.ts';
import { enrolledBank, type TestBank } from '../../src/cloud/test-bank.ts';
import { openStand, type Stand } from '../../src/cloud/test-stand.ts';
import { base64url, fromBase64url, utf8 } from '../../src/crypto/bytes.ts';
import { openChunks } from '../../src/crypto/chunks.ts';
import { idFrom, type PersonId } from '../../src/domain/ids.ts';
import { normalFlat } from '../../src/domain/scan.ts';
import { openDatabase } from '../../src/platform/database.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Planted } from './byte-scan.ts';
import { searchFolder } from './byte-search.ts';
import { asSuperuser, CONTROL, hideNothing, plantRows } from './disk-of-database.ts';
import { type Copied, readAll } from './thief-of-cloud.ts';

const GOES = {
  name: 'Quillonia Featherstonehaugh',
  flat: 'Zephyrgate Turret 90417',
  phone: '+15550190417',
  email: 'Q.Feather@Planted-Mail.Example',
};
const STAYS = {
  name: 'Ottoliniana Vargabrandtsdottir',
  flat: 'Nightjar Mews 77203',
  phone: '+15550177203',
  email: 'Otto.Varga@Planted-Mail.Example',
};
const TRACKING = { goes: '1Z999AA10123456784', stays: 'JD014600006281230701', late: 'TBA902211774330' };
const REASON = 'Featherstonehaugh against Vargabrandtsdottir, case 90417';
const courier = idFrom('person', systemRandom.bytes(16));
const DENT = 'Knickerbockerkante am Karton von Frau Schattschneider';
const DENT_WHY = 'Reklamation Zwiebelturm 4711';

const temporary = process.env.TMPDIR;
let home: string;
let stand: Stand;
let bank: TestBank;
let carrier: string;
let goes: PersonId;
let stays: PersonId;
let copied: { profile: Copied; tracking: Copied; of: Copied; evidence: Copied };
/** A piece of evidence as it lay in the cloud's folder, and where. */
let object: { path: string; sealed: Uint8Array; place: string };
const open: Cloud['database'][] = [];

before(async () => {
  home = mkdtempSync(join(tmpdir(), 'hf-erase-'));
  chmodSync(home, 0o755);
  process.env.TMPDIR = home;
  // Every byte that was ever written for this database is searched, so it is no copy, and stands in here too.
  delete process.env.HOLDFAST_STANDS;
  stand = await openStand(NOUNS);
  const database = await asSuperuser(join(stand.home, 'data'));
  await hideNothing(database);
  await plantRows(database);
  await database.end();
  bank = await enrolledBank(stand.cloud, stand.tenant, stand.site);
  carrier = await stand.inTenant((tx) => people.addCarrier(stand.cloud, tx, { name: 'Express', key: null }));
  await createLog(stand.cloud, { tenant: stand.tenant, host: 'ledger.example.org', succeeds: false });
  [goes, stays] = [await add(GOES), await add(STAYS)];
  const parcel = await journey(goes, TRACKING.goes, true);
  await journey(stays, TRACKING.stays, true);
  await serve(goes);
  await exported({ parcel }, ['tracking']);
  await exported({ parcel }, []);
  await exported({ person: stays }, ['tracking']);
  copied = { ...(await copyOf(parcel)), evidence: await attachedTo(parcel) };
});
after(async () => {
  for (const database of open) await database.close();
  await stand?.close();
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

/** A text about what a parcel looked like, attached and copied as somebody has it who copied every disk. */
async function attachedTo(parcel: string): Promise<Copied> {
  const { cloud, tenant } = stand;
  const attached = await attach(cloud, tenant, {
    ...{ parcel, about: 'recipient', purpose: DENT_WHY, bytes: utf8(DENT), by: courier },
  });
  const nul = '\0';
  const path = join(stand.home, 'cloud', 'evidence', tenant, parcel, attached.id);
  const place = `evidence/v1${nul}${tenant}${nul}${parcel}${nul}${attached.id}`;
  object = { path, sealed: new Uint8Array(readFileSync(path)), place };
  const [row] = await stand.inTenant(
    async (tx) => (await sql<{ sealed: Uint8Array }>`select sealed from evidence`.execute(tx)).rows,
  );
  const sealed = new Uint8Array(row?.sealed ?? []);
  return { person: goes, place: `evidence/row${nul}${attached.id}`, sealed };
}

/** What the copy of the folder says to who has opened the row. */
function readObject(row: string | undefined): string | undefined {
  if (row === undefined) return undefined;
  const { key } = JSON.parse(Buffer.from(row, 'base64url').toString()) as { key: string };
  const bytes = openChunks(fromBase64url(key) ?? new Uint8Array(0), object.sealed, object.place);
  return bytes && Buffer.from(bytes).toString();
}

const add = (of: typeof GOES) =>
  stand.inTenant((tx) =>
    people.addResident(stand.cloud, tx, { ...of, site: stand.site, accessible: false, by: null }),
  );

async function journey(recipient: PersonId, tracking: string, collect: boolean): Promise<string> {
  // Whatever is not collected stays behind its door.
  const compartment = collect ? 4 : 3;
  const parcel = bank.writeJourney({ courier, recipient, compartment, carrier, tracking, collect });
  const message = await bank.batch();
  const { cloud, tenant } = stand;
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  return parcel;
}

/** Somebody of whom every table has something. */
async function serve(person: PersonId): Promise<void> {
  const { cloud } = stand;
  await stand.inTenant(async (tx) => {
    await signin.beginSession(cloud, tx, { app: 'resident', person, role: 'resident', replaces: undefined });
    await queueLink(cloud, tx, { person, app: 'resident', url: 'http://localhost/#token=x', minutes: 15 });
    await people.patchPerson(cloud, tx, person, { accessible: true, by: null });
    const [token, sealed] = [systemRandom.bytes(32), await cloud.keys.sealFor(tx, person, 'x', GOES.name)];
    await sql`insert into sign_in_links (token_hash, person_id, app, made_at_ms)
      values (${token}, ${person}, 'resident', 1)`.execute(tx);
    await sql`insert into sign_in_devices (token_hash, person_id, made_at_ms) values (${token}, ${person}, 1)`.execute(
      tx,
    );
    await sql`insert into request_answers (key_hash, fingerprint, person_id, answer, answered_at_ms)
      values (${token}, ${token}, ${person}, ${sealed}, 1)`.execute(tx);
  });
}

const FOR_NOBODY = { madeBy: null, by: null, receiver: NOBODY_NAMED };

async function exported(asked: Parameters<typeof readSelection>[0], opened: readonly 'tracking'[]) {
  const out = join(home, `${base64url(systemRandom.bytes(6))}.tar`);
  const selection = readSelection(asked);
  const order = { tenant: stand.tenant, selection, opened, purpose: 'x', ...FOR_NOBODY, out };
  await makeExport(stand.cloud, order);
  rmSync(out);
}

/** As rows were, before anything was erased: a profile, a parcel's number, and what stood behind records. */
async function copyOf(parcel: string): Promise<Omit<typeof copied, 'evidence'>> {
  return await stand.inTenant(async (tx) => {
    const one = async (query: ReturnType<typeof sql<{ sealed: Uint8Array; place: string }>>) => {
      const [row] = (await query.execute(tx)).rows;
      assert.ok(row);
      return { person: goes, place: row.place, sealed: new Uint8Array(row.sealed) };
    };
    const nul = '\0';
    return {
      profile: await one(
        sql`select profile as sealed, 'people/profile' as place from persons where person_id = ${goes}`,
      ),
      tracking: {
        ...(await one(sql`select tracking as sealed, '' as place from parcels where parcel_id = ${parcel}`)),
        place: `parcels/tracking${nul}${parcel}`,
      },
      of: await sql<{ source: string; seq: number; last: number; sealed: Uint8Array }>`
        select source, seq, last, sealed from openings where subject_id = ${goes} and source = ${bank.bank}`
        .execute(tx)
        .then(({ rows: [row] }) => ({
          person: goes,
          place: `openings${nul}${row?.source}${nul}${row?.seq}${nul}${row?.last}`,
          sealed: new Uint8Array(row?.sealed ?? []),
        })),
    };
  });
}

async function flushed(): Promise<void> {
  const database = await asSuperuser(join(stand.home, 'data'));
  await database.query('checkpoint');
  await database.end();
}

const readBy = (what: Copied) =>
  readAll({ home: stand.home, rootKey: stand.rootKey, tenant: stand.tenant }, what);
const erase = (person: PersonId) =>
  stand.inTenant((tx) => erasePerson(stand.cloud, tx, { person, by: null }));
let erasure: ReturnType<typeof erase> | undefined;
/** Once, with a backup of before. */
const erased = () => {
  erasure ??= eraseAfterBackup();
  return erasure;
};

async function eraseAfterBackup(): ReturnType<typeof erase> {
  await backUp('earlier');
  const done = await erase(goes);
  await settle(stand.cloud, stand.tenant);
  return done;
}

const file = (name: string) => join(home, name);

const backUp = (name: string) => {
  const url = new URL(stand.superuserUrl());
  Object.assign(url, { username: 'holdfast_owner', password: stand.passwords.ownerPassword });
  return takeBackup({
    ownerUrl: url.href,
    rootKey: stand.rootKey,
    backup: base64url(systemRandom.bytes(16)),
    madeAtMs: stand.cloud.clock.nowMs(),
    file: file(name),
    keysFile: file(`${name}.keys`),
    epochs: stand.epochs,
    evidence: stand.cloud.evidence,
  });
};

/** A cloud over a database that was put back, with the same keys and the same folder. */
async function putBack(database: string, of: { rows: string; keys: string }): Promise<Cloud> {
  await prepareDatabase({ superuserUrl: stand.superuserUrl(), database, ...stand.passwords });
  const as = (username: string, password: string) => {
    const url = Object.assign(new URL(stand.superuserUrl()), { username, password });
    url.pathname = `/${database}`;
    return url.href;
  };
  await restoreBackup({
    ownerUrl: as('holdfast_owner', stand.passwords.ownerPassword),
    rootKey: stand.rootKey,
    file: file(of.rows),
    keysFile: file(`${of.keys}.keys`),
    epochs: stand.epochs,
    random: systemRandom,
    migrations: NOUNS.flatMap((noun) => noun.migrations ?? []),
    log: silentLog,
  });
  const { clock } = stand.cloud;
  const restored = await openDatabase({
    url: as('holdfast_app', stand.passwords.appPassword),
    clock,
    log: silentLog,
  });
  open.push(restored);
  return { ...stand.cloud, database: restored };
}

async function audited(cloud: Cloud): Promise<{ check: string; what: string }[]> {
  const { findings } = await auditTenant(cloud, stand.tenant, { heads: [], progress: () => undefined });
  return findings.told.map(({ check, what }) => ({ check, what }));
}

test('a legal hold stops an erasure, which is recorded, until it is lifted or ends by itself', async () => {
  const { cloud } = stand;
  const held = (untilMs: number | null) =>
    stand.inTenant((tx) => placeHold(cloud, tx, { person: goes, reason: REASON, untilMs, by: null }));
  await held(null);
  assert.deepEqual(await erase(goes), { is: 'held' });
  const [refused] = await stand.records('erasure.refused');
  assert.equal(refused?.facts.reason, 'legal-hold');
  assert.ok(refused?.commitments.subject);
  await stand.inTenant((tx) => liftHolds(cloud, tx, { person: goes, reason: REASON, by: null }));
  await held(cloud.clock.nowMs() + 60_000);
  assert.deepEqual(await erase(goes), { is: 'held' });
  stand.step(61_000);
  for (const kind of ['legal-hold.placed', 'legal-hold.lifted'])
    for (const { facts, commitments } of await stand.records(kind)) {
      assert.deepEqual(facts, {});
      assert.ok(commitments.purpose, 'why is committed to');
    }
  assert.equal((await stand.inTenant((tx) => people.findPerson(cloud, tx, goes)))?.profile.name, GOES.name);
});

test('who has a parcel in a bank is not erased, and is told which door', async () => {
  await journey(stays, TRACKING.stays, false);
  const erasure = await erase(stays);
  assert.equal(erasure.is, 'waiting');
  assert.match(erasure.is === 'waiting' ? (erasure.says[0] ?? '') : '', /door 3 of bank_/);
  assert.equal(
    (await stand.inTenant((tx) => people.findPerson(stand.cloud, tx, stays)))?.profile.name,
    STAYS.name,
  );
});

test('with every disk and every key a person is read before the erasure, and by nobody after it', async () => {
  await flushed();
  assert.match(readBy(copied.profile) ?? '', new RegExp(GOES.name));
  assert.equal(readBy(copied.tracking), TRACKING.goes);
  assert.match(readBy(copied.of) ?? '', new RegExp(TRACKING.goes));
  assert.equal(readObject(readBy(copied.evidence)), DENT);
  const erasure = await erased();
  assert.ok(erasure.is === 'erased');
  assert.ok(erasure.fields > 5, `${erasure.fields}`);
  assert.equal(erasure.exportsOut, 1, 'one bundle showed the number of a parcel of theirs');
  await flushed();
  for (const [what, one] of Object.entries(copied)) assert.equal(readBy(one), undefined, what);
  await sweepEvidence(stand.cloud);
  assert.ok(!existsSync(object.path), 'and what lay in the folder is gone as well');
  assert.deepEqual(await checkEvidence(stand.cloud, stand.tenant), []);
});

test('nothing that only served them is left, and no file holds a word of them', async () => {
  await erased();
  const dump = await stand.dump();
  const lines = dump.split('\n').filter((line) => line.includes(goes));
  // That somebody of this id was here, and that the key is gone.
  assert.deepEqual(lines.map((line) => Object.keys(JSON.parse(line) as object)[1]).sort(), [
    'person_id',
    'person_id',
  ]);
  assert.ok(lines.some((line) => line.includes('"state":"erased","profile":"\\\\x","flat_index":null')));
  const { cloud } = stand;
  await stand.inTenant(async (tx) => {
    const { entries } = await people.directory(cloud, tx, stand.site);
    assert.deepEqual(
      entries.map(({ person }) => person),
      [stays],
    );
    assert.deepEqual(await people.addressees(cloud, tx, GOES.email, ['resident']), []);
    const flat = { site: stand.site, flats: [GOES.flat] };
    assert.deepEqual(await people.residentsOfFlats(cloud, tx, flat), []);
  });
  const planted: Planted[] = [
    ...[GOES, STAYS].flatMap(({ name, flat, phone, email }) => [
      { what: 'name', text: name },
      { what: 'flat', text: flat },
      { what: 'flat, as compared', text: normalFlat(flat) },
      { what: 'phone number', text: phone },
      { what: 'mail address', text: email },
    ]),
    ...Object.values(TRACKING).map((text) => ({ what: 'tracking number', text })),
    { what: 'reason of a hold', text: REASON },
    { what: 'evidence', text: DENT },
    { what: 'why it was attached', text: DENT_WHY },
    { what: 'control', text: CONTROL },
  ];
  const { hits, files } = searchFolder(planted, home);
  for (const part of [/\/data\/base\//, /\/pg_wal\//, /\/epochs\//, /^earlier$/, /^earlier\.keys$/])
    assert.ok(
      files.some((one) => part.test(one.file)),
      String(part),
    );
  assert.ok(new Set(hits.filter(({ what }) => what === 'control').map(({ form }) => form)).size > 20);
  assert.deepEqual(
    hits.filter(({ what }) => what !== 'control'),
    [],
  );
});

test('every record stays and verifies, and an export opens nothing of who was erased', async () => {
  const { cloud, tenant } = stand;
  await erased();
  await drain(cloud, tenant);
  assert.deepEqual(await checkCloud(cloud, tenant), []);
  assert.deepEqual(await audited(cloud), []);
  const [done] = await stand.records('erasure.done');
  assert.ok(Number(done?.facts.fields) > 5 && done?.facts.exportsOut === 1);
  await assert.rejects(exported({ person: goes }, ['tracking']), /no record is what was asked for/);
  await exported({ bank: bank.bank }, ['tracking']);
});

test('what a bank tells of them afterwards is dropped unread, and said', async () => {
  await erased();
  const parcel = await journey(goes, TRACKING.late, true);
  await drain(stand.cloud, stand.tenant);
  const { rows } = await stand.inTenant((tx) =>
    sql<{
      recipient_id: string | null;
      tracking: unknown;
    }>`select recipient_id, tracking from parcels where parcel_id = ${parcel}`.execute(tx),
  );
  assert.deepEqual(rows, [{ recipient_id: null, tracking: null }]);
  assert.deepEqual(await checkCloud(stand.cloud, stand.tenant), []);
  assert.deepEqual(await audited(stand.cloud), []);
});

test('a backup of before, put back, opens for everybody but who was erased since, and they are erased there too', async () => {
  await erased();
  await backUp('newer');
  const cloud = await putBack('again', { rows: 'earlier', keys: 'newer' });
  assert.equal(await eraseLost(cloud, stand.tenant), 1);
  const read = (person: PersonId) =>
    cloud.database.read(stand.tenant, (tx) => people.findPerson(cloud, tx, person));
  assert.equal((await read(goes))?.profile.name, '(erased)');
  assert.equal((await read(stays))?.profile.name, STAYS.name);
  await cloud.database.tenant(stand.tenant, async (tx) => {
    assert.deepEqual(await people.addressees(cloud, tx, GOES.email, ['resident']), []);
    const flat = { site: stand.site, flats: [GOES.flat] };
    assert.deepEqual(await people.residentsOfFlats(cloud, tx, flat), []);
  });
  assert.deepEqual(await checkCloud(cloud, stand.tenant), []);
  const added = await cloud.database.tenant(stand.tenant, (tx) =>
    people.addResident(cloud, tx, { ...GOES, site: stand.site, accessible: false, by: null }),
  );
  assert.equal((await read(added))?.profile.name, GOES.name, 'it goes on');
  // The disk of before goes on as well: two databases over one folder do not destroy each other's keys.
  const still = await stand.inTenant((tx) => people.findPerson(stand.cloud, tx, stays));
  assert.equal(still?.profile.name, STAYS.name);
  for (const [what, one] of Object.entries(copied)) assert.equal(readBy(one), undefined, what);
});

test('keys of before, which somebody kept, bring nobody back where the folder remembers the erasure', async () => {
  await erased();
  const cloud = await putBack('kept', { rows: 'earlier', keys: 'earlier' });
  assert.equal(await eraseLost(cloud, stand.tenant), 1);
  const found = await cloud.database.read(stand.tenant, (tx) => people.findPerson(cloud, tx, goes));
  assert.equal(found?.profile.name, '(erased)');
  assert.ok(readdirSync(join(stand.home, 'cloud', 'epochs')).some((name) => name.endsWith('.destroyed')));
});

test('what is gone without an erasure is a finding, and to write that it was one is another', async () => {
  const { cloud, tenant } = stand;
  const lost = { check: 'openings', what: 'a commitment does not open' };
  await stand.inTenant((tx) => sql`delete from openings where subject_id = ${stays}`.execute(tx));
  assert.ok((await audited(cloud)).some(({ check, what }) => check === lost.check && what === lost.what));
  assert.ok((await checkCloud(cloud, tenant)).some(({ what }) => what === lost.what));
  await stand.inTenant(async (tx) => {
    const end = (await cloud.journal.endOf(tx, bank.bank))?.lastSeq ?? 0;
    const fields = Object.fromEntries(
      Array.from({ length: end }, (_, at) => [at + 1, ['person', 'counterpart', 'tracking']]),
    );
    for (const source of [bank.bank, tenant])
      await sql`insert into erased_openings (source, first, last, fields)
        values (${source}, 1, ${end}, ${JSON.stringify({ ...fields })}::jsonb)`.execute(tx);
  });
  const told = await audited(cloud);
  assert.ok(told.some(({ what }) => /fields are gone as erased or lost, and records say/.test(what)));
  assert.ok((await checkCloud(cloud, tenant)).some(({ what }) => /fields are gone as erased/.test(what)));
});

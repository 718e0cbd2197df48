import assert from 'node:assert/strict';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { SEAL_INFO } from '../../contract/uplink.ts';
import { base64url, fromBase64url, utf8 } from '../../crypto/bytes.ts';
import { hpkeSeal } from '../../crypto/hpke.ts';
import { idFrom, type PersonId } from '../../domain/ids.ts';
import { openNote } from '../../ledger/note.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Tx } from '../../platform/database.ts';
import { systemRandom } from '../../platform/random.ts';
import { initFiles, openFiles } from '../files.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { openKeys, settleKeys, tendKeys } from './keys.ts';

const DAY_MS = 86_400_000;
let stand: Stand;
before(async () => {
  stand = await openStand([]);
});
after(() => stand.close());

const newPerson = () => idFrom('person', systemRandom.bytes(16));

test('a sealed value opens for its person and place only, until the key is destroyed', async () => {
  const { keys } = stand.cloud;
  const [ada, ben] = [newPerson(), newPerson()];
  const sealed = await stand.inTenant(async (tx) => {
    await keys.makeSubject(tx, ada);
    await keys.makeSubject(tx, ben);
    return keys.sealFor(tx, ada, 'profile', 'Ada Okafor');
  });
  const open = (person: PersonId, place: string) =>
    stand.inTenant((tx) => keys.openFor(tx, person, place, sealed));
  assert.equal(await open(ada, 'profile'), 'Ada Okafor');
  assert.equal(await open(ada, 'other'), undefined);
  assert.equal(await open(ben, 'profile'), undefined);
  await stand.inTenant((tx) => keys.destroySubjects(tx, [ada]));
  assert.equal(await open(ada, 'profile'), undefined);
  assert.deepEqual(await stand.inTenant((tx) => keys.subjects(tx, [ada, ben, 'nobody'])), new Set([ben]));
});

test('a destroyed key opens nothing from then on, in the transaction that destroys it and after another process did', async () => {
  const { keys } = stand.cloud;
  const [ada, ben] = [newPerson(), newPerson()];
  const open = (tx: Tx, person: PersonId, sealed: Uint8Array) => keys.openFor(tx, person, 'profile', sealed);
  const sealed = await stand.inTenant(async (tx) => {
    await keys.makeSubjects(tx, [ada, ben]);
    return {
      ada: await keys.sealFor(tx, ada, 'profile', 'Ada'),
      ben: await keys.sealFor(tx, ben, 'profile', 'Ben'),
    };
  });
  await stand.inTenant(async (tx) => {
    assert.equal(await open(tx, ada, sealed.ada), 'Ada');
    await keys.destroySubjects(tx, [ada]);
    assert.equal(await open(tx, ada, sealed.ada), undefined);
  });
  const { read } = stand.cloud.database;
  assert.equal(await read(stand.tenant, (tx) => open(tx, ben, sealed.ben)), 'Ben');
  await stand.inTenant((tx) => sql`delete from subject_keys where person_id = ${ben}`.execute(tx));
  assert.equal(await read(stand.tenant, (tx) => open(tx, ben, sealed.ben)), undefined);
});

test('another root key opens nothing', async () => {
  const strange = openKeys({
    rootKey: systemRandom.bytes(32),
    epochs: stand.epochs,
    random: systemRandom,
    nowMs: systemClock.nowMs,
  });
  await assert.rejects(
    stand.inTenant((tx) => strange.sealForTenant(tx, 'x', 'y')),
    /does not open/,
  );
});

test('after 25 days survivors are wrapped anew and the old epoch is gone', async () => {
  const { keys } = stand.cloud;
  const person = newPerson();
  const sealed = await stand.inTenant(async (tx) => {
    await keys.makeSubject(tx, person);
    return keys.sealFor(tx, person, 'p', 'v');
  });
  const epochs = () =>
    stand.inTenant(async (tx) =>
      (await sql<{ epoch: number }>`select epoch from wrapping_epochs`.execute(tx)).rows.map(
        (row) => row.epoch,
      ),
    );
  const files = () => readdir(join(stand.home, 'cloud', 'epochs'), { recursive: true });
  const keysIn = async () =>
    (await files()).map((name) => basename(name)).filter((name) => /\.key$/.test(name));
  assert.deepEqual([await epochs(), await keysIn()], [[1], ['1.key']]);
  stand.step(26 * DAY_MS);
  await stand.inTenant((tx) => tendKeys(stand.cloud, tx));
  stand.step(-26 * DAY_MS);
  assert.deepEqual([await epochs(), await keysIn()], [[2], ['1.key', '2.key']], 'not before it is committed');
  await settleKeys(stand.cloud, stand.tenant);
  assert.deepEqual(await keysIn(), ['2.key']);
  const { rows } = await stand.inTenant((tx) =>
    sql`select 1 from wrapping_epochs where wrapped is not null`.execute(tx),
  );
  assert.deepEqual(rows, [], 'the key of an epoch is never in the database');
  assert.equal(await stand.inTenant((tx) => keys.openFor(tx, person, 'p', sealed)), 'v');
  assert.ok((await stand.records('key.destroyed')).some((record) => record.facts.what === 'epoch'));
});

test('a notifier epoch is signed, follows the last with two days to spare, and is destroyed two days late', async () => {
  const { keys } = stand.cloud;
  await stand.inTenant((tx) => tendKeys(stand.cloud, tx));
  const first = await stand.inTenant((tx) => keys.currentEpoch(tx));
  assert.ok(first);
  const { notifier } = await stand.inTenant((tx) => keys.published(tx));
  assert.ok(
    openNote(first.note, [{ name: stand.tenant, publicKey: fromBase64url(notifier) ?? new Uint8Array(0) }]),
  );
  const point =
    fromBase64url((JSON.parse(first.note.split('\n')[1] ?? '') as { key: string }).key) ?? new Uint8Array(0);
  const bank = 'bank_x';
  const box = await hpkeSeal(point, utf8('{"pin":"1"}'), {
    info: SEAL_INFO.notice,
    aad: `${bank}\0notice_y`,
  });
  const sealed = {
    epoch: first.epoch,
    box: { enc: base64url(box.enc), ciphertext: base64url(box.ciphertext) },
    bank,
    reference: 'notice_y',
  };
  const opens = () => stand.inTenant((tx) => keys.openForNotifier(tx, sealed));
  assert.ok(await opens());
  assert.equal(
    await stand.inTenant((tx) => keys.openForNotifier(tx, { ...sealed, reference: 'notice_z' })),
    undefined,
  );
  const leftMs = first.notAfterMs - stand.cloud.clock.nowMs();
  const tendAt = async (ms: number) => {
    stand.step(ms);
    await stand.inTenant((tx) => tendKeys(stand.cloud, tx));
    stand.step(-ms);
    return stand.inTenant((tx) => keys.currentEpoch(tx));
  };
  assert.equal((await tendAt(leftMs - 3 * DAY_MS))?.epoch, first.epoch);
  assert.notEqual((await tendAt(leftMs - DAY_MS))?.epoch, first.epoch);
  await tendAt(leftMs + DAY_MS);
  assert.ok(await opens(), 'a late code can still be sent');
  await tendAt(leftMs + 2 * DAY_MS + 60_000);
  assert.equal(await opens(), undefined);
});

test('the files of the cloud are made once, sealed, and refused when they are not whole', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hf-files-'));
  const places = {
    dataDir,
    rootKeyFile: join(dataDir, 'root.key'),
    operatorTokenFile: join(dataDir, 'operator.token'),
  };
  try {
    await assert.rejects(openFiles(places), /rootKeyFile .* cloud init/);
    await initFiles(places, { clock: systemClock, random: systemRandom });
    const files = await openFiles(places);
    await initFiles(places, { clock: systemClock, random: systemRandom });
    const { ledgerKeyOf: _, ...again } = await openFiles(places);
    const { ledgerKeyOf: __, ...first } = files;
    assert.deepEqual(again, first, 'a second init changes nothing');
    const onDisk = await readFile(join(dataDir, 'keys', 'tls-current.key'));
    assert.ok(!onDisk.includes(Buffer.from(files.current.privateKey).subarray(10, 60)));
    for (const path of [places.rootKeyFile, places.operatorTokenFile, join(dataDir, 'keys', 'tls-next.key')])
      assert.equal((await stat(path)).mode & 0o777, 0o600);
    await chmod(places.rootKeyFile, 0o644);
    await assert.rejects(openFiles(places), /rootKeyFile .* chmod 600/);
    await writeFile(places.rootKeyFile, systemRandom.bytes(32));
    await assert.rejects(openFiles({ ...places }), /chmod 600|does not open/);
    await rm(places.rootKeyFile);
    await assert.rejects(
      initFiles(places, { clock: systemClock, random: systemRandom }),
      /is missing, but keys sealed under it exist/,
    );
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
});

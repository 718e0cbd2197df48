/** The key of an export: where it lies until that is made, and that nobody finds it afterwards. */
import assert from 'node:assert/strict';
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { sql } from 'kysely';
import type { ExportAsk } from '../../contract/http/exports.ts';
import { open } from '../../crypto/aead.ts';
import { base64url, fromBase64url, hex } from '../../crypto/bytes.ts';
import { openedAt } from '../../crypto/stream.ts';
import type { ExportId } from '../../domain/ids.ts';
import { NOUNS } from '../cloud.ts';
import { erasePerson } from '../privacy/privacy.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addResident, type Filled, filledTenant } from '../test-tenants.ts';
import { fileOf } from './folder.ts';
import { askExport, discardExport, envelopePlace, openEnvelopeOf } from './kept.ts';
import { findExport, type KeptRow } from './kept-store.ts';
import { makeAsked, sweepExports } from './run.ts';

const HOUR_MS = 3_600_000;
const ALL = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
let stand: Stand;
let filled: Filled;
let folder: string;

before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: stand.root, mark: 'Alder' });
  folder = join(stand.home, 'cloud', 'export-keys', filled.tenant);
});
after(() => stand?.close());
// Three wait at most.
beforeEach(() => inTenant((tx) => sql`update exports set state = 'gone', envelope = null`.execute(tx)));

const inTenant: Stand['inTenant'] = (run) => stand.cloud.database.tenant(filled.tenant, run);
const placeOf = (id: ExportId) => ({ tenant: filled.tenant, id });
const rowOf = async (id: ExportId): Promise<KeptRow> =>
  (await inTenant((tx) => findExport(tx, id))) ?? assert.fail();
const make = (id: ExportId) => makeAsked(stand.cloud, { tenant: filled.tenant, export: id });
const sweep = () => sweepExports(stand.cloud);
const namesThere = () => (existsSync(folder) ? readdirSync(folder) : []);

async function asked(more: Partial<ExportAsk> = {}): Promise<ExportId> {
  const by = { tenant: filled.tenant, person: filled.people.admin };
  const { id } = await askExport(stand.cloud, by, {
    ...{ purpose: 'case 12', receiver: 'District Court', selection: ALL, opened: ['tracking'] },
    ...{ encrypt: { by: 'passphrase', passphrase: 'seven grey herons over Kiel' }, ...more },
  });
  return id;
}

/** Every text that is as long as a key. */
const keysIn = (text: string): Uint8Array[] =>
  (text.match(/(?<=")[\w-]{43}(?=")/g) ?? []).flatMap((one) => fromBase64url(one) ?? []);

/** Whoever has a row of any time, everything that lies in the folder, and every key of the organisation. */
async function attack(id: ExportId, row: KeptRow, files: readonly Uint8Array[]): Promise<string[]> {
  const { keys } = stand.cloud;
  const text = await inTenant((tx) =>
    row.envelope === null
      ? Promise.resolve('')
      : keys.openForTenant(tx, envelopePlace(id), new Uint8Array(row.envelope)),
  );
  const found = keysIn(text ?? '');
  for (const key of [...found])
    for (const file of files) {
      const opened = open(key, file, `export/envelope-file\0${filled.tenant}\0${id}`);
      if (opened) found.push(...keysIn(Buffer.from(opened).toString()));
    }
  const bytes = readFileSync(fileOf(stand.cloud.config.dataDir, placeOf(id)));
  return found.map((key) => contentUnder(key, bytes)).filter((clear) => clear.includes('"tracking":{'));
}

/** The content of our own CMS message under a key of the content, whoever its receiver is (RFC 5084 section 3.2). */
function contentUnder(key: Uint8Array, bytes: Buffer): string {
  const algorithm = bytes.indexOf(Buffer.from('060960864801650304012e', 'hex'));
  const nonce = new Uint8Array(bytes.subarray(algorithm + 15, algorithm + 27));
  const header = algorithm + 30;
  const begin = header + 2 + ((bytes[header + 1] ?? 0) & 0x7f);
  const content = new Uint8Array(bytes.subarray(begin));
  const source = { size: content.length, read: (at: number, n: number) => content.subarray(at, at + n) };
  return Buffer.from(openedAt(source, { key, nonce }).read(0, content.length)).toString('latin1');
}

const filesThere = () => namesThere().map((name) => new Uint8Array(readFileSync(join(folder, name))));

test('of an export that is made nobody here finds the key, with its row of while it waited, every file and every key', async () => {
  const id = await asked();
  const [backup, copied] = [await rowOf(id), filesThere()];
  await make(id);
  assert.equal((await rowOf(id)).state, 'ready');
  assert.deepEqual(await attack(id, backup, filesThere()), [], 'with an old row');
  assert.deepEqual(await attack(id, await rowOf(id), copied), [], 'with an old copy of the folder');
  assert.equal((await attack(id, backup, copied)).length, 1, 'with both of them it is found');
});

test('no row and nothing else in the database has the key while the export waits', async () => {
  const id = await asked();
  const { envelope } = await rowOf(id);
  const [file] = filesThere();
  const kept = await inTenant(async (tx) => openEnvelopeOf(stand.cloud, tx, { id, envelope }, file));
  const key = kept?.key ?? assert.fail('with both it opens');
  const text = await inTenant((tx) =>
    stand.cloud.keys.openForTenant(tx, envelopePlace(id), new Uint8Array(envelope ?? [])),
  );
  const dump = `${await stand.dump()}${text}`;
  for (const shape of [hex(key), base64url(key), Buffer.from(key).toString('base64')])
    assert.ok(!dump.includes(shape));
  assert.ok(!file?.toString().includes(key.toString()));
});

test('the file is overwritten when its export is made, failed, was taken back or its person erased, and not before', async () => {
  const { cloud } = stand;
  const { tenant, site, bank } = filled;
  const person = await addResident(cloud, { tenant, site, name: 'Alder Short' });
  const ends: [string, Partial<ExportAsk>, (id: ExportId) => Promise<unknown>][] = [
    ['made', {}, make],
    ['failed', { selection: { ...ALL, bank, compartment: 9999 } }, make],
    ['taken back', {}, (id) => inTenant((tx) => discardExport(cloud, tx, id)).then(sweep)],
    [
      'erased',
      { selection: { ...ALL, person } },
      () => inTenant((tx) => erasePerson(cloud, tx, { person, by: null })).then(sweep),
    ],
  ];
  for (const [how, more, end] of ends) {
    const id = await asked(more);
    const path = join(folder, id);
    utimesSync(path, 1, 1);
    await sweep();
    assert.ok(existsSync(path), `${how}: it waits, however long`);
    const file = openSync(path, 'r');
    await end(id);
    const bytes = new Uint8Array(64);
    assert.equal(readSync(file, bytes, 0, 64, 0), 64, how);
    closeSync(file);
    assert.deepEqual(bytes, new Uint8Array(64), `${how}: nothing but zeros lies where it was`);
    assert.deepEqual(namesThere(), [], how);
  }
});

test('a try that died behind the record ends the file when it runs again, and so does the sweep', async () => {
  for (const again of [make, sweep]) {
    const id = await asked();
    const path = join(folder, id);
    const bytes = readFileSync(path);
    await make(id);
    writeFileSync(path, bytes);
    await again(id);
    assert.equal((await rowOf(id)).state, 'ready');
    assert.deepEqual(namesThere(), []);
  }
});

test('without its file an export fails by name; what no row names goes after an hour, for it may be about to get one', async () => {
  const { cloud } = stand;
  const id = await asked();
  writeFileSync(join(folder, id), 'another');
  await make(id);
  assert.deepEqual([(await rowOf(id)).state, (await rowOf(id)).failure], ['failed', 'broke']);
  assert.deepEqual(namesThere(), []);
  const dying = { ...cloud.database, tenant: () => Promise.reject(new Error('dead')) };
  const by = { tenant: filled.tenant, person: filled.people.admin };
  const ask: ExportAsk = {
    ...{ purpose: 'case 12', receiver: 'District Court', selection: ALL, opened: [] },
    encrypt: { by: 'passphrase', passphrase: 'seven grey herons over Kiel' },
  };
  await assert.rejects(askExport({ ...cloud, database: dying } as typeof cloud, by, ask), /dead/);
  writeFileSync(join(folder, `.${id}.1.1.new`), 'half');
  await sweep();
  assert.equal(namesThere().length, 2);
  stand.step(HOUR_MS + 60_000);
  await sweep();
  assert.deepEqual(namesThere(), []);
});

test('an export that was asked for before there were such files is made, and its row is what had the key', async () => {
  const { cloud } = stand;
  const id = await asked();
  const row = await rowOf(id);
  const [file] = filesThere();
  await inTenant(async (tx) => {
    const kept = (await openEnvelopeOf(cloud, tx, row, file)) ?? assert.fail();
    const text = JSON.stringify({ recipient: base64url(kept.recipient), key: base64url(kept.key) });
    const sealed = await cloud.keys.sealForTenant(tx, envelopePlace(id), text);
    await sql`update exports set envelope = ${sealed} where export_id = ${id}`.execute(tx);
  });
  const before = await rowOf(id);
  await make(id);
  assert.equal((await rowOf(id)).state, 'ready');
  assert.equal((await attack(id, before, [])).length, 1);
  assert.deepEqual(namesThere(), []);
});

/** Exports as an administrator asks for them, over real HTTP: counted, asked for, made by the job, fetched, opened by their receiver. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { sql } from 'kysely';
import { z } from 'zod';
import { CSRF_HEADER } from '../../contract/http/common.ts';
import { type ExportRow, exportAsked, exportList, exportPreview } from '../../contract/http/exports.ts';
import { openEnvelope, readPrivateKey } from '../../crypto/cms/envelope.ts';
import { testCertificate } from '../../crypto/cms/test-certificate.ts';
import { sha256 } from '../../crypto/hash.ts';
import { parseId } from '../../domain/ids.ts';
import { verifyBundle } from '../../ledger/export/verify.ts';
import { erasePerson } from '../privacy/privacy.ts';
import { AccessStand } from '../test-access.ts';
import { addResident, newToken } from '../test-tenants.ts';
import { fileOf } from './folder.ts';
import { KEPT_MS } from './kept.ts';
import { findExport } from './kept-store.ts';
import { makeAsked, sweepExports } from './run.ts';
import { sourceOf } from './test-bundle.ts';

const ALL = { bank: null, compartment: null, parcel: null, person: null, fromMs: null, toMs: null };
const PASSPHRASE = 'seven grey herons over Kiel';
const UNDER = { by: 'passphrase', passphrase: PASSPHRASE } as const;
let access: AccessStand;
let token: string;
before(async () => {
  access = await AccessStand.open();
  await signIn();
});
after(() => access.close());

async function signIn(): Promise<void> {
  const { tenant, people } = own();
  token = await newToken(cloud(), { tenant, role: 'admin', person: people.admin });
}

const own = () => access.tenants[0];
const cloud = () => access.stand.cloud;

async function send(method: string, path: string, body?: unknown, key?: string) {
  const answer = await fetch(`http://localhost:${access.servers.httpPort}/api/admin/exports${path}`, {
    method,
    headers: {
      cookie: `holdfast_admin=${token}`,
      [CSRF_HEADER]: '1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: answer.status,
    headers: answer.headers,
    bytes: new Uint8Array(await answer.arrayBuffer()),
  };
}

const jsonOf = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());
const detailOf = (bytes: Uint8Array) => z.looseObject({ detail: z.string() }).parse(jsonOf(bytes)).detail;
const wish = (more: object = {}) => ({
  ...{ purpose: 'case 12 of the district court', receiver: 'District Court, Chamber 4' },
  ...{ selection: ALL, opened: [], encrypt: UNDER, ...more },
});

async function asked(more: object = {}): Promise<string> {
  const { status, bytes } = await send('POST', '', wish(more));
  assert.equal(status, 202, Buffer.from(bytes).toString());
  return exportAsked.parse(jsonOf(bytes)).id;
}

function pathOf(id: string): string {
  const parsed = parseId('export', id) ?? assert.fail(`${id} is an id`);
  return fileOf(cloud().config.dataDir, { tenant: own().tenant, id: parsed });
}

const make = (id: string) => makeAsked(cloud(), { tenant: own().tenant, export: id });

async function rowOf(id: string): Promise<ExportRow> {
  const { bytes } = await send('GET', '?limit=200');
  return exportList.parse(jsonOf(bytes)).items.find((row) => row.id === id) ?? assert.fail(`${id} is listed`);
}

test('a preview counts exactly what the bundle then holds; the receiver of the certificate opens it and it verifies', async () => {
  const { certificate, keyPem } = await testCertificate({
    kind: 'p-256',
    fromMs: 0,
    toMs: 9_000_000_000_000,
  });
  const selection = { ...ALL, bank: own().bank };
  const counted = exportPreview.parse(jsonOf((await send('POST', '/preview', { selection })).bytes));
  assert.ok(counted.records > 3 && !counted.isTooMany);
  assert.deepEqual(
    counted.sources.map(({ source }) => source),
    [own().bank],
  );
  const encrypt = { by: 'certificate', certificate: Buffer.from(certificate).toString() };
  const id = await asked({ selection, encrypt, opened: ['tracking'] });
  assert.equal((await rowOf(id)).state, 'waiting');
  assert.equal((await send('GET', `/${id}/file`)).status, 409);
  await make(id);
  const row = await rowOf(id);
  assert.deepEqual([row.state, row.records, row.failure], ['ready', counted.records, null]);
  assert.equal(row.about?.receiver.certificate?.subject.includes('District Court'), true);
  const { status, headers, bytes } = await send('GET', `/${id}/file`);
  assert.equal(status, 200);
  assert.equal(headers.get('content-disposition'), `attachment; filename="${id}.p7m"`);
  assert.match(headers.get('content-type') ?? '', /^application\/pkcs7-mime/);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(Buffer.from(sha256(bytes)).toString('hex'), row.fileSha256);
  assert.equal((await rowOf(id)).taken, 1);
  const key = readPrivateKey(keyPem);
  assert.ok(key);
  const opened = await openEnvelope(sourceOf(bytes), { is: 'key', key });
  assert.ok(opened.ok);
  const bundle = opened.content.read(0, opened.content.size);
  assert.equal(Buffer.from(sha256(bundle)).toString('hex'), row.sha256);
  const trust = { rootKeys: [], signatures: 1, policy: undefined };
  const { holds, lines } = verifyBundle(opened.content, trust);
  assert.ok(holds, JSON.stringify(lines));
  assert.ok(Buffer.from(bundle).includes('"tracking":{'), 'the field that was named is opened');
  assert.ok(!Buffer.from(bytes).includes('records.jsonl'), 'and nothing of it stands there in clear');
});

test('the export is a record with its purpose, its maker and its receiver, under the hash of the bundle', async () => {
  const id = await asked({ selection: { ...ALL, parcel: own().parcel } });
  await make(id);
  const row = await rowOf(id);
  const [, seq] = /\.(\d+)$/.exec(row.record ?? '') ?? assert.fail('it names its record');
  const at = { first: Number(seq), last: Number(seq) };
  const openings = await cloud().database.tenant(own().tenant, (tx) =>
    cloud().journal.openOpenings(tx, own().tenant, at),
  );
  const told = openings.get(Number(seq));
  assert.equal(told?.purpose?.value, 'case 12 of the district court');
  assert.equal(told?.person?.value, own().people.admin);
  const kept = await cloud().database.read(own().tenant, (tx) => findExport(tx, id));
  assert.equal(kept?.envelope, null, 'nobody here can open the file any more');
  const subject = JSON.parse(told?.subject?.value ?? '') as Record<string, unknown>;
  assert.deepEqual(subject.receiver, {
    name: 'District Court, Chamber 4',
    by: 'passphrase',
    certificate: null,
  });
  assert.equal(subject.file, Buffer.from(row.fileSha256 ?? '', 'hex').toString('base64url'));
});

test('no purpose, no receiver, a weak passphrase and a certificate that is past are refused, and nothing is recorded', async () => {
  const kinds = async () =>
    (
      await access.stand.cloud.database.read(own().tenant, (tx) =>
        sql<{ n: number }>`select count(*)::int as n from records where kind = 'export.made'`.execute(tx),
      )
    ).rows[0]?.n;
  const before = await kinds();
  const refused = async (more: object) => {
    const { status, bytes } = await send('POST', '', wish(more));
    return `${status} ${detailOf(bytes)}`;
  };
  for (const purpose of [undefined, '', '   ']) assert.match(await refused({ purpose }), /^400/);
  assert.match(await refused({ receiver: ' ' }), /^400/);
  assert.match(await refused({ encrypt: undefined }), /^400/);
  assert.match(
    await refused({ encrypt: { by: 'passphrase', passphrase: 'secret' } }),
    /^400 .*fewer than 16/,
  );
  const old = await testCertificate({ kind: 'rsa', fromMs: 0, toMs: 1_000 });
  assert.match(await refused({ encrypt: { by: 'certificate', certificate: old.pem } }), /^400 .*has expired/);
  assert.match(
    await refused({ encrypt: { by: 'certificate', certificate: 'hello' } }),
    /^400 .*not one X.509/,
  );
  assert.match(await refused({ selection: { ...ALL, parcel: access.tenants[1].parcel } }), /^404/);
  assert.match(await refused({ selection: { ...ALL, person: 'person_x' } }), /^404/);
  assert.match(await refused({ opened: ['pin'] }), /^400/);
  assert.equal(await kinds(), before);
});

test('an export that is asked for twice under one key is made once, and three wait at most', async () => {
  const first = await send('POST', '', wish(), '"one-and-the-same-key-01"');
  const again = await send('POST', '', wish(), '"one-and-the-same-key-01"');
  assert.deepEqual([first.status, again.status], [202, 202]);
  assert.deepEqual(jsonOf(first.bytes), jsonOf(again.bytes));
  const others = [await asked(), await asked()];
  const more = await send('POST', '', wish());
  assert.equal(more.status, 429, Buffer.from(more.bytes).toString());
  const ids = [exportAsked.parse(jsonOf(first.bytes)).id, ...others];
  for (const id of ids) assert.equal((await send('POST', `/${id}/discard`, {})).status, 204);
  for (const id of ids) await make(id);
  assert.deepEqual(await Promise.all(ids.map(async (id) => (await rowOf(id)).state)), [
    'gone',
    'gone',
    'gone',
  ]);
});

test('so many files are kept for one organisation and no more: the next is asked for when one was discarded', async () => {
  const { tenant } = own();
  const { database } = cloud();
  await database.tenant(tenant, (tx) =>
    sql`insert into exports (export_id, state, asked_at_ms)
      select 'export_full' || n, 'ready', 1 from generate_series(1, 20) n`.execute(tx),
  );
  const full = await send('POST', '', wish());
  assert.equal(full.status, 409, Buffer.from(full.bytes).toString());
  assert.match(detailOf(full.bytes), /^20 files are kept already/);
  await database.tenant(tenant, (tx) =>
    sql`update exports set state = 'gone' where export_id like 'export_full%'`.execute(tx),
  );
});

test('a selection of nothing fails by name; what was taken back while it was made is no file and no record', async () => {
  const empty = await asked({ selection: { ...ALL, bank: own().bank, compartment: 9999 } });
  await make(empty);
  assert.deepEqual([(await rowOf(empty)).state, (await rowOf(empty)).failure], ['failed', 'nothing-found']);
  const id = await asked();
  const stand = cloud();
  const end = async () =>
    (await stand.database.read(own().tenant, (tx) => stand.journal.endOf(tx, own().tenant)))?.lastSeq;
  const lastSeq = await end();
  const payload = { tenant: own().tenant, export: id };
  await makeAsked({ ...stand, database: takenBack(stand.database, id) }, payload);
  assert.equal(await end(), lastSeq);
  assert.equal((await rowOf(id)).state, 'gone');
  assert.equal(existsSync(pathOf(id)), false);
});

/** A database in which somebody takes the export back before the transaction that would record it. */
function takenBack(database: AccessStand['stand']['cloud']['database'], id: string) {
  let opened = 0;
  const tenant: typeof database.tenant = async (of, run) => {
    opened += 1;
    if (opened === 2)
      await database.tenant(of, (tx) =>
        sql`update exports set state = 'gone', envelope = null where export_id = ${id}`.execute(tx),
      );
    return database.tenant(of, run);
  };
  return new Proxy(database, {
    get: (target, name) => (name === 'tenant' ? tenant : Reflect.get(target, name)),
  });
}

test('an export whose file is not there, or is another length, is not noted as fetched', async () => {
  const id = await asked();
  await make(id);
  const whole = readFileSync(pathOf(id));
  for (const change of [() => writeFileSync(pathOf(id), whole.subarray(1)), () => rmSync(pathOf(id))]) {
    change();
    const { status, bytes } = await send('GET', `/${id}/file`);
    assert.deepEqual([status, (await rowOf(id)).taken], [409, 0]);
    assert.match(detailOf(bytes), /not here any more/);
  }
  writeFileSync(pathOf(id), whole);
  assert.equal((await send('GET', `/${id}/file`)).status, 200);
  assert.equal((await rowOf(id)).taken, 1);
  assert.equal((await send('POST', `/${id}/discard`, {})).status, 204);
});

test('after a week the file is gone, with whatever a dead process left, and the list still tells of it', async () => {
  const id = await asked();
  await make(id);
  const path = pathOf(id);
  assert.ok(existsSync(path));
  mkdirSync(`${path}x.parts`, { recursive: true });
  writeFileSync(join(dirname(path), 'left'), 'x');
  await sweepExports(cloud());
  assert.ok(existsSync(path) && readdirSync(dirname(path)).length >= 1);
  assert.equal(existsSync(join(dirname(path), 'left')), false);
  access.stand.step(KEPT_MS + 1);
  await signIn();
  await sweepExports(cloud());
  assert.equal(existsSync(path), false);
  const row = await rowOf(id);
  assert.deepEqual([row.state, row.about?.purpose], ['gone', 'case 12 of the district court']);
  assert.equal((await send('GET', `/${id}/file`)).status, 409);
});

test('what was asked for about a person goes with them, and so does the file that waits', async () => {
  const { tenant, site } = own();
  const person = await addResident(cloud(), { tenant, site, name: 'Alder Short' });
  const id = await asked({ selection: { ...ALL, person }, purpose: 'about Alder Short' });
  await make(id);
  const made = await rowOf(id);
  assert.equal(made.state, 'ready');
  assert.deepEqual(await openedOf(made), ['person', 'purpose', 'subject']);
  const erased = await cloud().database.tenant(tenant, (tx) =>
    erasePerson(cloud(), tx, { person, by: own().people.admin }),
  );
  assert.equal(erased.is, 'erased');
  const row = await rowOf(id);
  assert.deepEqual([row.state, row.about], ['gone', null]);
  assert.equal((await send('GET', `/${id}/file`)).status, 409);
  assert.deepEqual(await openedOf(made), ['person'], 'why it was made names them, and goes as well');
});

/** The fields of its record that can be read. */
async function openedOf({ record }: ExportRow): Promise<string[]> {
  const seq = Number(/\.(\d+)$/.exec(record ?? '')?.[1]);
  const openings = await cloud().database.tenant(own().tenant, (tx) =>
    cloud().journal.openOpenings(tx, own().tenant, { first: seq, last: seq }),
  );
  return Object.keys(openings.get(seq) ?? {}).sort();
}

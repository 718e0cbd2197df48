/** Evidence, whole: a photo of a dent is attached to a parcel, exported to a court by command and from the admin app, opened there, and held against the record. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { evidenceAttached, evidenceList } from '../../src/contract/http/evidence.ts';
import { exportAsked, exportList } from '../../src/contract/http/exports.ts';
import { base64, concat, hex } from '../../src/crypto/bytes.ts';
import { testCertificate } from '../../src/crypto/cms/test-certificate.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { readIfExists } from '../../src/platform/durable.ts';
import { waitFor } from '../../src/up/wait.ts';
import { startSite } from '../site.ts';
import { holdfast } from './commands.ts';
import { inAndOut, parcelOf } from './in-and-out.ts';

const home = mkdtempSync(join(tmpdir(), 'hf-evidence-'));
const site = await startSite();
after(async () => {
  await site.stop();
  rmSync(home, { recursive: true, force: true });
});

const MARK = Buffer.from('this is the dent, told where no disk may show it');
/** More than one chunk of what is sealed. */
const PHOTO = concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe1), MARK, new Uint8Array(2_000_000).fill(5), MARK);

const config = () => join(site.system.places.cloud, 'config.json');
const check = () => holdfast('cloud', 'check', '--config', config());

/** Every file below a folder. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** Each of them as it lies there. The system goes on: what gets another name meanwhile is looked for once more. */
function lyingBelow(folder: string): Map<string, Buffer> {
  for (let tries = 0; tries < 20; tries++) {
    const found = filesBelow(folder).map((file) => [file, readIfExists(file)] as const);
    const there = found.flatMap(([file, bytes]) => (bytes ? [[file, Buffer.from(bytes)] as const] : []));
    if (there.length === found.length) return new Map(there);
  }
  assert.fail('files of the system never lie still');
}

test('a photo is attached, lies on no disk in clear, goes to a court, and is proved there to be the one that was recorded', async () => {
  const { people, system } = site;
  await inAndOut(site);
  await people.adminSignsIn();
  const { id: parcel } = await parcelOf(site, '1Z999AA10123456784');
  const wish = { purpose: 'the recipient complains of a dent', about: 'both', file: base64(PHOTO) };
  const { id, sha256: hash } = evidenceAttached.parse(
    await people.adminPosts(`/parcels/${parcel}/evidence`, wish),
  );
  assert.equal(hash, hex(sha256(PHOTO)));
  const { attached } = evidenceList.parse(await people.admin(`/parcels/${parcel}/evidence`));
  assert.deepEqual(
    attached.map((one) => [one.id, one.media, one.bytes]),
    [[id, 'jpeg', PHOTO.length]],
  );
  const kept = lyingBelow(site.data);
  assert.ok([...kept.keys()].some((file) => file.endsWith(join(parcel, id))));
  for (const [file, bytes] of kept) assert.ok(!bytes.includes(MARK), `${file} has it in clear`);

  const { certificate, keyPem } = await testCertificate({ kind: 'rsa', fromMs: 0, toMs: 9_000_000_000_000 });
  const at = (name: string) => join(home, name);
  writeFileSync(at('court.pem'), certificate);
  writeFileSync(at('court.key'), keyPem);
  const made = await holdfast(
    ...['admin', 'export', '--purpose', 'case 12', '--parcel', parcel, '--opened', 'evidence'],
    ...[
      '--certificate',
      at('court.pem'),
      '--encrypt',
      'evidence',
      '--out',
      at('case.tar'),
      '--config',
      config(),
    ],
  );
  assert.equal(made.status, 0, made.said);
  assert.match(made.said, /it is not encrypted, but for the evidence in it/);
  assert.ok(!readFileSync(at('case.tar')).includes(MARK));
  const root = join(system.places.root, 'site-root.pub');
  const verify = (...more: string[]) => holdfast('verify', at('case.tar'), '--root-key', root, ...more);
  const shut = await verify();
  assert.equal(shut.status, 0, shut.said);
  assert.match(shut.said, /-- {4}evidence\/\d{16}\.jpg\.p7m is here, \d+ bytes, and unopened/);
  const open = await verify('--key', at('court.key'));
  assert.equal(open.status, 0, open.said);
  assert.match(open.said, /ok {4}evidence\/\d{16}\.jpg\.p7m opens, and is, byte for byte, the evidence/);
  mkdirSync(at('opened'));
  writeFileSync(at('opened/dent.jpg'), PHOTO);
  assert.match(
    (await verify('--evidence', at('opened'))).said,
    /ok {4}dent.jpg is, byte for byte, the evidence/,
  );
  writeFileSync(at('opened/dent.jpg'), concat(PHOTO, MARK));
  assert.equal((await verify('--evidence', at('opened'))).status, 1);
  await site.checkSite();
});

test('the admin app asks for the same, the supervised cloud makes it behind its fence, and who it is for opens it', async () => {
  const { people, system } = site;
  await people.adminSignsIn();
  const { id: parcel } = await parcelOf(site, '1Z999AA10123456784');
  const selection = { bank: null, compartment: null, parcel, person: null, fromMs: null, toMs: null };
  const encrypt = { by: 'passphrase', passphrase: 'seven grey herons over Kiel' } as const;
  const wish = { purpose: 'case 13', receiver: 'District Court', selection, opened: ['evidence'], encrypt };
  const { id } = exportAsked.parse(await people.adminPosts('/exports', wish));
  const row = async () => exportList.parse(await people.admin('/exports')).items.find((one) => one.id === id);
  await waitFor({
    ...{ clock: systemClock, what: 'the export to be made or to fail', msMax: 60_000 },
    holds: async () => !['waiting', 'making'].includes((await row())?.state ?? 'waiting'),
  });
  const made = await row();
  assert.deepEqual([made?.state, made?.failure], ['ready', null]);
  const url = `http://localhost:${system.ports.start}/api/admin/exports/${id}/file`;
  const answer = await fetch(url, { headers: { cookie: people.adminCookie, 'x-holdfast-app': 'admin' } });
  assert.equal(answer.status, 200);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  assert.equal(hex(sha256(bytes)), made?.fileSha256);
  const at = (name: string) => join(home, name);
  writeFileSync(at('case-13.p7m'), bytes);
  writeFileSync(at('word'), `${encrypt.passphrase}\n`);
  const root = join(system.places.root, 'site-root.pub');
  const told = await holdfast(
    ...['verify', at('case-13.p7m'), '--root-key', root, '--passphrase-file', at('word')],
  );
  assert.equal(told.status, 0, told.said);
  assert.match(told.said, /ok {4}evidence\/\d{16}\.jpg\.p7m opens, and is, byte for byte, the evidence/);
  await site.checkSite();
});

test('an object that somebody changed on the disk is found by the check, handed to nobody, and put back it holds again', async () => {
  const { people } = site;
  await people.adminSignsIn();
  const object = filesBelow(join(site.system.places.cloud, 'evidence'))[0] ?? assert.fail('it is there');
  const whole = readFileSync(object);
  const bent = Buffer.from(whole);
  bent[1_500_000] = (bent[1_500_000] ?? 0) ^ 1;
  writeFileSync(object, bent);
  const found = await check();
  assert.equal(found.status, 1);
  assert.match(found.said, /evidence_[a-z2-7]{26}: its object is gone, or is not what was recorded/);
  const id = object.split('/').at(-1);
  await assert.rejects(people.adminPosts(`/evidence/${id}/file`, { purpose: 'x' }), /not what was recorded/);
  writeFileSync(object, whole);
  await site.checkSite();
});

/** Evidence in bundles: encrypted to the receiver each for itself, held against its record, and found when it is another. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { concat, hex, utf8 } from '../../crypto/bytes.ts';
import { newEnvelope, openEnvelope, readPrivateKey, writeEnvelope } from '../../crypto/cms/envelope.ts';
import { readCertificate } from '../../crypto/cms/receiver.ts';
import { testCertificate } from '../../crypto/cms/test-certificate.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { CommittedField } from '../../domain/facts.ts';
import { type EvidenceAtHand, openEvidence } from '../../ledger/export/evidence.ts';
import { type BundleTrust, verifyBundle } from '../../ledger/export/verify.ts';
import { NOUNS } from '../cloud.ts';
import { attach } from '../evidence/evidence.ts';
import { projectionsOf, takeBatch } from '../intake/intake.ts';
import { erasePerson, settle } from '../privacy/privacy.ts';
import { enrolledBank } from '../test-bank.ts';
import { openStand, type Stand } from '../test-stand.ts';
import { addResident, type Filled, filledTenant } from '../test-tenants.ts';
import { type ExportReceiver, makeExport, NOBODY_NAMED, readSelection, receiverFrom } from './export.ts';
import {
  bundleFolder,
  type Files,
  manifestOf,
  sourceOf,
  tampered,
  textOf,
  toldAlone,
  unpacked,
} from './test-bundle.ts';

const PHOTO = concat(
  Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13),
  utf8('IHDR'),
  new Uint8Array(2_500_000).fill(7),
);
const home = bundleFolder();
let stand: Stand;
let filled: Filled;
let receiver: ExportReceiver;
let keyPem: string;
let certificatePem: string;
let made = 0;

before(async () => {
  stand = await openStand(NOUNS);
  filled = await filledTenant(stand.cloud, { root: stand.root, mark: 'Alder' });
  await attach(stand.cloud, filled.tenant, {
    ...{ parcel: filled.parcel, about: 'both', purpose: 'the dent', by: filled.people.admin, bytes: PHOTO },
  });
  const issued = await testCertificate({ kind: 'p-256', fromMs: 0, toMs: 9_000_000_000_000 });
  keyPem = issued.keyPem;
  certificatePem = Buffer.from(issued.certificate).toString();
  receiver = await toReceiver(true);
});
after(() => stand.close());

const toReceiver = (onlyEvidence: boolean) =>
  receiverFrom(
    {
      ...{ name: 'District Court', onlyEvidence },
      given: { by: 'certificate', certificate: utf8(certificatePem) },
    },
    stand.cloud,
  );

async function exported(
  opened: readonly CommittedField[] = ['evidence'],
  to: ExportReceiver = receiver,
  asked: object = { parcel: filled.parcel },
): Promise<{ path: string; bytes: Uint8Array }> {
  made += 1;
  const path = join(home, `${made}.tar`);
  await makeExport(stand.cloud, {
    ...{ tenant: filled.tenant, selection: readSelection(asked), opened, purpose: 'case 12' },
    ...{ madeBy: null, by: null, receiver: to, out: path },
  });
  return { path, bytes: new Uint8Array(readFileSync(path)) };
}

const trust: BundleTrust = { rootKeys: [], signatures: 1, policy: undefined };
function judged(bytes: Uint8Array, evidence?: EvidenceAtHand) {
  const { lines, holds } = verifyBundle(sourceOf(bytes), evidence ? { ...trust, evidence } : trust);
  const said = lines.map(({ holds: one, says }) => `${one === null ? '--' : one ? 'ok' : 'FAIL'} ${says}`);
  return { holds, said: said.join('\n') };
}
const opener = () => ({ is: 'key' as const, key: readPrivateKey(keyPem) ?? assert.fail() });
const atHand = async (bytes: Uint8Array) => ({
  opened: await openEvidence(sourceOf(bytes), opener()),
  given: [],
});
const objectsIn = (files: Files) => [...files.keys()].filter((name) => name.startsWith('evidence/')).sort();
const photoIn = (files: Files) => objectsIn(files).find((name) => name.endsWith('.png.p7m')) ?? assert.fail();
async function contentOf(files: Files, name: string): Promise<Uint8Array> {
  const opened = await openEnvelope(sourceOf(files.get(name) ?? assert.fail()), opener());
  assert.ok(opened.ok);
  return opened.content.read(0, opened.content.size);
}

test('a bundle in clear has each piece of evidence encrypted, under the entry that recorded it, and the manifest names it', async () => {
  const { path, bytes } = await exported();
  const files = unpacked(path);
  const objects = objectsIn(files);
  assert.equal(objects.length, 2);
  assert.ok(objects.every((name) => /^evidence\/\d{16}\.(png|txt)\.p7m$/.test(name)));
  const { files: named, opened } = manifestOf(files);
  assert.deepEqual(
    named
      .map(({ name }) => name)
      .filter((name) => name.startsWith('evidence/'))
      .sort(),
    objects,
  );
  assert.deepEqual(opened, ['evidence']);
  assert.ok(!Buffer.from(bytes).includes('Alder: the box is dented'), 'it is in no file in clear');
  assert.ok(Buffer.from(PHOTO).equals(await contentOf(files, photoIn(files))));
  const lines = textOf(files, 'records.jsonl').trimEnd().split('\n');
  for (const name of objects) {
    const index = Number(name.slice(9, 25));
    const line = lines.find((one) => one.startsWith(`{"index":${index},`)) ?? '';
    assert.match(line, /"kind":"evidence.attached"/);
  }
  assert.match(textOf(files, 'opened.jsonl'), new RegExp(`"value":"${hex(sha256(PHOTO))}"`));
  const page = textOf(files, 'report.html');
  for (const name of objects) assert.ok(page.includes(name), 'the page for people names it');
  assert.match(page, /Staff attached evidence: a PNG picture/);
});

test('without the key it is said to be here and unopened; with it, or with the file itself, to be the one that was recorded', async () => {
  const { bytes } = await exported();
  const shut = judged(bytes);
  assert.ok(shut.holds, shut.said);
  assert.match(shut.said, /-- evidence\/\d{16}\.png\.p7m is here, 2500016 bytes, and unopened/);
  const open = judged(bytes, await atHand(bytes));
  assert.ok(open.holds, open.said);
  assert.equal(open.said.match(/^ok evidence\/.* opens, and is, byte for byte, the evidence/gm)?.length, 2);
  const given = [{ name: 'dent.png', sha256: hex(sha256(PHOTO)) }];
  const told = judged(bytes, { opened: new Map(), given });
  assert.ok(told.holds, told.said);
  assert.match(told.said, /ok dent.png is, byte for byte, the evidence that entry \d+ recorded/);
  const other = judged(bytes, { opened: new Map(), given: [{ name: 'x.png', sha256: 'a'.repeat(64) }] });
  assert.match(other.said, /FAIL x.png, which was given, is no evidence that a record here commits to/);
});

test('evidence that was exchanged, added, cut off or told of otherwise is found', async () => {
  const { path } = await exported();
  const files = unpacked(path);
  const name = photoIn(files);
  const text = objectsIn(files).find((one) => one !== name) ?? assert.fail();
  const certificate = readCertificate(utf8(certificatePem), { nowMs: stand.cloud.clock.nowMs() });
  assert.ok(certificate.ok);
  const envelope = await newEnvelope(certificate.receiver);
  const sealed = (content: Uint8Array) => {
    const writer = writeEnvelope(envelope, content.length);
    return concat(writer.head, writer.add(content), writer.end());
  };
  const forged = PHOTO.slice();
  forged[2_000_000] = 8;
  const cut = (files.get(name) ?? assert.fail()).slice(0, -1);
  const bent = (files.get(name) ?? assert.fail()).slice();
  bent[1_000_000] = (bent[1_000_000] ?? 0) ^ 1;
  const put = (...changes: (readonly [string, Uint8Array | undefined])[]) => {
    const changed: Files = new Map(files);
    for (const [at, bytes] of changes) {
      if (bytes) changed.set(at, bytes);
      else changed.delete(at);
    }
    return tampered(changed, {});
  };
  const stranger = `evidence/${'9'.repeat(16)}.png.p7m`;
  const shut: [string, Uint8Array, RegExp][] = [
    ['cut off', put([name, cut]), /no CMS AuthEnvelopedData in DER, or it is cut off/],
    ['no CMS', put([name, PHOTO]), /no CMS AuthEnvelopedData/],
    [
      'of another length',
      put([name, sealed(PHOTO.slice(1))]),
      /holds 2500015 bytes, and 2500016 were recorded/,
    ],
    [
      'added',
      put([stranger, sealed(PHOTO)]),
      /9\.png\.p7m is evidence that no record here commits to openly/,
    ],
    [
      'called otherwise',
      put([name, undefined], [name.replace('png', 'jpg'), sealed(PHOTO)]),
      /no record here commits/,
    ],
    ['exchanged for another', put([name, files.get(text)]), /bytes, and 2500016 were recorded/],
    [
      'a hash that no record committed to',
      tampered(files, {
        edit: { 'opened.jsonl': (lines) => lines.replace(hex(sha256(PHOTO)), hex(sha256(forged))) },
      }),
      /the opened field evidence is not what the record committed to/,
    ],
  ];
  for (const [what, bytes, pattern] of shut) {
    const { holds, said } = judged(bytes);
    assert.ok(!holds, `${what}\n${said}`);
    assert.match(said, pattern, what);
  }
  const unseen = put([name, sealed(forged)]);
  assert.ok(judged(unseen).holds, 'who cannot open it cannot tell');
  assert.match(judged(unseen, await atHand(unseen)).said, /FAIL .* what is inside has the SHA-256/);
  const broken = put([name, bent]);
  assert.match(judged(broken, await atHand(broken)).said, /FAIL .* It was changed after it was encrypted/);
  const gone = judged(put([name, undefined]));
  assert.ok(gone.holds, gone.said);
  assert.match(gone.said, /-- entry \d+: its evidence, SHA-256 [0-9a-f]{64}, is not in this bundle/);
});

test('the program that needs nothing of ours takes no evidence but what a record commits to openly, and says what it did not see', async () => {
  const files = unpacked((await exported()).path);
  const name = photoIn(files);
  const object = files.get(name) ?? assert.fail();
  const index = Number(name.slice(9, 25));
  const without = (lines: string) =>
    lines.replace(/^\{"index":(\d+),.*\n/gm, (line, at) => (Number(at) === index ? '' : line));
  const changed = (change: (files: Files) => void, edit: Parameters<typeof tampered>[1] = {}) => {
    const copy: Files = new Map(files);
    change(copy);
    return tampered(copy, edit);
  };
  const strange = [
    changed((copy) => copy.set(`evidence/${'9'.repeat(16)}.png.p7m`, object)),
    changed((copy) => copy.set(name.replace('png', 'jpg'), object)),
    changed((copy) => copy.delete(name) && copy.set(name.replace('png', 'jpg'), object)),
    changed((copy) => copy.set(`evidence/${'0'.repeat(16)}.png.p7m`, object)),
    changed(() => undefined, { edit: { 'opened.jsonl': without } }),
  ];
  const gone = changed((copy) => copy.delete(name));
  const [whole, left, ...told] = toldAlone(home, [tampered(files, {}), gone, ...strange], []);
  for (const [at, { holds, says }] of told.entries()) {
    assert.equal(holds, false, `${at}`);
    assert.match(
      says.at(-1) ?? '',
      /^evidence\/\d{16}\.(png|jpg)\.p7m: no record here commits to it openly$/,
    );
    assert.equal(judged(strange[at] ?? assert.fail()).holds, false, `${at}`);
  }
  const unopened = `${name}: unopened, held against no record; inside has to be SHA-256 ${hex(sha256(PHOTO))}`;
  assert.deepEqual([whole?.holds, whole?.says.includes(unopened)], [true, true], whole?.says.join('\n'));
  assert.equal(left?.holds, true);
  const absent = '1 objects of evidence that records here commit to openly are not in this bundle';
  assert.ok(left.says.includes(absent), left.says.join('\n'));
});

test('it leaves only for who may see it, and never in clear', async () => {
  const without = unpacked((await exported(['parcel'])).path);
  assert.deepEqual(objectsIn(without), []);
  assert.match(textOf(without, 'records.jsonl'), /"kind":"evidence.attached"/);
  await assert.rejects(exported(['evidence'], NOBODY_NAMED), /evidence leaves only encrypted to somebody/);
  const { bytes } = await exported(['evidence'], await toReceiver(false));
  const opened = await openEnvelope(sourceOf(bytes), opener());
  assert.ok(opened.ok);
  const inside = opened.content.read(0, opened.content.size);
  assert.equal(judged(inside, await atHand(inside)).said.match(/opens, and is, byte for byte/g)?.length, 2);
  const whole = await exported(['evidence'], receiver, {});
  assert.equal(objectsIn(unpacked(whole.path)).length, 2, 'by time, or all of it, as well as by parcel');
  const theirs = await exported(['evidence'], receiver, { person: filled.people.resident });
  assert.equal(objectsIn(unpacked(theirs.path)).length, 2, 'and by the person whom it is about');
});

test('the program that needs nothing of ours takes such a bundle, and the command opens the evidence in it', async () => {
  const { path } = await exported();
  const alone = spawnSync(process.execPath, ['verify/verify.mjs', 'bundle', path], { encoding: 'utf8' });
  assert.equal(alone.status, 0, `${alone.stdout}${alone.stderr}`);
  const unopened =
    /^-- {4}evidence\/\d{16}\.\w+\.p7m: unopened, held against no record; .* SHA-256 [0-9a-f]{64}$/gm;
  assert.equal(alone.stdout.match(unopened)?.length, 2, alone.stdout);
  assert.ok(alone.stdout.includes(`SHA-256 ${hex(sha256(PHOTO))}\n`), 'what the record committed to');
  const run = (...more: string[]) =>
    spawnSync(process.execPath, ['bin/holdfast.ts', 'verify', path, ...more], { encoding: 'utf8' });
  writeFileSync(join(home, 'court.key'), keyPem);
  const { status, stdout, stderr } = run('--key', join(home, 'court.key'));
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stdout.match(/opens, and is, byte for byte/g)?.length, 2);
  const folder = join(home, 'opened');
  mkdirSync(folder);
  writeFileSync(join(folder, 'dent.png'), PHOTO);
  assert.match(run('--evidence', folder).stdout, /ok {4}dent.png is, byte for byte, the evidence/);
  writeFileSync(join(folder, 'dent.png'), PHOTO.subarray(1));
  const other = run('--evidence', folder);
  assert.equal(other.status, 1);
  assert.match(other.stdout, /FAIL {2}dent.png, which was given, is no evidence/);
  assert.equal(run('--evidence', join(home, 'nowhere')).status, 1);
});

test('evidence of who was erased is in no bundle; that it was recorded is, and an export that showed it is counted', async () => {
  const { cloud } = stand;
  const { tenant, site, carrier, people: known } = filled;
  const bank = await enrolledBank(cloud, tenant, site);
  const recipient = await addResident(cloud, { tenant, site, name: 'Alder Ida' });
  const sent = { courier: known.courier, recipient, compartment: 2, carrier, tracking: 'T', collect: true };
  const parcel = bank.writeJourney(sent);
  const message = await bank.batch();
  assert.ok((await takeBatch(cloud, projectionsOf(NOUNS), { tenant, bank: bank.bank, message })).taken);
  const text = { parcel, about: 'recipient', purpose: 'x', bytes: utf8('dented'), by: known.admin } as const;
  await attach(cloud, tenant, text);
  assert.equal(objectsIn(unpacked((await exported(['evidence'], receiver, { parcel })).path)).length, 1);
  const erasure = await cloud.database.tenant(tenant, (tx) =>
    erasePerson(cloud, tx, { person: recipient, by: null }),
  );
  assert.ok(erasure.is === 'erased');
  assert.equal(erasure.exportsOut, 1, 'one bundle showed a photo of a parcel of theirs');
  await settle(cloud, tenant);
  const { path, bytes } = await exported(['evidence'], receiver, { parcel });
  assert.deepEqual(objectsIn(unpacked(path)), []);
  assert.match(textOf(unpacked(path), 'records.jsonl'), /"kind":"evidence.attached"/);
  assert.ok(judged(bytes).holds);
});

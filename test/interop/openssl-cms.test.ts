/** What is encrypted to a receiver, read and written by another hand: OpenSSL's `cms`, as Debian ships it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { NOUNS } from '../../src/cloud/cloud.ts';
import { attach } from '../../src/cloud/evidence/evidence.ts';
import { makeExport, readSelection, receiverFrom } from '../../src/cloud/export/export.ts';
import { openStand } from '../../src/cloud/test-stand.ts';
import { filledTenant } from '../../src/cloud/test-tenants.ts';
import { concat } from '../../src/crypto/bytes.ts';
import { newEnvelope, openEnvelope, readPrivateKey, writeEnvelope } from '../../src/crypto/cms/envelope.ts';
import { type Receiver, readCertificate, readPassphrase } from '../../src/crypto/cms/receiver.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { missingOpenssl } from '../peers.ts';

const home = mkdtempSync(join(tmpdir(), 'hf-cms-'));
after(() => rmSync(home, { recursive: true, force: true }));
const needs = { skip: missingOpenssl };
const at = (name: string) => join(home, name);
const content = new Uint8Array(randomBytes(300_000));
const PASSPHRASE = 'seven grey herons over Kiel';

function openssl(...args: string[]) {
  const done = spawnSync('openssl', args, { cwd: home, encoding: 'utf8' });
  return { status: done.status, said: `${done.stdout}${done.stderr}` };
}

function made(...args: string[]): void {
  const { status, said } = openssl(...args);
  assert.equal(status, 0, said);
}

const KINDS = {
  rsa: ['rsa:3072'],
  'p-256': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  'p-384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
} as const;

/** A key and a certificate that OpenSSL made, the key itself under a passphrase. */
function certified(kind: keyof typeof KINDS): Receiver {
  const usage = `keyUsage=critical,${kind === 'rsa' ? 'keyEncipherment' : 'keyAgreement'}`;
  const [cert, key] = [`${kind}.pem`, `${kind}.key`];
  made(
    ...['req', '-x509', '-newkey', ...KINDS[kind], '-passout', 'pass:sesame', '-keyout', key, '-out', cert],
    ...['-subj', '/C=DE/O=Court/CN=Chamber 4', '-addext', usage, '-days', '30'],
  );
  const read = readCertificate(new Uint8Array(readFileSync(at(cert))), { nowMs: systemClock.nowMs() });
  assert.ok(read.ok, JSON.stringify(read));
  return read.receiver;
}

async function encrypted(receiver: Receiver): Promise<Uint8Array> {
  const writer = writeEnvelope(await newEnvelope(receiver), content.length);
  return concat(writer.head, writer.add(content), writer.end());
}

for (const kind of ['rsa', 'p-256', 'p-384'] as const)
  test(`OpenSSL opens what we encrypt, and we open what it encrypts: ${kind}`, needs, async () => {
    const receiver = certified(kind);
    const ours = await encrypted(receiver);
    writeFileSync(at('ours'), ours);
    const decrypt = [
      'cms',
      '-decrypt',
      '-binary',
      '-inform',
      'DER',
      '-inkey',
      `${kind}.key`,
      '-passin',
      'pass:sesame',
    ];
    made(...decrypt, '-recip', `${kind}.pem`, '-in', 'ours', '-out', 'clear');
    assert.deepEqual(new Uint8Array(readFileSync(at('clear'))), content);
    const changed = ours.slice();
    changed[ours.length - 1_000] = (changed[ours.length - 1_000] ?? 0) ^ 1;
    writeFileSync(at('changed'), changed);
    assert.notEqual(
      openssl(...decrypt, '-recip', `${kind}.pem`, '-in', 'changed', '-out', 'clear').status,
      0,
    );
    writeFileSync(at('plain'), content);
    const option = kind === 'rsa' ? ['rsa_padding_mode:oaep', 'rsa_oaep_md:sha256'] : ['ecdh_kdf_md:sha256'];
    made(
      ...[
        'cms',
        '-encrypt',
        '-binary',
        '-noindef',
        '-aes-256-gcm',
        '-in',
        'plain',
        '-outform',
        'DER',
        '-out',
        'theirs',
      ],
      ...['-recip', `${kind}.pem`, ...option.flatMap((one) => ['-keyopt', one])],
    );
    const theirs = new Uint8Array(readFileSync(at('theirs')));
    const key = readPrivateKey(readFileSync(at(`${kind}.key`), 'utf8'), 'sesame');
    assert.ok(key && !readPrivateKey(readFileSync(at(`${kind}.key`), 'utf8'), 'other'));
    const source = (bytes: Uint8Array) => ({
      size: bytes.length,
      read: (from: number, length: number) => bytes.slice(from, from + length),
    });
    const opened = await openEnvelope(source(theirs), { is: 'key', key });
    assert.ok(opened.ok, JSON.stringify(opened));
    assert.deepEqual(opened.content.read(0, opened.content.size), content);
    theirs[theirs.length - 1_000] = (theirs[theirs.length - 1_000] ?? 0) ^ 1;
    const refused = await openEnvelope(source(theirs), { is: 'key', key });
    assert.deepEqual(refused, { ok: false, why: 'content-changed' });
  });

// OpenSSL 3 writes no passphrase with AES-256-GCM: it would wrap the key with the content's cipher.
test('OpenSSL opens what we encrypt under a passphrase, and not under another', needs, async () => {
  const read = readPassphrase(PASSPHRASE);
  assert.ok(read.ok);
  writeFileSync(at('worded'), await encrypted(read.receiver));
  const decrypt = [
    'cms',
    '-decrypt',
    '-binary',
    '-inform',
    'DER',
    '-in',
    'worded',
    '-out',
    'said',
    '-pwri_password',
  ];
  made(...decrypt, PASSPHRASE);
  assert.deepEqual(new Uint8Array(readFileSync(at('said'))), content);
  assert.notEqual(openssl(...decrypt, `${PASSPHRASE}!`).status, 0);
});

test(
  'OpenSSL opens a piece of evidence that lies in a bundle, and what comes out is what was attached',
  needs,
  async () => {
    certified('rsa');
    const stand = await openStand(NOUNS);
    try {
      const { cloud } = stand;
      const { tenant, parcel, people } = await filledTenant(cloud, { root: stand.root, mark: 'Alder' });
      const photo = concat(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0), content);
      const attached = {
        parcel,
        about: 'recipient',
        purpose: 'a dent',
        by: people.admin,
        bytes: photo,
      } as const;
      await attach(cloud, tenant, attached);
      const given = { by: 'certificate', certificate: new Uint8Array(readFileSync(at('rsa.pem'))) } as const;
      await makeExport(cloud, {
        ...{ tenant, selection: readSelection({ parcel }), opened: ['evidence'], purpose: 'x', madeBy: null },
        ...{ by: null, out: at('case.tar') },
        receiver: await receiverFrom({ name: null, given, onlyEvidence: true }, cloud),
      });
      const unpacked = spawnSync('tar', ['-xf', 'case.tar'], { cwd: home, encoding: 'utf8' });
      assert.equal(unpacked.status, 0, unpacked.stderr);
      const name = readdirSync(at('evidence')).find((one) => one.endsWith('.jpg.p7m')) ?? assert.fail();
      made(
        ...['cms', '-decrypt', '-binary', '-inform', 'DER', '-inkey', 'rsa.key', '-passin', 'pass:sesame'],
        ...['-recip', 'rsa.pem', '-in', join('evidence', name), '-out', 'dent.jpg'],
      );
      assert.deepEqual(new Uint8Array(readFileSync(at('dent.jpg'))), photo);
    } finally {
      await stand.close();
    }
  },
);

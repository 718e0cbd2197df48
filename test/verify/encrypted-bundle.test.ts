/** A bundle that is encrypted to its receiver, as the receiver opens and checks it: with this program, and with OpenSSL and the verifier that stands alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { base64url, concat } from '../../src/crypto/bytes.ts';
import { newEnvelope, writeEnvelope } from '../../src/crypto/cms/envelope.ts';
import { type Receiver, readCertificate, readPassphrase } from '../../src/crypto/cms/receiver.ts';
import { testCertificate } from '../../src/crypto/cms/test-certificate.ts';
import { missingOpenssl } from '../peers.ts';
import { ROOT } from '../site.ts';
import { makeBundle } from './made-bundle.ts';

const home = mkdtempSync(join(tmpdir(), 'holdfast-encrypted-'));
after(() => rmSync(home, { recursive: true, force: true }));
const PASSPHRASE = 'seven grey herons over Kiel';
const nowMs = 1_800_000_000_000;
const put = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
const run = (...args: string[]) => {
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' });
  return { status: done.status, said: `${done.stdout}${done.stderr}` };
};
const verify = (...args: string[]) =>
  run(join(ROOT, 'bin/holdfast.ts'), 'verify', ...args, '--root-key', rootKey);

let clear: Uint8Array;
let rootKey: string;
let key: string;
let toCertificate: string;
let toPassphrase: string;
let words: string;

async function sealed(receiver: Receiver): Promise<Uint8Array> {
  const writer = writeEnvelope(await newEnvelope(receiver), clear.length);
  return concat(writer.head, writer.add(clear), writer.end());
}

before(async () => {
  const bundle = makeBundle(join(home, 'clear.tar'), 60);
  clear = new Uint8Array(readFileSync(bundle.path));
  rootKey = put('root.pub', JSON.stringify({ key: base64url(bundle.root.publicKey) }));
  const { certificate, keyPem } = await testCertificate({ kind: 'rsa' });
  const [court, phrase] = [readCertificate(certificate, { nowMs }), readPassphrase(PASSPHRASE)];
  assert.ok(court.ok && phrase.ok);
  key = put('court.key', keyPem);
  words = put('words', `${PASSPHRASE}\n`);
  toCertificate = put('case.p7m', await sealed(court.receiver));
  toPassphrase = put('phrase.p7m', await sealed(phrase.receiver));
});

test('holdfast verify opens a bundle with the receiver’s key or the passphrase, and judges it as one in clear', () => {
  for (const opener of [
    [toCertificate, '--key', key],
    [toPassphrase, '--passphrase-file', words],
  ]) {
    const { status, said } = verify(...opener);
    assert.equal(status, 0, said);
    assert.match(said, /^ok {4}decrypted; every byte is as it was encrypted\n/);
    assert.match(said, /\nverified, as far as the lines above say\n$/);
  }
  const out = join(home, 'out.tar');
  assert.equal(verify(toCertificate, '--key', key, '--out', out).status, 0);
  assert.deepEqual(new Uint8Array(readFileSync(out)), clear);
  assert.notEqual(verify(toCertificate, '--key', key, '--out', out).status, 0, 'nothing is overwritten');
});

test('a wrong key, a wrong passphrase, a changed byte and a file that was cut off are refused, each by its own sentence', async () => {
  const other = put('other.key', (await testCertificate({ kind: 'rsa' })).keyPem);
  const wrong = put('wrong', 'eight grey herons over Kiel\n');
  const bytes = new Uint8Array(readFileSync(toCertificate));
  const changed = bytes.slice();
  changed[bytes.length - 2_000] = (changed[bytes.length - 2_000] ?? 0) ^ 1;
  const cases: [string[], RegExp][] = [
    [[toCertificate], /this bundle is encrypted: say --key FILE/],
    [[toCertificate, '--key', other], /does not open it: it was encrypted to another receiver/],
    [[toCertificate, '--passphrase-file', words], /does not open it/],
    [[toPassphrase, '--passphrase-file', wrong], /does not open it/],
    [[toPassphrase, '--key', key], /does not open it/],
    [[toCertificate, '--key', words], /is no private key in PEM that opens/],
    [[put('changed.p7m', changed), '--key', key], /changed after it was encrypted: its tag does not hold/],
    [[put('short.p7m', bytes.subarray(0, -1)), '--key', key], /cut off, or has bytes behind it/],
    [[put('half.p7m', bytes.subarray(0, 9_000)), '--key', key], /cut off, or has bytes behind it/],
    [[put('long.p7m', concat(bytes, Uint8Array.of(0))), '--key', key], /cut off, or has bytes behind it/],
  ];
  const out = join(home, 'never.tar');
  for (const [args, says] of cases) {
    const { status, said } = verify(...args, '--out', out);
    assert.equal(status, 1, said);
    assert.match(said, says);
    assert.doesNotMatch(said, /^ok|verified/m, 'nothing is said of what was not opened');
  }
  assert.ok(!existsSync(out));
});

test('without this program: OpenSSL opens it, and the verifier that stands alone judges it', {
  skip: missingOpenssl,
}, () => {
  const out = join(home, 'opened.tar');
  const args = [
    'cms',
    '-decrypt',
    '-binary',
    '-inform',
    'DER',
    '-in',
    toCertificate,
    '-inkey',
    key,
    '-out',
    out,
  ];
  const opened = spawnSync('openssl', args, { encoding: 'utf8' });
  assert.equal(opened.status, 0, opened.stderr);
  assert.deepEqual(new Uint8Array(readFileSync(out)), clear);
  const { status, said } = run(join(ROOT, 'verify/verify.mjs'), 'bundle', out, '--root-key', rootKey);
  assert.equal(status, 0, said);
});

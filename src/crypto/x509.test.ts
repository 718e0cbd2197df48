import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
// Before the library, which asks for it.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { newSigningKey } from './sign.ts';
import { pinOf } from './tls.ts';
import {
  certificateRequest,
  isIssuedBy,
  issueClient,
  openRequest,
  readClient,
  selfSignedAuthority,
  selfSignedServer,
} from './x509.ts';

const BANK = 'bank_aaaaaaaaaaaaaaaaaaaaaaaaaa';
const [authorityKey, bankKey, serverKey] = [newSigningKey(), newSigningKey(), newSigningKey()];
const times = { notBeforeMs: Date.UTC(2026, 0, 1), notAfterMs: Date.UTC(2027, 0, 1) };
const serial = () => new Uint8Array(randomBytes(16));
const authorityPem = await selfSignedAuthority({
  commonName: 'holdfast banks',
  privateKey: authorityKey.privateKey,
  serial: serial(),
  ...times,
});

test('a request gives back its name and key', async () => {
  const request = await openRequest(
    await certificateRequest({ commonName: BANK, privateKey: bankKey.privateKey }),
  );
  assert.deepEqual(request, { commonName: BANK, publicKey: bankKey.publicKey });
});

test('a request whose bytes were changed is refused', async () => {
  const pem = await certificateRequest({ commonName: BANK, privateKey: bankKey.privateKey });
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  for (let at = 0; at < der.length; at++) {
    const changed = Buffer.from(der);
    changed[at] = (changed[at] ?? 0) ^ 1;
    const opened = await openRequest(x509.PemConverter.encode(changed, 'CERTIFICATE REQUEST'));
    // Some bits of DER say the same in another way; none may give another name or key.
    if (opened) assert.deepEqual(opened, { commonName: BANK, publicKey: bankKey.publicKey }, `byte ${at}`);
  }
  for (const text of [
    '',
    'x',
    pem.slice(0, pem.length / 2),
    authorityPem,
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
  ]) {
    assert.equal(await openRequest(text), undefined);
  }
});

test('a request that somebody else signed is refused: possession is not proven', async () => {
  const [mine, theirs] = await Promise.all(
    [bankKey, serverKey].map(({ privateKey }) => certificateRequest({ commonName: BANK, privateKey })),
  );
  const der = (pem = '') => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const key = der(mine).indexOf(Buffer.from(bankKey.publicKey));
  const swapped = Buffer.concat([
    der(mine).subarray(0, key),
    Buffer.from(serverKey.publicKey),
    der(mine).subarray(key + 91),
  ]);
  assert.ok(der(theirs).includes(Buffer.from(serverKey.publicKey)));
  assert.equal(await openRequest(x509.PemConverter.encode(swapped, 'CERTIFICATE REQUEST')), undefined);
});

test('requests for other kinds of key, without a name or with two are refused', async () => {
  const create = async (
    name: x509.JsonName,
    algorithm: { name: string; namedCurve: string; hash: string },
  ) => {
    const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
    return (
      await x509.Pkcs10CertificateRequestGenerator.create({ name, keys, signingAlgorithm: algorithm })
    ).toString('pem');
  };
  const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  assert.ok(await openRequest(await create([{ CN: [BANK] }], p256)));
  assert.equal(
    await openRequest(
      await create([{ CN: [BANK] }], { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }),
    ),
    undefined,
  );
  assert.equal(await openRequest(await create([{ O: ['nobody'] }], p256)), undefined);
  assert.equal(await openRequest(await create([{ CN: [BANK] }, { CN: ['bank_b'] }], p256)), undefined);
});

test('a name stays one name, whatever letters it has', async () => {
  for (const commonName of ['a, O=evil', 'a+CN=b', 'a"b', ' a', 'Zoë']) {
    const pem = await certificateRequest({ commonName, privateKey: bankKey.privateKey });
    assert.equal((await openRequest(pem))?.commonName, commonName);
  }
});

test("a bank's certificate is its authority's, for clients only, with its key and its name", async () => {
  const authority = { privateKey: authorityKey.privateKey, certificatePem: authorityPem };
  const pem = await issueClient({
    authority,
    commonName: BANK,
    publicKey: bankKey.publicKey,
    serial: serial(),
    ...times,
  });
  const [certificate, issuer] = [new X509Certificate(pem), new X509Certificate(authorityPem)];
  assert.equal(certificate.subject, `CN=${BANK}`);
  assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  assert.ok(!certificate.verify(certificate.publicKey));
  assert.deepEqual([certificate.ca, issuer.ca], [false, true]);
  assert.deepEqual(certificate.toLegacyObject().ext_key_usage, ['1.3.6.1.5.5.7.3.2']);
  assert.deepEqual(
    new Uint8Array(certificate.publicKey.export({ type: 'spki', format: 'der' })),
    bankKey.publicKey,
  );
  assert.deepEqual(
    [certificate.validFromDate.getTime(), certificate.validToDate.getTime()],
    [times.notBeforeMs, times.notAfterMs],
  );
});

test('only P-256 keys are certified', async () => {
  const authority = { privateKey: authorityKey.privateKey, certificatePem: authorityPem };
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const publicKey = new Uint8Array(other.publicKey.export({ type: 'spki', format: 'der' }));
  await assert.rejects(issueClient({ authority, commonName: BANK, publicKey, serial: serial(), ...times }));
});

test("a server's certificate names its hosts, DNS names and addresses of both kinds", async () => {
  const hosts = ['localhost', '127.0.0.1', '::1', 'fe80::1'];
  const pem = await selfSignedServer({
    commonName: 'holdfast',
    privateKey: serverKey.privateKey,
    hosts,
    serial: serial(),
    ...times,
  });
  const certificate = new X509Certificate(pem);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(certificate.checkHost('localhost') && !certificate.checkHost('example.com'));
  for (const address of hosts.slice(1)) assert.ok(certificate.checkIP(address), address);
  assert.deepEqual(certificate.toLegacyObject().ext_key_usage, ['1.3.6.1.5.5.7.3.1']);
  assert.equal(pinOf(pem), pinOf(certificate));
});

test('serial numbers are positive, whatever their first bit', async () => {
  for (const first of [0x00, 0x7f, 0x80, 0xff]) {
    const bytes = Uint8Array.from([first, ...new Uint8Array(15).fill(1)]);
    const pem = await selfSignedServer({
      commonName: 'holdfast',
      privateKey: serverKey.privateKey,
      hosts: ['localhost'],
      serial: bytes,
      ...times,
    });
    assert.ok(BigInt(`0x${new X509Certificate(pem).serialNumber}`) > 0n);
    assert.doesNotMatch(new X509Certificate(pem).serialNumber, /^-/);
  }
});

test('a certificate is read for its name, key and times, and whoever signed it is told from whoever has the same name', async () => {
  const authority = { privateKey: authorityKey.privateKey, certificatePem: authorityPem };
  const { publicKey } = bankKey;
  const pem = await issueClient({ authority, commonName: BANK, publicKey, serial: serial(), ...times });
  const read = readClient(`something beside it\n${pem}`);
  assert.deepEqual(read, { pem: new X509Certificate(pem).toString(), commonName: BANK, publicKey, ...times });
  for (const text of ['', 'PEM', pem.replace('MII', 'MIA'), pem.slice(0, 200)])
    assert.equal(readClient(text), undefined);
  const namesake = newSigningKey();
  const namesakePem = await selfSignedAuthority({
    commonName: 'holdfast banks',
    privateKey: namesake.privateKey,
    serial: serial(),
    ...times,
  });
  assert.equal(new X509Certificate(namesakePem).subject, new X509Certificate(authorityPem).subject);
  assert.ok(isIssuedBy(pem, authorityPem));
  assert.ok(!isIssuedBy(pem, namesakePem));
  assert.ok(!isIssuedBy(pem, pem), 'a bank is no authority');
  assert.ok(!isIssuedBy(pem, '') && !isIssuedBy('', authorityPem));
});

/** What is encrypted opens for its receiver, from any place, and for nobody else; and nothing that was touched opens. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { before, test } from 'node:test';
import { concat } from '../bytes.ts';
import { type Readable, scratchCipher } from '../stream.ts';
import { derOf, integer, octets, oid, sequence, tagged } from './der.ts';
import { beginsAsEnvelope, newEnvelope, openEnvelope, readPrivateKey, writeEnvelope } from './envelope.ts';
import { OID } from './names.ts';
import { type Receiver, readCertificate, readPassphrase } from './receiver.ts';
import { type Opener, PassphraseKeys } from './recipients.ts';
import { type KeyKind, testCertificate, USAGE } from './test-certificate.ts';

const nowMs = 1_800_000_000_000;
const content = new Uint8Array(randomBytes(150_001));
const PASSPHRASE = 'seven grey herons over Kiel';
const readable = (bytes: Uint8Array): Readable => ({
  size: bytes.length,
  read: (at, length) => bytes.slice(at, at + length),
});

type Case = { name: string; receiver: Receiver; opener: Opener };
const cases: Case[] = [];

async function certified(kind: KeyKind): Promise<Case> {
  const { certificate, keyPem } = await testCertificate({ kind });
  const read = readCertificate(certificate, { nowMs });
  const key = readPrivateKey(keyPem);
  assert.ok(read.ok && key);
  return { name: kind, receiver: read.receiver, opener: { is: 'key', key } };
}

before(async () => {
  for (const kind of ['rsa', 'p-256', 'p-384', 'p-521'] as const) cases.push(await certified(kind));
  const read = readPassphrase(PASSPHRASE);
  assert.ok(read.ok);
  const opener = { is: 'passphrase', passphrase: PASSPHRASE } as const;
  cases.push({ name: 'passphrase', receiver: read.receiver, opener });
});

async function sealed(receiver: Receiver, bytes = content): Promise<Uint8Array> {
  const writer = writeEnvelope(await newEnvelope(receiver), bytes.length);
  const parts: Uint8Array[] = [writer.head];
  for (let at = 0; at < bytes.length; at += 7_777) parts.push(writer.add(bytes.subarray(at, at + 7_777)));
  parts.push(writer.end());
  const file = concat(...parts);
  const again = writer.opened(readable(file));
  assert.deepEqual(again.read(0, again.size), bytes, 'who wrote it reads it without the receiver’s key');
  return file;
}

test('every kind of receiver opens it, from any place in it, and no other receiver does', async () => {
  for (const { name, receiver, opener } of cases) {
    const file = await sealed(receiver);
    assert.ok(beginsAsEnvelope(file));
    assert.equal(Buffer.from(file).indexOf(content.subarray(1_000, 1_016)), -1);
    const opened = await openEnvelope(readable(file), opener);
    assert.ok(opened.ok, `${name}: ${JSON.stringify(opened)}`);
    assert.equal(opened.content.size, content.length);
    for (const [at, length] of [
      [0, 1],
      [15, 2],
      [16, 16],
      [31, 70_000],
      [150_000, 1],
      [0, content.length],
    ] as const)
      assert.deepEqual(opened.content.read(at, length), content.subarray(at, at + length), `${name} ${at}`);
    for (const other of cases.filter((one) => one.name !== name)) {
      const refused = await openEnvelope(readable(file), other.opener);
      assert.deepEqual(refused, { ok: false, why: 'receiver-other' }, `${other.name} on ${name}`);
    }
  }
});

test('another key of the same kind and another passphrase are told that it is not theirs', async () => {
  for (const { name, receiver } of cases) {
    const other: Opener =
      name === 'passphrase'
        ? { is: 'passphrase', passphrase: `${PASSPHRASE}!` }
        : (await certified(name as KeyKind)).opener;
    const refused = await openEnvelope(readable(await sealed(receiver)), other);
    assert.deepEqual(refused, { ok: false, why: 'receiver-other' }, name);
  }
});

test('a changed byte anywhere, an end cut off and bytes behind it are refused, and nothing is read', async () => {
  const small = content.subarray(0, 500);
  for (const { name, receiver, opener } of cases) {
    const file = await sealed(receiver, small);
    const slow = name === 'passphrase' || name === 'rsa' ? 131 : 11;
    for (let at = 0; at < file.length; at += file.length - at < 520 ? 67 : slow) {
      const changed = file.slice();
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const said = await openEnvelope(readable(changed), opener);
      // Whose it is, is a hint beside the key: a change there alone changes nothing that is read.
      if (said.ok) assert.deepEqual(said.content.read(0, 500), small, `${name}, byte ${at}`);
      else assert.match(said.why, /^(?:envelope|receiver|content)-/);
      if (at >= file.length - 516)
        assert.deepEqual(
          said,
          {
            ok: false,
            why: at < file.length - 18 || at >= file.length - 16 ? 'content-changed' : 'envelope-malformed',
          },
          `${name}, byte ${at}`,
        );
    }
    for (const bad of [
      file.subarray(0, -1),
      file.subarray(0, 40),
      concat(file, Uint8Array.of(0)),
      new Uint8Array(0),
    ])
      assert.deepEqual(await openEnvelope(readable(bad), opener), { ok: false, why: 'envelope-malformed' });
  }
});

test('lengths and nesting that a stranger chose are answered, in bounded memory', async () => {
  const [first] = cases;
  assert.ok(first);
  const { opener } = first;
  const file = await sealed(first.receiver, content.subarray(0, 64));
  const huge = concat(file.slice(0, 2), new Uint8Array(60_000).fill(0x30));
  const deep = new Uint8Array(60_000);
  for (let at = 0; at < deep.length; at += 2) deep.set([0x30, 0x80], at);
  const claimed = concat(Uint8Array.of(0x30, 0x86, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff), file);
  for (const bad of [huge, deep, claimed, new Uint8Array(randomBytes(500)), Uint8Array.of(0x30, 0x82)])
    assert.deepEqual(await openEnvelope(readable(bad), opener), { ok: false, why: 'envelope-malformed' });
  for (let round = 0; round < 300; round += 1) {
    const bad = file.slice();
    for (const place of randomBytes(4)) bad[place % 120] = randomBytes(1)[0] ?? 0;
    const said = await openEnvelope(readable(bad), opener);
    if (said.ok) assert.deepEqual(said.content.read(0, 64), content.subarray(0, 64));
  }
});

test('a certificate that has expired, is not for encryption, or has a weak key is refused by name', async () => {
  const why = async (of: Parameters<typeof testCertificate>[0]) => {
    const read = readCertificate((await testCertificate(of)).certificate, { nowMs });
    return read.ok ? 'taken' : read.why;
  };
  assert.equal(await why({ kind: 'rsa' }), 'taken');
  assert.equal(await why({ kind: 'rsa', usage: null }), 'taken');
  assert.equal(await why({ kind: 'rsa', toMs: nowMs - 1 }), 'certificate-expired');
  assert.equal(await why({ kind: 'rsa', fromMs: nowMs + 1_000 }), 'certificate-not-yet');
  assert.equal(await why({ kind: 'rsa', usage: USAGE.digitalSignature }), 'certificate-purpose');
  assert.equal(await why({ kind: 'p-256', usage: USAGE.keyEncipherment }), 'certificate-purpose');
  assert.equal(await why({ kind: 'rsa-short' }), 'certificate-key');
  assert.equal(await why({ kind: 'ed25519', usage: USAGE.keyAgreement }), 'certificate-key');
  const { pem, keyPem } = await testCertificate({ kind: 'p-256' });
  for (const text of ['', 'hello', keyPem, pem + pem, pem.replace('MII', 'MIJ'), 'A'.repeat(100_000)])
    assert.deepEqual(readCertificate(Buffer.from(text), { nowMs }), {
      ok: false,
      why: 'certificate-unreadable',
    });
});

test('a passphrase that is short, said over and over, or runs along the keys is refused', () => {
  const why = (text: string) => {
    const read = readPassphrase(text);
    return read.ok ? 'taken' : read.why;
  };
  assert.equal(why('Tr0ub4dor&3'), 'passphrase-short');
  assert.equal(why('x'.repeat(2_000)), 'passphrase-long');
  for (const weak of [
    'aaaaaaaaaaaaaaaaaaaa',
    'secretssecretssecrets',
    'abcdefghijklmnopqrst',
    'qwertyuiopasdfghjkl',
    '12345678901234567890',
    'abababababacacacacac',
  ])
    assert.equal(why(weak), 'passphrase-weak', weak);
  for (const good of [PASSPHRASE, 'Schönberg möchte Äpfel', 'k7Q-vv2M-9xTr-Lw4h'])
    assert.equal(why(good), 'taken', good);
});

test('a file of one’s own says nothing on the disk', () => {
  const one = scratchCipher();
  const parts = [content.subarray(0, 100), content.subarray(100, 4_000)];
  const onDisk = concat(...parts.map((part) => one.write(part)));
  assert.equal(Buffer.from(onDisk).indexOf(content.subarray(100, 116)), -1);
  assert.deepEqual(one.read(onDisk), content.subarray(0, 4_000));
});

test('a serial number of any length is written as the certificate has it', async () => {
  for (const bytes of [1, 20, 127, 128, 140, 300]) {
    const serial = `7f${'ab'.repeat(bytes - 1)}`;
    const { certificate, keyPem } = await testCertificate({ kind: 'p-256', serial });
    const read = readCertificate(certificate, { nowMs });
    const key = readPrivateKey(keyPem);
    assert.ok(read.ok && key);
    const file = await sealed(read.receiver, content.subarray(0, 100));
    assert.ok(Buffer.from(file).includes(Buffer.from(serial, 'hex')));
    const opened = await openEnvelope(readable(file), { is: 'key', key });
    assert.ok(opened.ok, `${bytes}: ${JSON.stringify(opened)}`);
  }
});

/** A file whose receivers know passphrases by so many rounds; whichever, it is another one. */
function askingFor(...all: { rounds: number; salt: number }[]): Readable {
  const infos = all.map(({ rounds, salt }) =>
    derOf(
      tagged(
        3,
        integer(0),
        tagged(
          0,
          oid(OID.pbkdf2),
          sequence(octets(new Uint8Array(8).fill(salt)), integer(rounds), sequence(oid(OID.hmacSha256))),
        ),
        sequence(oid(OID.pwriKek), sequence(oid(OID.aes256Cbc), octets(new Uint8Array(16)))),
        octets(new Uint8Array(32).fill(salt)),
      ),
    ),
  );
  const writer = writeEnvelope({ recipient: concat(...infos), key: new Uint8Array(32) }, 4);
  return readable(concat(writer.head, writer.add(new Uint8Array(4)), writer.end()));
}

test('a foreign file may ask for so much work and no more, however many receivers it names', async () => {
  const opener = { is: 'passphrase', passphrase: PASSPHRASE } as const;
  const whyOf = async (file: Readable, keys?: PassphraseKeys) => {
    const opened = await openEnvelope(file, opener, keys);
    return opened.ok ? 'opened' : opened.why;
  };
  assert.equal(await whyOf(askingFor({ rounds: 600, salt: 1 }, { rounds: 600, salt: 2 })), 'receiver-other');
  const most = askingFor({ rounds: 1, salt: 1 }, { rounds: 10_000_000, salt: 2 });
  assert.equal(await whyOf(most), 'envelope-malformed');
  // Over several files, too; what was made already is not work again.
  const keys = new PassphraseKeys(1_000);
  for (let n = 0; n < 3; n++)
    assert.equal(await whyOf(askingFor({ rounds: 600, salt: 1 }), keys), 'receiver-other');
  assert.equal(await whyOf(askingFor({ rounds: 401, salt: 1 }), keys), 'envelope-malformed');
});

import assert from 'node:assert/strict';
import { createCipheriv, createDecipheriv, createECDH, createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, fromUtf8, hex, utf8 } from './bytes.ts';
import { type HpkeSealed, hpkeOpen, hpkeSeal, newHpkeKey } from './hpke.ts';

const file = new URL('../contract/vectors/hpke/rfc9180-p256-aes256gcm.json', import.meta.url);
const vector = JSON.parse(readFileSync(file, 'utf8'));
const [first] = vector.encryptions;
const place = { info: fromUtf8(fromHex(vector.info)), aad: fromUtf8(fromHex(first.aad)) };

/** RFC 9180 a second time, straight from sections 4, 4.1 and 5.1, over node:crypto. */
const KEM_SUITE = Buffer.from('KEM\x00\x10', 'latin1');
const HPKE_SUITE = Buffer.from('HPKE\x00\x10\x00\x01\x00\x02', 'latin1');

function labeledExtract(suite: Buffer, salt: Uint8Array, label: string, material: Uint8Array): Buffer {
  return createHmac('sha256', salt).update('HPKE-v1').update(suite).update(label).update(material).digest();
}

function labeledExpand(suite: Buffer, prk: Buffer, label: string, info: Uint8Array, length: number): Buffer {
  const size = Buffer.from([length >> 8, length & 0xff]);
  const labeled = Buffer.concat([size, Buffer.from('HPKE-v1'), suite, Buffer.from(label), info]);
  // Expand alone: T(i) = HMAC(PRK, T(i-1) ‖ info ‖ i), RFC 5869 section 2.3.
  let block: Buffer = Buffer.alloc(0);
  let out: Buffer = Buffer.alloc(0);
  for (let counter = 1; out.length < length; counter++) {
    block = createHmac('sha256', prk)
      .update(block)
      .update(labeled)
      .update(Buffer.from([counter]))
      .digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length);
}

function contextOf(dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array, info: Uint8Array) {
  const empty = new Uint8Array(0);
  const eae = labeledExtract(KEM_SUITE, empty, 'eae_prk', dh);
  const shared = labeledExpand(KEM_SUITE, eae, 'shared_secret', Buffer.concat([enc, recipient]), 32);
  const pskIdHash = labeledExtract(HPKE_SUITE, empty, 'psk_id_hash', empty);
  const infoHash = labeledExtract(HPKE_SUITE, empty, 'info_hash', info);
  const schedule = Buffer.concat([Buffer.from([0]), pskIdHash, infoHash]);
  const secret = labeledExtract(HPKE_SUITE, shared, 'secret', empty);
  return {
    shared,
    schedule,
    key: labeledExpand(HPKE_SUITE, secret, 'key', schedule, 32),
    nonce: labeledExpand(HPKE_SUITE, secret, 'base_nonce', schedule, 12),
  };
}

function ecdhOf(privateKey: Uint8Array) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(privateKey);
  return ecdh;
}

test('the second implementation gives every value of the published vector', () => {
  const enc = fromHex(vector.enc);
  const recipient = ecdhOf(fromHex(vector.skRm));
  assert.equal(recipient.getPublicKey('hex'), vector.pkRm);
  const { shared, schedule, key, nonce } = contextOf(
    recipient.computeSecret(enc),
    enc,
    fromHex(vector.pkRm),
    fromHex(vector.info),
  );
  assert.deepEqual([shared, schedule, key, nonce].map(hex), [
    vector.shared_secret,
    vector.key_schedule_context,
    vector.key,
    vector.base_nonce,
  ]);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(fromHex(first.aad));
  const ct = Buffer.concat([cipher.update(fromHex(first.pt)), cipher.final(), cipher.getAuthTag()]);
  assert.equal(ct.toString('hex'), first.ct);
});

test('the published vector opens', async () => {
  assert.deepEqual([vector.mode, vector.kem_id, vector.kdf_id, vector.aead_id], [0, 16, 1, 2]);
  const sealed = { enc: fromHex(vector.enc), ciphertext: fromHex(first.ct) };
  assert.equal(hex((await hpkeOpen(fromHex(vector.skRm), sealed, place)) ?? assert.fail()), first.pt);
});

test('what is sealed here opens there, and the other way round', async () => {
  const pair = await newHpkeKey();
  assert.deepEqual([pair.privateKey.length, pair.publicKey.length], [32, 65]);
  const sealed = await hpkeSeal(pair.publicKey, utf8('one code'), place);
  const { key, nonce } = contextOf(
    ecdhOf(pair.privateKey).computeSecret(sealed.enc),
    sealed.enc,
    pair.publicKey,
    utf8(place.info),
  );
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
    .setAAD(utf8(place.aad))
    .setAuthTag(sealed.ciphertext.subarray(-16));
  assert.equal(
    Buffer.concat([decipher.update(sealed.ciphertext.subarray(0, -16)), decipher.final()]).toString(),
    'one code',
  );

  const sender = createECDH('prime256v1');
  sender.generateKeys();
  const enc = new Uint8Array(sender.getPublicKey());
  const theirs = contextOf(sender.computeSecret(pair.publicKey), enc, pair.publicKey, utf8(place.info));
  const cipher = createCipheriv('aes-256-gcm', theirs.key, theirs.nonce).setAAD(utf8(place.aad));
  const ciphertext = new Uint8Array(
    Buffer.concat([cipher.update('another'), cipher.final(), cipher.getAuthTag()]),
  );
  assert.deepEqual(await hpkeOpen(pair.privateKey, { enc, ciphertext }, place), utf8('another'));
});

test('another key, use or place opens nothing', async () => {
  const [pair, other] = [await newHpkeKey(), await newHpkeKey()];
  const sealed = await hpkeSeal(pair.publicKey, utf8('one code'), place);
  assert.deepEqual(await hpkeOpen(pair.privateKey, sealed, place), utf8('one code'));
  assert.equal(await hpkeOpen(other.privateKey, sealed, place), undefined);
  assert.equal(await hpkeOpen(pair.privateKey, sealed, { ...place, info: `${place.info} ` }), undefined);
  assert.equal(await hpkeOpen(pair.privateKey, sealed, { ...place, aad: '' }), undefined);
});

test('a changed, shortened or malformed box opens nothing and does not throw', async () => {
  const pair = await newHpkeKey();
  const sealed = await hpkeSeal(pair.publicKey, utf8('code'), place);
  const flip = (bytes: Uint8Array, at: number) =>
    bytes.map((byte, index) => (index === at ? byte ^ 1 : byte));
  const boxes: HpkeSealed[] = [
    ...Array.from(sealed.enc, (_, at) => ({ ...sealed, enc: flip(sealed.enc, at) })),
    ...Array.from(sealed.ciphertext, (_, at) => ({ ...sealed, ciphertext: flip(sealed.ciphertext, at) })),
    ...Array.from(sealed.ciphertext, (_, length) => ({
      ...sealed,
      ciphertext: sealed.ciphertext.subarray(0, length),
    })),
    { ...sealed, enc: new Uint8Array(0) },
    { ...sealed, enc: new Uint8Array(65) },
    { ...sealed, enc: Uint8Array.from([4, ...new Uint8Array(64)]) },
    { ...sealed, enc: sealed.enc.subarray(0, 33) },
    { ...sealed, enc: Uint8Array.from([...sealed.enc, 0]) },
  ];
  for (const box of boxes) assert.equal(await hpkeOpen(pair.privateKey, box, place), undefined);
});

test('sealing to what is no point of the curve throws', async () => {
  const offCurve = fromHex(vector.pkRm).map((byte, at) => (at === 64 ? byte ^ 1 : byte));
  for (const bad of [new Uint8Array(0), new Uint8Array(65), offCurve, fromHex(vector.pkRm).subarray(0, 64)]) {
    await assert.rejects(hpkeSeal(bad, utf8('x'), place));
  }
});

test('two seals of one text have nothing in common', async () => {
  const { publicKey } = await newHpkeKey();
  const [one, two] = [
    await hpkeSeal(publicKey, utf8('123456789'), place),
    await hpkeSeal(publicKey, utf8('123456789'), place),
  ];
  assert.notDeepEqual(one.enc, two.enc);
  assert.notDeepEqual(one.ciphertext, two.ciphertext);
});

import assert from 'node:assert/strict';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { test } from 'node:test';
import { concat, fromHex, hex, utf8 } from './bytes.ts';
import {
  fingerprint,
  isPublicKey,
  newSigningKey,
  privateKeyFromPem,
  privateKeyPem,
  publicKeyOf,
  sign,
  verify,
} from './sign.ts';

const SPKI = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
const message = utf8('what is said');
const key = newSigningKey();
const signature = sign(key.privateKey, message);

test('RFC 6979 appendix A.2.5: P-256 with SHA-256 over "sample" and "test"', () => {
  const publicKey = fromHex(
    `${SPKI}0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299`,
  );
  const der = (r: string, s: string) => fromHex(`3046022100${r}022100${s}`);
  const sample = der(
    'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    'f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8',
  );
  assert.ok(verify(publicKey, utf8('sample'), sample));
  assert.ok(!verify(publicKey, utf8('test'), sample));
  assert.ok(!verify(key.publicKey, utf8('sample'), sample));
});

test('a signature is plain ECDSA, checked and made without this module', () => {
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey), format: 'der', type: 'spki' });
  assert.ok(nodeVerify('sha256', message, publicKey, signature));
  assert.ok(
    verify(
      key.publicKey,
      message,
      new Uint8Array(nodeSign('sha256', message, privateKeyPem(key.privateKey))),
    ),
  );
});

test('no signature with a changed bit, a shortened one or none verifies', () => {
  for (let bit = 0; bit < signature.length * 8; bit++) {
    const changed = Uint8Array.from(signature);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    assert.ok(!verify(key.publicKey, message, changed), `bit ${bit}`);
  }
  for (let length = 0; length < signature.length; length++)
    assert.ok(!verify(key.publicKey, message, signature.subarray(0, length)));
  assert.ok(!verify(key.publicKey, message, concat(signature, fromHex('00'))));
  for (const trivial of ['3006020100020100', '3006020101020101', '30060201000201ff'])
    assert.ok(!verify(key.publicKey, message, fromHex(trivial)));
});

test('keys of other curves and kinds are refused', () => {
  for (const namedCurve of ['P-384', 'secp256k1', 'P-521', 'P-224']) {
    const pair = generateKeyPairSync('ec', { namedCurve });
    const publicKey = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }));
    const privateKey = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }));
    assert.ok(!isPublicKey(publicKey), namedCurve);
    assert.ok(!verify(publicKey, message, new Uint8Array(nodeSign('sha256', message, pair.privateKey))));
    assert.throws(() => sign(privateKey, message), /not a P-256 key/);
    assert.throws(() => publicKeyOf(privateKey), /not a P-256 key/);
    assert.throws(
      () => privateKeyFromPem(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
      /not a P-256 key/,
    );
  }
  const ed25519 = generateKeyPairSync('ed25519');
  assert.ok(!isPublicKey(new Uint8Array(ed25519.publicKey.export({ type: 'spki', format: 'der' }))));
  assert.throws(
    () => sign(new Uint8Array(ed25519.privateKey.export({ type: 'pkcs8', format: 'der' })), message),
    /not a P-256 key/,
  );
});

test('one key has one form: hybrid and compressed points, trailing bytes and points off the curve are refused', () => {
  const point = key.publicKey.subarray(27);
  const odd = (point[63] ?? 0) & 1;
  const forms = {
    hybrid: concat(fromHex(SPKI), Uint8Array.of(6 + odd), point),
    compressed: concat(
      fromHex('3039301306072a8648ce3d020106082a8648ce3d030107032200'),
      Uint8Array.of(2 + odd),
      point.subarray(0, 32),
    ),
    trailing: concat(key.publicKey, fromHex('00')),
    short: key.publicKey.subarray(0, 90),
    'off the curve': key.publicKey.map((byte, at) => (at === 90 ? byte ^ 1 : byte)),
    'at infinity': concat(fromHex(SPKI), fromHex('04'), new Uint8Array(64)),
    empty: new Uint8Array(0),
  };
  for (const [name, form] of Object.entries(forms)) {
    assert.ok(!isPublicKey(form), name);
    assert.ok(!verify(form, message, signature), name);
  }
  assert.ok(isPublicKey(key.publicKey));
});

test('a private key gives its public key, and survives PEM', () => {
  assert.deepEqual(publicKeyOf(key.privateKey), key.publicKey);
  assert.deepEqual(publicKeyOf(privateKeyFromPem(privateKeyPem(key.privateKey))), key.publicKey);
  for (const bad of ['', 'x', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n'])
    assert.throws(() => privateKeyFromPem(bad));
  assert.throws(() => sign(new Uint8Array(0), message));
});

test('a fingerprint is the SHA-256 of the SubjectPublicKeyInfo', () => {
  assert.equal(fingerprint(key.publicKey), createHash('sha256').update(key.publicKey).digest('base64url'));
  assert.equal(hex(key.publicKey.subarray(0, 27)), `${SPKI}04`);
});

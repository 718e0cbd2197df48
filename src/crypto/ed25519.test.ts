import assert from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, verify as nodeVerify } from 'node:crypto';
import { test } from 'node:test';
import { fromHex, hex, utf8 } from './bytes.ts';
import {
  ed25519KeyFromPem,
  ed25519KeyPem,
  ed25519PublicKeyOf,
  isEd25519PublicKey,
  newEd25519Key,
  signEd25519,
  verifyEd25519,
} from './ed25519.ts';

// RFC 8032 section 7.1: tests 1, 2, 3 and SHA(abc).
const VECTORS = [
  {
    secret: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    secret: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    secret: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    secret: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    publicKey: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message: createHash('sha512').update('abc').digest('hex'),
    signature:
      'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
];

/** Every encoding of a point of small order, second forms included (C2SP/CCTV ed25519/README.md). */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];

const fromSeed = (seed: string) => fromHex(`302e020100300506032b657004220420${seed}`);
const message = utf8('what is said');

test('keys and signatures are those of RFC 8032', () => {
  for (const { secret, publicKey, message: text, signature } of VECTORS) {
    const privateKey = fromSeed(secret);
    assert.equal(hex(ed25519PublicKeyOf(privateKey)), publicKey);
    assert.equal(hex(signEd25519(privateKey, fromHex(text))), signature);
    assert.ok(verifyEd25519(ed25519PublicKeyOf(privateKey), fromHex(text), fromHex(signature)));
  }
});

test('a new key signs what others verify, and nothing else passes', () => {
  const key = newEd25519Key();
  const other = newEd25519Key();
  assert.equal(key.publicKey.length, 32);
  assert.notDeepEqual(key.publicKey, other.publicKey);
  assert.deepEqual(ed25519PublicKeyOf(key.privateKey), key.publicKey);
  const signature = signEd25519(key.privateKey, message);
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(key.publicKey).toString('base64url') };
  assert.ok(nodeVerify(null, message, createPublicKey({ key: jwk, format: 'jwk' }), signature));
  assert.ok(verifyEd25519(key.publicKey, message, signature));
  assert.ok(!verifyEd25519(other.publicKey, message, signature));
  assert.ok(!verifyEd25519(key.publicKey, utf8('what is sold'), signature));
  for (let at = 0; at < signature.length; at += 7) {
    const bent = signature.with(at, (signature[at] ?? 0) ^ 1);
    assert.ok(!verifyEd25519(key.publicKey, message, bent));
  }
  for (const short of [signature.subarray(1), new Uint8Array(0), new Uint8Array(65)])
    assert.ok(!verifyEd25519(key.publicKey, message, short));
});

test('a key of small order, or in a second form, or of another length is no key', () => {
  for (const key of SMALL_ORDER.map(fromHex)) {
    assert.ok(!isEd25519PublicKey(key), hex(key));
    // Under such a key this signature verifies for many texts: R is the key's own neutral point, S is zero.
    for (let text = 0; text < 16; text++) {
      const signature = new Uint8Array(64);
      signature[0] = 1;
      assert.ok(!verifyEd25519(key, Uint8Array.of(text), signature), hex(key));
    }
  }
  // Coordinates from p on: 2^255 - 19 + 3 is 3 again.
  assert.ok(!isEd25519PublicKey(fromHex(`f0${'ff'.repeat(30)}7f`)));
  assert.ok(isEd25519PublicKey(fromHex(`eb${'ff'.repeat(30)}7f`)));
  const { publicKey } = newEd25519Key();
  assert.ok(isEd25519PublicKey(publicKey));
  assert.ok(!isEd25519PublicKey(publicKey.subarray(1)));
  assert.ok(!verifyEd25519(new Uint8Array(0), message, new Uint8Array(64)));
});

test('a key is kept as PEM and read back; other kinds of keys are refused', () => {
  const key = newEd25519Key();
  const pem = ed25519KeyPem(key.privateKey);
  assert.match(pem, /^-----BEGIN PRIVATE KEY-----\n/);
  const read = ed25519KeyFromPem(pem);
  assert.deepEqual(read, key);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  assert.throws(() => signEd25519(new Uint8Array(other), message), /not an Ed25519 key/);
  assert.throws(
    () => ed25519KeyFromPem(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
    /not an Ed25519 key/,
  );
});

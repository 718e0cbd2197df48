/**
 * HPKE base mode (RFC 9180) with DHKEM(P-256, HKDF-SHA-256), HKDF-SHA-256 and AES-256-GCM, one message
 * a context. Used wherever a value crosses a process that may not read it: record fields on their way to
 * the tenant's intake key, codes on their way to the notifier's epoch key, a directory on its way to a
 * bank. `info` names the use, `aad` the place.
 */
import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { utf8 } from './bytes.ts';

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

export type HpkeKey = {
  /** The 32-byte P-256 scalar of RFC 9180 section 7.1.2. Secret. */
  privateKey: Uint8Array;
  /** The 65-byte uncompressed point of RFC 9180 section 7.1.1. */
  publicKey: Uint8Array;
};

export type HpkeSealed = {
  /** The encapsulated key, 65 bytes. */
  enc: Uint8Array;
  ciphertext: Uint8Array;
};

export async function newHpkeKey(): Promise<HpkeKey> {
  const pair = await suite.kem.generateKeyPair();
  return {
    privateKey: new Uint8Array(await suite.kem.serializePrivateKey(pair.privateKey)),
    publicKey: new Uint8Array(await suite.kem.serializePublicKey(pair.publicKey)),
  };
}

export async function hpkeSeal(
  publicKey: Uint8Array,
  plaintext: Uint8Array,
  place: { info: string; aad: string },
): Promise<HpkeSealed> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(exact(publicKey));
  const sender = await suite.createSenderContext({ recipientPublicKey, info: exact(utf8(place.info)) });
  const ciphertext = await sender.seal(exact(plaintext), exact(utf8(place.aad)));
  return { enc: new Uint8Array(sender.enc), ciphertext: new Uint8Array(ciphertext) };
}

/** The plaintext, or undefined when it was not sealed for this key, use and place, or was changed. */
export async function hpkeOpen(
  privateKey: Uint8Array,
  sealed: HpkeSealed,
  place: { info: string; aad: string },
): Promise<Uint8Array | undefined> {
  const recipientKey = await suite.kem.deserializePrivateKey(exact(privateKey));
  try {
    const recipient = await suite.createRecipientContext({
      recipientKey,
      enc: exact(sealed.enc),
      info: exact(utf8(place.info)),
    });
    return new Uint8Array(await recipient.open(exact(sealed.ciphertext), exact(utf8(place.aad))));
  } catch {
    // A malformed point and a wrong tag both mean: not for us. RFC 9180 section 9.7.2 asks for one answer.
    return undefined;
  }
}

function exact(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

/** Sealing and opening as one thing to hand in, so that a simulation can give a model of it. */
export type Hpke = { seal: typeof hpkeSeal; open: typeof hpkeOpen };
export const hpke: Hpke = { seal: hpkeSeal, open: hpkeOpen };

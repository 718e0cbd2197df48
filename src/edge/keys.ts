/**
 * The bank's own secrets, drawn in the bank and never sent: its identity (P-256), the key that a directory
 * is sealed to, the storage key over everything on its disk, and the key of its code verifiers. Files of
 * mode 0600 until a TPM holds them; what a thief of this disk gains stands in the trust table.
 */
import { join } from 'node:path';
import { newKey } from '../crypto/aead.ts';
import { base64url } from '../crypto/bytes.ts';
import { type HpkeKey, newHpkeKey } from '../crypto/hpke.ts';
import { fingerprint, newSigningKey, publicKeyOf, type SigningKey } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import { makePrivateDir, readIfExists, writeDurable } from '../platform/durable.ts';

export type BankKeys = {
  identity: SigningKey;
  seal: HpkeKey;
  storage: Uint8Array;
  codes: Uint8Array;
  /** base64url SHA-256 of the identity's public key, shown at commissioning. */
  fingerprint: string;
};

const FILES = ['identity', 'seal', 'storage', 'codes'] as const;

/** Reads the bank's keys, or draws them all when there are none. A part of them is a fault, never a reason to draw. */
export async function openBankKeys(dataDir: string): Promise<BankKeys> {
  const dir = join(dataDir, 'keys');
  await makePrivateDir(dir);
  const held = await Promise.all(FILES.map((name) => readIfExists(join(dir, `${name}.key`))));
  if (held.every((bytes) => bytes === undefined)) return drawKeys(dir);
  const [identity, seal, storage, codes] = held;
  if (!identity || !seal || !storage || !codes) {
    throw new HoldfastError(
      'conflict',
      `some of the bank's keys in ${dir} are missing; restore them all, or commission this bank anew in an empty folder`,
    );
  }
  const publicKey = publicKeyOf(identity);
  return {
    identity: { privateKey: identity, publicKey },
    seal: { privateKey: seal.subarray(0, 32), publicKey: seal.subarray(32) },
    storage,
    codes,
    fingerprint: fingerprint(publicKey),
  };
}

async function drawKeys(dir: string): Promise<BankKeys> {
  const identity = newSigningKey();
  const seal = await newHpkeKey();
  const storage = newKey();
  const codes = newKey();
  const files = {
    identity: identity.privateKey,
    seal: Uint8Array.from([...seal.privateKey, ...seal.publicKey]),
    storage,
    codes,
  };
  // If the process dies in between, the next start finds a part and says so; no key was used yet.
  for (const name of FILES) await writeDurable(join(dir, `${name}.key`), files[name], 0o600);
  return { identity, seal, storage, codes, fingerprint: fingerprint(identity.publicKey) };
}

export function keyTexts(keys: BankKeys): { key: string; sealKey: string } {
  return { key: base64url(keys.identity.publicKey), sealKey: base64url(keys.seal.publicKey) };
}

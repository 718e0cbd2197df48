/**
 * The bank's own secrets, drawn in the bank and never sent: its identity (P-256), the key that a directory
 * is sealed to, the storage key over everything on its disk, and the key of its code verifiers. They lie in
 * one file, sealed under a key that is not on this disk; what a thief gains with it and without it stands in
 * the trust table.
 *
 * Earlier versions kept them as four plain files. Those are moved at the first start: first the sealed file is
 * durable and has been read back, then each plain file is overwritten and removed. A start that is cut off at
 * any point leaves either all four, or the sealed file with some of them; the next one finishes.
 */
import { join } from 'node:path';
import { newKey } from '../crypto/aead.ts';
import { base64url, utf8 } from '../crypto/bytes.ts';
import { equalBytes } from '../crypto/hash.ts';
import { type HpkeKey, newHpkeKey } from '../crypto/hpke.ts';
import { fingerprint, newSigningKey, publicKeyOf, type SigningKey } from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import {
  blankDurable,
  makePrivateDir,
  namesIn,
  readIfExists,
  removeDurable,
  writeDurable,
} from '../platform/durable.ts';
import type { Log } from '../platform/log.ts';
import { type BankSecrets, openSecrets, SECRETS, type SealedFor, sealSecrets } from './sealed-keys.ts';

export type BankKeys = {
  identity: SigningKey;
  seal: HpkeKey;
  storage: Uint8Array;
  codes: Uint8Array;
  /** base64url SHA-256 of the identity's public key, shown at commissioning. */
  fingerprint: string;
};

/** The calls that change the disk, so that a test can cut the power before each of them. */
export const KEY_DISK = { write: writeDurable, blank: blankDurable, remove: removeDurable };
export type KeyDisk = typeof KEY_DISK;

export type OpenBankKeys = SealedFor & { dataDir: string; log: Log; disk?: KeyDisk };

const FILE = 'bank.sealed';
const HPKE_PRIVATE_BYTES = 32;
/** What a write of an earlier version may have left beside a plain key when its process died. */
const LEFT_OVER = /^\.(identity|seal|storage|codes)\.key\..*\.new$/;

/** Reads the bank's keys, or draws them all where no bank was yet. A part of them is never a reason to draw. */
export async function openBankKeys(of: OpenBankKeys): Promise<BankKeys> {
  const { dataDir, disk = KEY_DISK } = of;
  const dir = join(dataDir, 'keys');
  makePrivateDir(dir);
  const path = join(dir, FILE);
  const kept = readIfExists(path);
  if (kept) {
    const secrets = openSecrets(of, { bytes: kept, path });
    removePlain({ ...of, disk, dir, secrets });
    return keysOf(secrets);
  }
  const plain = readPlain(dir);
  if (!plain) requireNewFolder(dataDir, dir);
  const secrets = plain ?? (await drawSecrets());
  disk.write(path, utf8(sealSecrets(of, secrets)), 0o600);
  // Nothing plain goes before the sealed file was read back from the disk and opens.
  const written = openSecrets(of, { bytes: readIfExists(path) ?? new Uint8Array(0), path });
  if (plain) {
    removePlain({ ...of, disk, dir, secrets: written });
    of.log.info('the bank’s keys were moved from four plain files into one sealed file', { file: FILE });
  }
  return keysOf(written);
}

/** The four plain files of an earlier version; undefined when there is none of them. */
function readPlain(dir: string): BankSecrets | undefined {
  const [identity, seal, storage, codes] = SECRETS.map((name) => readIfExists(join(dir, `${name}.key`)));
  if (!identity && !seal && !storage && !codes) return undefined;
  if (identity && seal && storage && codes) return { identity, seal, storage, codes };
  throw new HoldfastError(
    'conflict',
    `some of the bank's keys in ${dir} are missing; restore them all, or commission this bank anew in an empty folder`,
  );
}

/** Keys are drawn in a folder where no bank was: new keys over an old journal would lose both. */
function requireNewFolder(dataDir: string, dir: string): void {
  const traces = [join(dataDir, 'journal.sqlite'), join(dir, 'certificate.pem')];
  const found = traces.find((path) => readIfExists(path) !== undefined);
  if (found === undefined) return;
  throw new HoldfastError(
    'conflict',
    `${join(dir, FILE)} is missing, but a bank was here (${found}); restore it, or commission this bank anew in an empty folder`,
  );
}

type RemovePlain = { dir: string; log: Log; disk: KeyDisk; secrets: BankSecrets };

/** Removes what the sealed file has made needless. Overwriting first is the most that a file system offers. */
function removePlain({ dir, log, disk, secrets }: RemovePlain): void {
  const doomed = namesIn(dir).filter((name) => LEFT_OVER.test(name));
  for (const name of SECRETS) {
    const bytes = readIfExists(join(dir, `${name}.key`));
    if (!bytes) continue;
    if (!isRestOf(bytes, secrets[name]))
      throw new HoldfastError(
        'conflict',
        `${join(dir, `${name}.key`)} is another key than the one in ${FILE}; one of the two belongs to another bank. Set the wrong one aside`,
      );
    doomed.push(`${name}.key`);
  }
  for (const name of doomed) {
    disk.blank(join(dir, name));
    disk.remove(join(dir, name));
  }
  if (doomed.length > 0) log.info('plain key files were overwritten and removed', { files: doomed.length });
}

/** True for the key itself and for what a cut-off overwriting leaves of it: each byte as it was, or zero. */
function isRestOf(bytes: Uint8Array, key: Uint8Array): boolean {
  if (equalBytes(bytes, key)) return true;
  return bytes.length === key.length && bytes.every((byte, index) => byte === 0 || byte === key[index]);
}

async function drawSecrets(): Promise<BankSecrets> {
  const seal = await newHpkeKey();
  return {
    identity: newSigningKey().privateKey,
    seal: Uint8Array.from([...seal.privateKey, ...seal.publicKey]),
    storage: newKey(),
    codes: newKey(),
  };
}

function keysOf({ identity, seal, storage, codes }: BankSecrets): BankKeys {
  const publicKey = publicKeyOf(identity);
  return {
    identity: { privateKey: identity, publicKey },
    seal: {
      privateKey: seal.subarray(0, HPKE_PRIVATE_BYTES),
      publicKey: seal.subarray(HPKE_PRIVATE_BYTES),
    },
    storage,
    codes,
    fingerprint: fingerprint(publicKey),
  };
}

export function keyTexts(keys: BankKeys): { key: string; sealKey: string } {
  return { key: base64url(keys.identity.publicKey), sealKey: base64url(keys.seal.publicKey) };
}

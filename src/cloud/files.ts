/**
 * The cloud's own secrets on disk, made once by `holdfast cloud init`: the root key; the TLS server keys of
 * today and of tomorrow, whose pins banks hold; the authority that issues banks their certificates; and the key
 * that signs the tenants' logs.
 * All but the root key itself lie sealed under it. The root key is a file of mode 0600 until a KMS holds
 * it; what a thief of this disk gains stands in the trust table.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { KEY_BYTES, newKey, open, seal } from '../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import { type Ed25519Key, ed25519PublicKeyOf, newEd25519Key } from '../crypto/ed25519.ts';
import { deriveKey, equalBytes, sha256 } from '../crypto/hash.ts';
import { fingerprint, newSigningKey, publicKeyOf, type SigningKey } from '../crypto/sign.ts';
import { selfSignedAuthority } from '../crypto/x509.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { Clock } from '../platform/clock.ts';
import {
  makePrivateDir,
  readIfExists,
  removeDurable,
  replaceSecret,
  writeDurable,
} from '../platform/durable.ts';
import { requireOwner } from '../platform/folder-owner.ts';
import type { Random } from '../platform/random.ts';

export type CloudFiles = {
  rootKey: Uint8Array;
  /** TLS server keys: shown today, and the one that takes its place. */
  current: SigningKey;
  next: SigningKey;
  authority: { privateKey: Uint8Array; certificatePem: string };
  /** Signs the checkpoints of the tenants' logs. */
  ledgerKey: Ed25519Key;
  /** That key, or the one that is taking over from it, by its public half; undefined where neither is meant. */
  ledgerKeyOf(publicKey: Uint8Array): Ed25519Key | undefined;
  /** SHA-256 of the operator's bearer token. */
  operatorTokenHash: Uint8Array;
};

export type FilePlaces = { dataDir: string; rootKeyFile: string; operatorTokenFile: string };

const SEALED = ['tls-current', 'tls-next', 'bank-authority', 'ledger'] as const;
/** Only there while it takes over from `ledger`. */
const LEDGER_NEXT = 'ledger-next';
type SealedName = (typeof SEALED)[number] | typeof LEDGER_NEXT;
const newKeyOf = (name: SealedName) => (name === 'ledger' ? newEd25519Key() : newSigningKey());
const CERTIFICATE = 'bank-authority.crt';
const YEAR_MS = 365 * 86_400_000;
const AUTHORITY_YEARS = 20;
const TOKEN_BYTES = 32;

const keysDir = (places: FilePlaces) => join(places.dataDir, 'keys');
const sealingKey = (rootKey: Uint8Array) => deriveKey(rootKey, 'cloud-files/v1');

/** Makes what is not there. What is there is left as it is, so that it may be run again. */
export async function initFiles(places: FilePlaces, deps: { clock: Clock; random: Random }): Promise<void> {
  requireOwner(places.dataDir);
  await makePrivateDir(places.dataDir);
  await makePrivateDir(keysDir(places));
  const rootKey = await ensureRootKey(places);
  for (const name of SEALED) {
    const path = join(keysDir(places), `${name}.key`);
    if (await readIfExists(path)) continue;
    await writeDurable(path, seal(sealingKey(rootKey), newKeyOf(name).privateKey, name));
  }
  const certificate = join(keysDir(places), CERTIFICATE);
  if (!(await readIfExists(certificate)))
    await writeDurable(certificate, await authorityCertificate(places, rootKey, deps));
  if (!(await readIfExists(places.operatorTokenFile))) {
    await writeDurable(places.operatorTokenFile, `${base64url(deps.random.bytes(TOKEN_BYTES))}\n`);
  }
}

/**
 * The next TLS server key takes the place of today's, and another is drawn to come after it. Whoever calls
 * this has made sure that every bank holds the next key's pin. If the process dies between the two writes,
 * both names hold one key, and running it again completes the change.
 */
export function rotateServerKeys(places: FilePlaces, files: CloudFiles): void {
  const put = (name: SealedName, privateKey: Uint8Array) =>
    writeDurable(join(keysDir(places), `${name}.key`), seal(sealingKey(files.rootKey), privateKey, name));
  put('tls-current', files.next.privateKey);
  put('tls-next', newSigningKey().privateKey);
}

/**
 * The key that takes over the logs from today's: the one that was made before, where its time has not come, or a new one.
 * It is on the disk before any log names it.
 */
export function nextLedgerKey(places: FilePlaces, files: CloudFiles): Ed25519Key {
  const known = readLedgerKey(places, files.rootKey, LEDGER_NEXT);
  // It has come, and the process died before the second name was gone.
  if (known && !equalBytes(known.publicKey, files.ledgerKey.publicKey)) return known;
  const key = newEd25519Key();
  const path = join(keysDir(places), `${LEDGER_NEXT}.key`);
  writeDurable(path, seal(sealingKey(files.rootKey), key.privateKey, LEDGER_NEXT));
  return key;
}

/** The key that takes over; undefined when none does. */
export function waitingLedgerKey(places: FilePlaces, files: CloudFiles): Ed25519Key | undefined {
  const known = readLedgerKey(places, files.rootKey, LEDGER_NEXT);
  return known && !equalBytes(known.publicKey, files.ledgerKey.publicKey) ? known : undefined;
}

/** Today's key of the logs is destroyed, and the one that took over has its name, for a moment beside the other one. */
export function retireLedgerKey(places: FilePlaces, { rootKey }: CloudFiles, next: Ed25519Key): void {
  replaceSecret(join(keysDir(places), 'ledger.key'), seal(sealingKey(rootKey), next.privateKey, 'ledger'));
  removeDurable(join(keysDir(places), `${LEDGER_NEXT}.key`));
}

/** Looked up anew when it is not known: a process that began before a key was made has to sign with it all the same. */
function ledgerKeysOf(places: FilePlaces, rootKey: Uint8Array, first: Ed25519Key): CloudFiles['ledgerKeyOf'] {
  const held = [first];
  const find = (publicKey: Uint8Array) => held.find((key) => equalBytes(key.publicKey, publicKey));
  return (publicKey) => {
    if (!find(publicKey))
      for (const name of ['ledger', LEDGER_NEXT] as const) {
        const key = readLedgerKey(places, rootKey, name);
        if (key && !find(key.publicKey)) held.push(key);
      }
    return find(publicKey);
  };
}

function readLedgerKey(
  places: FilePlaces,
  rootKey: Uint8Array,
  name: 'ledger' | typeof LEDGER_NEXT,
): Ed25519Key | undefined {
  if (!readIfExists(join(keysDir(places), `${name}.key`))) return undefined;
  const privateKey = readPrivate(places, rootKey, name);
  return { privateKey, publicKey: ed25519PublicKeyOf(privateKey) };
}

async function ensureRootKey(places: FilePlaces): Promise<Uint8Array> {
  const held = await readIfExists(places.rootKeyFile);
  if (held) return checkedRootKey(places, held);
  // Drawing a new root key over sealed files would lose them silently.
  if (await readIfExists(join(keysDir(places), 'tls-current.key'))) {
    throw new HoldfastError(
      'conflict',
      `rootKeyFile ${places.rootKeyFile} is missing, but keys sealed under it exist; restore it`,
    );
  }
  const key = newKey();
  await writeDurable(places.rootKeyFile, key);
  return key;
}

async function authorityCertificate(
  places: FilePlaces,
  rootKey: Uint8Array,
  { clock, random }: { clock: Clock; random: Random },
): Promise<string> {
  const notBeforeMs = clock.nowMs() - 3_600_000;
  const { privateKey } = await readSealed(places, rootKey, 'bank-authority');
  return selfSignedAuthority({
    commonName: 'holdfast banks',
    privateKey,
    serial: positiveSerial(random),
    notBeforeMs,
    notAfterMs: notBeforeMs + AUTHORITY_YEARS * YEAR_MS,
  });
}

/** A serial number is a positive integer of at most 20 bytes (RFC 5280 section 4.1.2.2). */
export function positiveSerial(random: Random): Uint8Array {
  const serial = random.bytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return serial;
}

/** Reads everything, and refuses to go on with a part of it or with files that others may read. */
export async function openFiles(places: FilePlaces): Promise<CloudFiles> {
  const held = await readIfExists(places.rootKeyFile);
  if (!held)
    throw new HoldfastError(
      'input-invalid',
      `rootKeyFile ${places.rootKeyFile} does not exist; make it with: holdfast cloud init --config FILE`,
    );
  const rootKey = checkedRootKey(places, held);
  await refuseOpenMode('rootKeyFile', places.rootKeyFile);
  const authority = await readSealed(places, rootKey, 'bank-authority');
  const certificate = await readIfExists(join(keysDir(places), CERTIFICATE));
  const token = await readIfExists(places.operatorTokenFile);
  if (!certificate || !token)
    throw new HoldfastError(
      'input-invalid',
      `the certificate in ${keysDir(places)} or operatorTokenFile is missing; run: holdfast cloud init --config FILE`,
    );
  await refuseOpenMode('operatorTokenFile', places.operatorTokenFile);
  const ledger = readPrivate(places, rootKey, 'ledger');
  const ledgerKey = { privateKey: ledger, publicKey: ed25519PublicKeyOf(ledger) };
  const tokenText = fromUtf8(token).trim();
  if (fromBase64url(tokenText)?.length !== TOKEN_BYTES)
    throw new HoldfastError(
      'input-invalid',
      `operatorTokenFile ${places.operatorTokenFile} does not hold base64url of ${TOKEN_BYTES} bytes`,
    );
  return {
    rootKey,
    current: await readSealed(places, rootKey, 'tls-current'),
    next: await readSealed(places, rootKey, 'tls-next'),
    authority: { privateKey: authority.privateKey, certificatePem: fromUtf8(certificate) },
    ledgerKey,
    ledgerKeyOf: ledgerKeysOf(places, rootKey, ledgerKey),
    operatorTokenHash: sha256(utf8(tokenText)),
  };
}

export function pinsOf(files: CloudFiles, offlinePin: string | null) {
  return {
    current: fingerprint(files.current.publicKey),
    next: fingerprint(files.next.publicKey),
    offline: offlinePin,
  };
}

function checkedRootKey(places: FilePlaces, bytes: Uint8Array): Uint8Array {
  if (bytes.length !== KEY_BYTES)
    throw new HoldfastError(
      'input-invalid',
      `rootKeyFile ${places.rootKeyFile} holds ${bytes.length} bytes, not ${KEY_BYTES}`,
    );
  return bytes;
}

async function refuseOpenMode(key: string, path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    throw new HoldfastError('input-invalid', `${key} ${path} can be read by others; run: chmod 600 ${path}`);
}

async function readSealed(places: FilePlaces, rootKey: Uint8Array, name: SealedName): Promise<SigningKey> {
  const privateKey = readPrivate(places, rootKey, name);
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

function readPrivate(places: FilePlaces, rootKey: Uint8Array, name: SealedName): Uint8Array {
  const path = join(keysDir(places), `${name}.key`);
  const sealed = readIfExists(path);
  if (!sealed)
    throw new HoldfastError(
      'input-invalid',
      `${path} does not exist; make it with: holdfast cloud init --config FILE`,
    );
  const privateKey = open(sealingKey(rootKey), sealed, name);
  if (!privateKey)
    throw new HoldfastError('input-invalid', `${path} does not open with the key in rootKeyFile`);
  return privateKey;
}

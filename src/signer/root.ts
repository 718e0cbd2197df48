/**
 * The site root's key file: the one thing from which a bank's trust descends. It is made by
 * `holdfast admin root init`, in a folder that no cloud process may read, and used by
 * `holdfast admin roster sign` only.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../crypto/bytes.ts';
import {
  fingerprint,
  isPublicKey,
  newSigningKey,
  privateKeyFromPem,
  privateKeyPem,
  publicKeyOf,
  type SigningKey,
} from '../crypto/sign.ts';
import { HoldfastError } from '../domain/errors.ts';
import { readConfig } from '../platform/config.ts';
import { makePrivateDir, readIfExists, writeDurable } from '../platform/durable.ts';

const FILE = 'site-root.key.pem';
const PUBLIC_FILE = 'site-root.pub';

const publicFile = z.looseObject({ key: z.string() });

export type RootPublic = { key: string; fingerprint: string };

/** Makes the root key. Refuses to replace one: a lost root is a ceremony, never an accident. */
export async function makeRoot(dir: string): Promise<RootPublic> {
  await makePrivateDir(dir);
  if (await readIfExists(join(dir, FILE)))
    throw new HoldfastError('conflict', `there is a site root key in ${dir} already; it is not replaced`);
  const key = newSigningKey();
  await writeDurable(join(dir, FILE), utf8(privateKeyPem(key.privateKey)), 0o600);
  const shown = { key: base64url(key.publicKey), fingerprint: fingerprint(key.publicKey) };
  await writeDurable(join(dir, PUBLIC_FILE), utf8(`${JSON.stringify(shown)}\n`), 0o644);
  return shown;
}

export async function readRoot(dir: string): Promise<SigningKey> {
  const pem = await readIfExists(join(dir, FILE));
  if (!pem)
    throw new HoldfastError(
      'not-found',
      `there is no site root key in ${dir}. Say which folder holds it: --root DIR. Where no bank trusts one yet, make it: holdfast admin root init --root ${dir}`,
    );
  const privateKey = privateKeyFromPem(fromUtf8(pem));
  return { privateKey, publicKey: publicKeyOf(privateKey) };
}

/** The public half, or undefined when there is no root yet. */
export async function readRootPublic(dir: string): Promise<RootPublic | undefined> {
  const bytes = await readIfExists(join(dir, PUBLIC_FILE));
  return bytes ? (JSON.parse(fromUtf8(bytes)) as RootPublic) : undefined;
}

/** The public half of a root key, from a file that its holder gave away. */
export function readRootPublicFile(path: string): string {
  const { key } = readConfig(path, publicFile);
  if (!isPublicKey(fromBase64url(key) ?? new Uint8Array(0)))
    throw new HoldfastError(
      'input-invalid',
      `${path} is not the public half of a site root: site-root.pub, as holdfast admin root init made it`,
    );
  return key;
}

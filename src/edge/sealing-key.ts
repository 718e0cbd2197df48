/**
 * The sealing key: the one secret of a bank that does not lie on its disk. Everything else that is secret
 * there is sealed under it, so a thief of the disk alone reads nothing. It comes as a file on another medium,
 * or as a credential that the service manager lays out for this process alone (systemd.exec(5),
 * "Credentials"), which on a machine with a TPM 2.0 no other machine can open.
 */
import { existsSync, lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { KEY_BYTES, newKey } from '../crypto/aead.ts';
import { base64url, fromBase64url, fromUtf8 } from '../crypto/bytes.ts';
import { deriveKey } from '../crypto/hash.ts';
import { HoldfastError } from '../domain/errors.ts';
import { credentialPath } from '../platform/config.ts';
import { readIfExists, syncDir, writeDurable } from '../platform/durable.ts';

const MAKE_ONE =
  'make one, once, on a medium apart from the bank’s disk: holdfast edge sealing-key init --out FILE. A bank that had one needs that very key';

/** Where a bank finds its sealing key. A missing answer says how to make one. */
export const sealingKeySource = z.discriminatedUnion(
  'kind',
  [
    z
      .strictObject({
        kind: z.literal('file'),
        path: z.string().min(1).describe('A file of mode 0600 on a medium apart from the bank’s disk'),
      })
      .describe('From a file'),
    z
      .strictObject({
        kind: z.literal('credential'),
        name: z
          .string()
          .regex(/^[A-Za-z0-9][\w.-]{0,254}$/)
          .describe('The name of a credential of the unit: a file name, as systemd.exec(5) asks'),
      })
      .describe('From the service manager'),
  ],
  {
    error: (issue) =>
      issue.input === undefined ? `say where the bank's sealing key is; ${MAKE_ONE}` : undefined,
  },
);
export type SealingKeySource = z.infer<typeof sealingKeySource>;

const TEXT = /^holdfast-seal-v1:([A-Za-z0-9_-]{43})\n?$/;

/** Reads the key that the configuration names; refuses by name what is missing, no key, or not apart. */
export function readSealingKey(of: { source: SealingKeySource; dataDir: string }): Uint8Array {
  const path = pathOf(of.source);
  const bytes = readIfExists(path);
  if (!bytes) throw new HoldfastError('not-found', `there is no sealing key at ${path}; ${MAKE_ONE}`);
  if (of.source.kind === 'file') requireApart(path, of.dataDir);
  const [, text = ''] = TEXT.exec(fromUtf8(bytes)) ?? [];
  const key = fromBase64url(text);
  if (key?.length !== KEY_BYTES)
    throw new HoldfastError('input-invalid', `${path} holds no sealing key, or only a part of one`);
  return key;
}

function pathOf(source: SealingKeySource): string {
  if (source.kind === 'file') return resolve(source.path);
  const path = credentialPath(source.name);
  if (path !== undefined) return path;
  throw new HoldfastError(
    'not-found',
    `the sealing key is to come as the credential ${source.name}, and the service manager gave this process no credentials; set LoadCredential= or LoadCredentialEncrypted= in the unit`,
  );
}

/** Beside what it protects, or readable to others, the key would be no key: better no start than a false one. */
function requireApart(path: string, dataDir: string): void {
  const fromData = relative(realpathSync(dataDir), realpathSync(path));
  if (!fromData.startsWith('..'))
    throw new HoldfastError(
      'input-invalid',
      `the sealing key ${path} lies in the bank's own data folder, so whoever takes the one has the other; put it on another medium`,
    );
  if (process.platform === 'win32') return;
  const mode = lstatSync(realpathSync(path)).mode & 0o777;
  if ((mode & 0o077) !== 0)
    throw new HoldfastError(
      'input-invalid',
      `the sealing key ${path} can be read by others (mode ${mode.toString(8)}); make it its owner's alone: chmod 600`,
    );
}

/** A name for the key that tells nothing of it: derived, and of full length, so two keys never share one. */
export function sealingKeyId(key: Uint8Array): string {
  return base64url(deriveKey(key, 'holdfast/sealing-key-id/v1'));
}

/** Makes a sealing key. Refuses to replace one: the bank that it belongs to would be lost. */
export function makeSealingKey(path: string): Uint8Array {
  if (existsSync(path))
    throw new HoldfastError('conflict', `there is a file ${path} already; it is not replaced`);
  const folder = dirname(path);
  if (!existsSync(folder)) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    syncDir(dirname(folder));
  }
  const key = newKey();
  writeDurable(path, `holdfast-seal-v1:${base64url(key)}\n`, 0o600);
  return key;
}

/** `holdfast edge sealing-key init --out FILE`. */
export function runSealingKey(given: { rest: readonly string[]; out: string | undefined }): number {
  const what = given.rest.join(' ');
  if (what !== 'sealing-key init' || given.out === undefined)
    throw new HoldfastError(
      'input-invalid',
      `holdfast edge knows: sealing-key init --out FILE; not “${what}”`,
    );
  const path = resolve(given.out);
  const key = makeSealingKey(path);
  process.stdout.write(
    `sealing key made in ${path} (mode 0600)\nname ${sealingKeyId(key)}\nKeep a copy in a safe. Whoever has it and the bank's disk has that bank; without it the disk opens for nobody, you included.\n`,
  );
  return 0;
}

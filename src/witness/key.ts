/**
 * The key of a witness: a file of one line with its name and its Ed25519 key, so that the two never part. It is
 * made once, together with the empty state that belongs to it, and neither is ever replaced.
 */
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { base64url, fromBase64url, fromUtf8 } from '../crypto/bytes.ts';
import { ed25519PublicKeyOf, newEd25519Key } from '../crypto/ed25519.ts';
import { HoldfastError } from '../domain/errors.ts';
import type { LogSigner } from '../ledger/log/signatures.ts';
import { isKeyName, vkeyText } from '../ledger/log/vkey.ts';
import { readIfExists, writeDurable } from '../platform/durable.ts';
import { Heads } from './heads.ts';

/** A name has no plus (C2SP signed-note, section "Format"), so it ends at the next one. */
const TEXT = /^holdfast-witness-v1\+([^+\n]+)\+([A-Za-z0-9_-]+)\n?$/;

/** What others need to know of a witness: its vkey of type 0x04 (C2SP tlog-cosignature, section "Ed25519"). */
export function witnessVkey({ name, publicKey }: Omit<LogSigner, 'privateKey'>): string {
  return vkeyText({ type: 'cosignature', name, publicKey });
}

export type MadeWitness = { vkey: string; statePath: string };

/** Makes key and state. Refuses to replace either: who trusts the key trusts that it signs one history. */
export function makeWitness({ name, path }: { name: string; path: string }): MadeWitness {
  if (!isKeyName(name))
    throw new HoldfastError('input-invalid', 'a witness’s name has no space, no control and no plus');
  const statePath = `${path}.heads`;
  for (const taken of [path, statePath])
    if (existsSync(taken))
      throw new HoldfastError('conflict', `there is a file ${taken} already; it is not replaced`);
  const { privateKey, publicKey } = newEd25519Key();
  const vkey = witnessVkey({ name, publicKey });
  Heads.make(statePath, vkey);
  writeDurable(path, `holdfast-witness-v1+${name}+${base64url(privateKey)}\n`, 0o600);
  return { vkey, statePath };
}

/** Reads the key; refuses by name what is missing, no key, or readable to others. */
export function readWitnessKey(path: string): LogSigner {
  const bytes = readIfExists(path);
  if (!bytes)
    throw new HoldfastError(
      'not-found',
      `there is no key ${path}; make one, once: holdfast witness init --name NAME --out FILE`,
    );
  const mode = lstatSync(realpathSync(path)).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0)
    throw new HoldfastError(
      'input-invalid',
      `the key ${path} can be read by others (mode ${mode.toString(8)}); make it its owner's alone: chmod 600`,
    );
  const signer = signerOf(fromUtf8(bytes));
  if (!signer)
    throw new HoldfastError('input-invalid', `${path} holds no key of a witness, or only a part of one`);
  return signer;
}

function signerOf(file: string): LogSigner | undefined {
  const [, name = '', text = ''] = TEXT.exec(file) ?? [];
  const privateKey = fromBase64url(text) ?? new Uint8Array(0);
  try {
    return isKeyName(name) ? { name, privateKey, publicKey: ed25519PublicKeyOf(privateKey) } : undefined;
  } catch {
    // What a parser says of a key may quote it, so its words are not passed on.
    return undefined;
  }
}

/**
 * What the tests of the log compare it with: the definitions of RFC 6962 and C2SP tlog-tiles, written down as
 * they stand there and slow, over all leaves at once. Nothing of the log's own code is used for them.
 */
import { concat, fromHex, utf8 } from '../../crypto/bytes.ts';
import { ed25519PublicKeyOf } from '../../crypto/ed25519.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { LogSigner } from './signatures.ts';
import type { TileReader } from './tiles.ts';

export const modelLeaf = (entry: Uint8Array) => sha256(concat(Uint8Array.of(0), entry));

/** MTH of section 2.1. */
export function modelRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length < 2) return leaves[0] ?? sha256(new Uint8Array(0));
  const k = split(leaves.length);
  return sha256(Uint8Array.of(1), modelRoot(leaves.slice(0, k)), modelRoot(leaves.slice(k)));
}

/** PATH of section 2.1.1. */
export function modelPath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  if (m < k) return [...modelPath(m, leaves.slice(0, k)), modelRoot(leaves.slice(k))];
  return [...modelPath(m - k, leaves.slice(k)), modelRoot(leaves.slice(0, k))];
}

/** PROOF of section 2.1.2, by its SUBPROOF. */
export function modelProof(m: number, leaves: readonly Uint8Array[], isWhole = true): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [modelRoot(leaves)];
  const k = split(leaves.length);
  if (m <= k) return [...modelProof(m, leaves.slice(0, k), isWhole), modelRoot(leaves.slice(k))];
  return [...modelProof(m - k, leaves.slice(k), false), modelRoot(leaves.slice(0, k))];
}

function split(count: number): number {
  let k = 1;
  while (k * 2 < count) k *= 2;
  return k;
}

/** Every tile of a tree of these leaves, by the formula of tlog-tiles: path without `.p/…` to its hashes. */
export function modelTiles(leaves: readonly Uint8Array[]): Map<string, Uint8Array[]> {
  const tiles = new Map<string, Uint8Array[]>();
  for (let level = 0, span = 1; span <= leaves.length; level++, span *= 256)
    for (let at = 0; (at + 1) * span <= leaves.length; at++) {
      const path = `${level}/${Math.floor(at / 256)}`;
      const tile = tiles.get(path) ?? [];
      tile.push(modelRoot(leaves.slice(at * span, (at + 1) * span)));
      tiles.set(path, tile);
    }
  return tiles;
}

export const modelLeaves = (count: number) =>
  Array.from({ length: count }, (_, index) => modelLeaf(utf8(`entry ${index}`)));

/** Tiles in memory, which says what was read of it. */
export class MemoryTiles implements TileReader {
  readonly objects = new Map<string, Uint8Array>();
  readonly reads: string[] = [];

  write(objects: readonly { path: string; bytes: Uint8Array }[]): void {
    for (const { path, bytes } of objects) this.objects.set(path, bytes);
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    this.reads.push(path);
    return this.objects.get(path);
  }

  /** The same tiles with one of them edited or, for undefined, gone. */
  edited(path: string, edit: (bytes: Uint8Array) => Uint8Array | undefined): MemoryTiles {
    const copy = new MemoryTiles();
    for (const [name, bytes] of this.objects) copy.objects.set(name, bytes);
    const bytes = edit(copy.objects.get(path) ?? new Uint8Array(0));
    if (bytes) copy.objects.set(path, bytes);
    else copy.objects.delete(path);
    return copy;
  }
}

/** Secret keys that stand in RFC 8032 section 7.1, so that nobody takes them for secrets. */
export const RFC_SECRETS = [
  '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
  '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
  'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
  '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
] as const;

export function signerOf(name: string, secret: string): LogSigner {
  const privateKey = fromHex(`302e020100300506032b657004220420${secret}`);
  return { name, privateKey, publicKey: ed25519PublicKeyOf(privateKey) };
}

/** A small generator with a seed, so that a failing run can be repeated (Marsaglia's xorshift). */
export function draws(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

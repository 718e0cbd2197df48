/**
 * What may stand on a disk after the power went. Per file: what was synced, for certain; of what was written,
 * cut off or created since, any part, in any order, and of a write any number of its bytes. (POSIX promises
 * no more: https://pubs.opengroup.org/onlinepubs/9799919799/functions/fsync.html)
 */
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskOp } from './trace.ts';

const SECTOR_BYTES = 512;

/** mulberry32: small, and the same on every machine, so that a seed repeats a run. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  half(): boolean {
    return this.below(2) === 0;
  }

  shuffled<T>(list: readonly T[]): T[] {
    const left = [...list];
    return list.map(() => left.splice(this.below(left.length), 1)[0] as T);
  }
}

type Pending = Extract<DiskOp, { do: 'write' | 'truncate' }>;
type File = {
  synced: Buffer;
  pending: Pending[];
  /** Whether its name is known to last, and whether it is there now. */
  named: boolean;
  there: boolean;
};

export type Image = Map<string, Buffer>;
export const WAYS = ['synced only', 'all', 'some', 'torn', 'reordered', 'torn and reordered'] as const;
export type Way = (typeof WAYS)[number];

export class Disk {
  readonly #files = new Map<string, File>();

  take(op: DiskOp): void {
    if (op.do === 'said') return;
    if (op.do === 'sync-names') return this.#syncNames();
    const file = this.#files.get(op.file);
    if (op.do === 'create') {
      // A name that was removed and is made anew: the old file may come back with its name.
      if (file && !file.there)
        Object.assign(file, { pending: [{ do: 'truncate', file: op.file, size: 0 }], there: true });
      else if (!file)
        this.#files.set(op.file, { synced: Buffer.alloc(0), pending: [], named: false, there: true });
      return;
    }
    if (!file) throw new Error(`${op.file} was never made`);
    if (op.do === 'unlink') file.there = false;
    else if (op.do === 'sync') {
      file.synced = applied(file.synced, file.pending);
      file.pending = [];
    } else if (op.do === 'write' || op.do === 'truncate') file.pending.push(op);
  }

  #syncNames(): void {
    for (const [name, file] of this.#files) {
      if (file.there) file.named = true;
      else this.#files.delete(name);
    }
  }

  /** True when a power cut now leaves only one possible disk. */
  get isSettled(): boolean {
    return [...this.#files.values()].every((file) => file.pending.length === 0 && file.named === file.there);
  }

  /** One of the disks that a power cut may leave now. */
  image(way: Way, chance: Chance): Image {
    const image: Image = new Map();
    for (const [name, file] of this.#files) {
      const named =
        way === 'all' ? file.there : way === 'synced only' ? file.named : this.#isNamed(file, chance);
      if (named) image.set(name, applied(file.synced, chosen(file.pending, way, chance)));
    }
    return image;
  }

  #isNamed(file: File, chance: Chance): boolean {
    return file.named === file.there ? file.there : chance.half();
  }
}

function chosen(pending: readonly Pending[], way: Way, chance: Chance): Pending[] {
  switch (way) {
    case 'synced only':
      return [];
    case 'all':
      return [...pending];
    case 'some':
      return pending.filter(() => chance.half());
    case 'torn': {
      const kept = pending.slice(0, chance.below(pending.length + 1));
      const last = kept.pop();
      return last ? [...kept, torn(last, chance)] : [];
    }
    case 'reordered':
      return chance.shuffled(pending).filter(() => chance.half());
    case 'torn and reordered':
      return chance
        .shuffled(pending)
        .filter(() => chance.half())
        .map((op) => (chance.half() ? op : torn(op, chance)));
  }
}

/** A part of a write: whole sectors of the disk, or, on worse disks, any number of bytes; its head or its tail. */
function torn(op: Pending, chance: Chance): Pending {
  if (op.do === 'truncate' || op.bytes.length < 2) return op;
  const any = 1 + chance.below(op.bytes.length - 1);
  // The edge of a sector is counted from the file's beginning.
  const edge = Math.ceil((op.at + any) / SECTOR_BYTES) * SECTOR_BYTES - op.at;
  const cut = chance.half() ? any : Math.min(edge, op.bytes.length);
  return chance.below(4) === 0
    ? { ...op, at: op.at + cut, bytes: op.bytes.subarray(cut) }
    : { ...op, bytes: op.bytes.subarray(0, cut) };
}

function applied(synced: Buffer, ops: readonly Pending[]): Buffer {
  if (ops.length === 0) return synced;
  let { length } = synced;
  let room = Buffer.alloc(
    Math.max(length, ...ops.map((op) => (op.do === 'write' ? op.at + op.bytes.length : op.size))),
  );
  synced.copy(room);
  for (const op of ops) {
    if (op.do === 'truncate') {
      // What is cut off does not come back when the file grows again.
      room.fill(0, Math.min(op.size, length));
      length = op.size;
    } else {
      op.bytes.copy(room, op.at);
      length = Math.max(length, op.at + op.bytes.length);
    }
  }
  room = room.subarray(0, length);
  return room;
}

export function fingerprintOf(image: Image): string {
  const hash = createHash('sha256');
  for (const [name, bytes] of [...image].sort()) hash.update(`${name}\0${bytes.length}\0`).update(bytes);
  return hash.digest('base64url');
}

/** Lays an image down as a folder of its own. */
export function layDown(image: Image, folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, bytes] of image) writeFileSync(join(folder, name), bytes);
}

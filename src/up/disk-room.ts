/**
 * Whether the disk has room for a start. Databases that break off in the middle of being made say so in words that
 * help nobody, so a nearly full disk is refused by name before anything is written.
 */
import { existsSync, statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { HoldfastError } from '../domain/errors.ts';

const MIB = 1024 * 1024;
/** A first start makes a database, with a write-ahead log that may grow to `max_wal_size`, and everything beside it. */
const FIRST_MIB_MIN = 300;
/** Later ones write little; this is what the log may grow by (`max_wal_size`) and what the bank keeps free for itself. */
const AGAIN_MIB_MIN = 150;

/** Throws `unavailable` when the file system of `dir`, which need not exist yet, has too little room left. */
export function requireRoom(dir: string, { first }: { first: boolean }): void {
  const { bavail, bsize } = statfsSync(nearestExisting(dir));
  refuseBelow({ dir, first, freeBytes: bavail * bsize });
}

export function refuseBelow({
  dir,
  first,
  freeBytes,
}: {
  dir: string;
  first: boolean;
  freeBytes: number;
}): void {
  const leastMiB = first ? FIRST_MIB_MIN : AGAIN_MIB_MIN;
  if (freeBytes >= leastMiB * MIB) return;
  throw new HoldfastError(
    'unavailable',
    `the disk of ${dir} is nearly full: ${first ? 'a first start' : 'a start'} needs ${leastMiB} MiB and ${Math.floor(freeBytes / MIB)} are left; nothing was changed. Make room, or take another folder with: npm start -- --data DIR`,
  );
}

function nearestExisting(dir: string): string {
  let at = resolve(dir);
  while (!existsSync(at)) at = dirname(at);
  return at;
}

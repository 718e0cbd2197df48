/**
 * How much room the journal has. The bank stops taking on new work while there is still room to finish what
 * is under way; for the case that something else eats even that, it holds a reserve: a file that is given
 * back to the file system at the first commit that found no room.
 */
import { rmSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurable } from '../platform/durable.ts';
import type { Random } from '../platform/random.ts';
import type { Room } from './plan/room.ts';

/**
 * Below this nothing new is begun, unless the configuration says otherwise (`journal.roomMiBMin`). The
 * sessions of a whole bank need less than one MiB to end; the rest is for logs and whatever else shares the
 * disk to grow into while somebody is on their way.
 */
export const ROOM_MIB_MIN = 64;
const KIB = 1024;
const RESERVE_BYTES = 4 * KIB * KIB;

export type RoomDeps = { dataDir: string; roomMiBMin: number; random: Random };

export class RoomWatch {
  readonly #deps: RoomDeps;
  readonly #reserve: string;

  constructor(deps: RoomDeps) {
    this.#deps = deps;
    this.#reserve = join(deps.dataDir, 'journal.reserve');
  }

  /** What a process of this user may still write. */
  freeKiB(): number {
    const { bavail, bsize } = statfsSync(this.#deps.dataDir);
    return Math.floor((bavail * bsize) / KIB);
  }

  /** Gives the reserve back to the file system: what is under way needs it now. */
  giveReserve(): void {
    rmSync(this.#reserve, { force: true });
  }

  /**
   * Looks, and lays the reserve in where it is missing. A bank that gave its reserve away is full until the
   * reserve could be written and synced again: a number of free blocks alone does not prove that one can write.
   */
  look(): Room {
    const freeKiB = this.freeKiB();
    const leastKiB = this.#deps.roomMiBMin * KIB;
    if (this.#hasReserve()) return { freeKiB, full: freeKiB < leastKiB };
    if (freeKiB < leastKiB + RESERVE_BYTES / KIB) return { freeKiB, full: true };
    return { freeKiB, full: !this.#layReserve() };
  }

  #hasReserve(): boolean {
    return statSync(this.#reserve, { throwIfNoEntry: false })?.size === RESERVE_BYTES;
  }

  #layReserve(): boolean {
    try {
      // Random, because a file system that compresses would reserve nothing for zeros.
      writeDurable(this.#reserve, this.#deps.random.bytes(RESERVE_BYTES));
      return true;
    } catch {
      // Why it failed does not matter: a disk that does not take the reserve has no room for a parcel.
      return false;
    }
  }
}

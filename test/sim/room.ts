/**
 * The room of a model disk, as the bank's watch sees it (`src/edge/room.ts`). When it is short, so many
 * transactions still fit; the reserve gives as many more, once, until there was room to lay it in again.
 */
import type { ExecuteJournal } from '../../src/edge/execute.ts';
import { JournalFull } from '../../src/edge/journal-disk.ts';
import type { Room } from '../../src/edge/plan/room.ts';

const PLENTY_KIB = 1_048_576;
const TRANSACTION_KIB = 8;
/** Thrown as it is: it says the same each time, and a full disk is asked thousands of times. */
const NO_ROOM = new JournalFull(undefined);

/** `seen`: the watch looked before it was too late; otherwise the first commit without room tells. */
export type Shortage = { left: number; reserve: number; seen: boolean };

export class DiskRoom {
  #left = Number.POSITIVE_INFINITY;
  #shortage: Shortage | null = null;
  #hasReserve = true;

  runShort(shortage: Shortage): void {
    if (this.#shortage) return;
    this.#shortage = shortage;
    this.#left = shortage.left;
  }

  /** Whatever ate the disk is gone. */
  clear(): void {
    this.#shortage = null;
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** Not one transaction more has room. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** One transaction more, or there is no room for it. */
  take(): void {
    if (this.isSpent) throw NO_ROOM;
    this.#left--;
  }

  freeKiB(): number {
    return this.#shortage ? this.#left * TRANSACTION_KIB : PLENTY_KIB;
  }

  giveReserve(): void {
    if (this.#hasReserve) this.#left += this.#shortage?.reserve ?? 0;
    this.#hasReserve = false;
  }

  look(): Room {
    const freeKiB = this.freeKiB();
    if (!this.#shortage) {
      this.#hasReserve = true;
      return { freeKiB, full: false };
    }
    return { freeKiB, full: !this.#hasReserve || this.#shortage.seen };
  }
}

/** From the first commit that finds no room the executor knows that there is none; so does `onFull`. */
export function tellsWhenFull(journal: ExecuteJournal, onFull: () => void): ExecuteJournal {
  return {
    keepRefused: (...of) => journal.keepRefused(...of),
    commit(before, planned) {
      try {
        return journal.commit(before, planned);
      } catch (error) {
        if (error instanceof JournalFull && !before.volatile.full) onFull();
        throw error;
      }
    },
  };
}

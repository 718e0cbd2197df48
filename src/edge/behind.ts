/**
 * A cloud that has less of this bank than it had acknowledged: its database was lost and restored from a backup, or
 * somebody rolled it back. The bank forgets nothing for it. Where the cloud names a head that this bank signed, what
 * comes after that head is sent again out of the journal, batch by batch as it was sent, so that it fits and nothing
 * doubles; a head that this bank never signed is refused by name. That it happened is recorded by the planner, and the
 * head of the log that this bank remembers stays what it was (`plan/auditor.ts`): a cloud that rolls its log back with
 * its database is told so.
 */
import { NO_HEAD } from '../ledger/batch.ts';
import type { AgainBatch, JournalTip } from './chain.ts';
import type { Fallen } from './plan/downlink.ts';

export type BehindJournal = {
  readonly tip: Pick<JournalTip, 'acknowledgedSeq'>;
  headHashAt(last: number): string | undefined;
  batchAgain(after: number): AgainBatch | undefined;
};

export class Behind {
  readonly #journal: BehindJournal;
  /** How far the cloud has come again; null while it has all that it acknowledged. */
  #has: number | null = null;
  #isBoxless = false;

  constructor(journal: BehindJournal) {
    this.#journal = journal;
  }

  /** Undefined where it is no news: the cloud has everything, or is being sent what it lacks already. */
  claimed({ lastSeq, head }: { lastSeq: number; head: string }): Fallen | undefined {
    const had = this.#journal.tip.acknowledgedSeq;
    if (lastSeq >= had || (this.#has !== null && lastSeq >= this.#has)) return undefined;
    const own = lastSeq === 0 ? NO_HEAD : this.#journal.headHashAt(lastSeq);
    const isOurs = own === head;
    if (isOurs) this.#moveTo(lastSeq);
    return { had, has: lastSeq, isOurs };
  }

  /** The batch that the cloud lacks next. */
  next(): AgainBatch | undefined {
    if (this.#has === null) return undefined;
    const again = this.#journal.batchAgain(this.#has);
    return again && this.#isBoxless ? { ...again, box: null } : again;
  }

  /** True when that was a batch that had been sent again. */
  acknowledged(ack: { lastSeq: number; head: string }): boolean {
    const again = this.next();
    if (again?.last !== ack.lastSeq || again.hash !== ack.head) return false;
    this.#moveTo(again.last);
    return true;
  }

  /** What was sealed for the intake key of then does not open any more: the batch goes without. False when it did. */
  withoutBox(): boolean {
    if (this.#has === null || this.#isBoxless) return false;
    this.#isBoxless = true;
    return true;
  }

  #moveTo(has: number): void {
    this.#has = has < this.#journal.tip.acknowledgedSeq ? has : null;
    this.#isBoxless = false;
  }
}

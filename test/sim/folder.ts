/** The folder of orders at one bank (`src/edge/order-inbox.ts`), as far as it matters here. */

import type { WrittenRecord } from '../../src/ledger/record.ts';
import { noteHash } from '../../src/ledger/roster.ts';

type File = { note: string; hash: string; since: number };

export class Folder {
  readonly #files: File[] = [];
  readonly #records: () => readonly WrittenRecord[];

  constructor(records: () => readonly WrittenRecord[]) {
    this.#records = records;
  }

  /** A file lies there, over power cuts too, until the journal says what became of its order. */
  put(note: string): void {
    this.#files.push({ note, hash: noteHash(note), since: this.#records().length });
  }

  /** What was answered before is not read again; `read` is false when the process ended over it. */
  look(read: (note: string) => boolean): void {
    for (const file of [...this.#files]) {
      if (!this.#isSettled(file) && !read(file.note)) return;
      if (this.#isSettled(file)) this.#files.splice(this.#files.indexOf(file), 1);
    }
  }

  #isSettled({ hash, since }: File): boolean {
    return this.#records()
      .slice(since)
      .some(({ record: { facts } }) => facts.hash === hash && facts.road === 'hand');
  }
}

/**
 * What banks said in their journals that they saw of the log, against the log that carries these words. A log with two
 * faces has to carry what the banks of the other face saw, or to lack their records: either way it shows here, and
 * nobody outside has to have kept a head.
 */
import { base64url } from '../../crypto/bytes.ts';
import { growTree, headOf, type LogState } from '../../ledger/log/growth.ts';
import { successorIn } from '../../ledger/log/succession.ts';
import type { LogKey } from '../../ledger/log/vkey.ts';
import { type LedgerRecord, leafHash, NO_HASH } from '../../ledger/record.ts';
import type { LogRow } from '../log/log.ts';
import type { Told } from '../noun.ts';

export type SeenHead = { bank: string; seq: number; log: string; size: number; root: string };

/** Each of them names a head that the bank had found to continue what it remembered. */
const KINDS: readonly string[] = ['log.seen', 'log.left', 'log.disputed', 'log.settled'];

export function seenIn(told: readonly Told[]): SeenHead[] {
  return told
    .filter(({ record }) => KINDS.includes(record.kind) && record.facts.root !== NO_HASH)
    .map(({ record: { source, seq, facts } }) => ({
      ...{ bank: source, seq, log: String(facts.log), root: String(facts.root) },
      size: Number(facts.size),
    }));
}

/** The keys of a log in their order, each but the first with the record that gave it, as the journal says. */
export function keysIn(
  { origin, key }: Pick<LogRow, 'origin' | 'key'>,
  rotations: readonly LedgerRecord[],
): { key: LogKey; record?: LedgerRecord }[] {
  const first: LogKey = { type: 'signature', name: origin, publicKey: new Uint8Array(key) };
  const keys: { key: LogKey; record?: LedgerRecord }[] = [{ key: first }];
  for (const record of rotations) {
    const next = successorIn(record, keys.at(-1)?.key ?? first);
    if (next) keys.push({ key: next, record });
  }
  return keys;
}

/** Heads in the order of their sizes, each compared once while the tree grows past it. */
export class SeenHeads {
  readonly #heads: readonly SeenHead[];
  #next = 0;

  constructor(heads: readonly SeenHead[]) {
    this.#heads = heads.toSorted((a, b) => a.size - b.size);
  }

  /** Those within `fresh` that the tree contradicts. */
  contradicted(state: LogState, fresh: readonly Uint8Array[]): SeenHead[] {
    const { size } = state.range;
    const found: SeenHead[] = [];
    let there = { size: -1, root: '' };
    for (let head = this.#heads[this.#next]; head && head.size <= size + fresh.length; ) {
      if (head.size !== there.size) {
        const grown = growTree(state, fresh.slice(0, head.size - size).map(leafHash));
        there = { size: head.size, root: base64url(headOf(grown.state).root) };
      }
      if (head.root !== there.root) found.push(head);
      this.#next += 1;
      head = this.#heads[this.#next];
    }
    return found;
  }

  /** Those that a log of `size` entries never came to. */
  beyond(size: number): readonly SeenHead[] {
    return this.#heads.slice(this.#next).filter((head) => head.size > size);
  }
}

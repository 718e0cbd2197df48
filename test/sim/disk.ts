/**
 * The model disk and the journal on it. What is written stands in a cache until it is synced; a power cut
 * drops any part of the cache and tears its last write, and recovery keeps the whole transactions that stand
 * before the first hole, as a write-ahead log with checksums does. The real journal is tested apart.
 */
import type { NoticeWish } from '../../src/contract/uplink.ts';
import { chainPlan, drawSalts, type JournalTip, type SignedBatch, tipAfter } from '../../src/edge/chain.ts';
import type { ExecuteJournal } from '../../src/edge/execute.ts';
import { JournalFull } from '../../src/edge/journal-disk.ts';
import { type Change, changedEntities } from '../../src/edge/journal-rows.ts';
import type { Planned } from '../../src/edge/plan/draft.ts';
import { type BankState, COLLECTIONS, emptyKept, type Kept } from '../../src/edge/plan/state.ts';
import type { UploadJournal } from '../../src/edge/upload.ts';
import { NO_HEAD } from '../../src/ledger/batch.ts';
import { NO_HASH, type Openings, type WrittenRecord } from '../../src/ledger/record.ts';
import type { Chance } from './chance.ts';
import { DiskRoom } from './room.ts';

type Head = { first: number; last: number; note: string; hash: string };

export type Write =
  | { on: 'record'; written: WrittenRecord }
  | { on: 'wish'; wish: NoticeWish }
  | { on: 'entity'; change: Change }
  | { on: 'head'; head: Head }
  | { on: 'acknowledged'; seq: number }
  | { on: 'refused'; hash: string }
  /** The mark after which the writes before it count. */
  | { on: 'end' };

/** What is on the platter. */
export type Image = {
  records: WrittenRecord[];
  openings: Map<number, Openings>;
  wishes: Map<number, NoticeWish[]>;
  heads: Head[];
  state: Map<string, Map<string, unknown>>;
  acknowledged: number;
};

/** Where within one durable write the power can go. */
export const CUT_POINTS = ['before-write', 'amid-write', 'before-sync', 'after-sync'] as const;
export type CutPoint = (typeof CUT_POINTS)[number];

export type Cut = (at: CutPoint) => void;

export class Disk {
  readonly image: Image = {
    records: [],
    openings: new Map(),
    wishes: new Map(),
    heads: [],
    state: new Map(COLLECTIONS.map((name) => [name, new Map()])),
    acknowledged: 0,
  };
  readonly room = new DiskRoom();
  #cache: Write[] = [];
  readonly #onDurable: (writes: readonly Write[]) => void;

  constructor(onDurable: (writes: readonly Write[]) => void) {
    this.#onDurable = onDurable;
  }

  write(write: Write): void {
    this.#cache.push(write);
  }

  sync(): void {
    const writes = this.#cache;
    this.#cache = [];
    this.#keepWhole(writes);
  }

  /** The power goes: of what was not synced, what stands before the first lost or torn write stays. */
  lose(chance: Chance): { lost: number } {
    const cached = this.#cache;
    this.#cache = [];
    const kept = cached.map((_, index) => index < cached.length - 1 && chance.of(0.6));
    const hole = kept.indexOf(false);
    const intact = hole < 0 ? cached : cached.slice(0, hole);
    this.#keepWhole(intact);
    return { lost: cached.length - intact.length };
  }

  #keepWhole(writes: readonly Write[]): void {
    let from = 0;
    writes.forEach((write, index) => {
      if (write.on !== 'end') return;
      const whole = writes.slice(from, index);
      from = index + 1;
      for (const one of whole) this.#apply(one);
      this.#onDurable(whole);
    });
  }

  #apply(write: Write): void {
    const { image } = this;
    switch (write.on) {
      case 'record': {
        const { record, openings } = write.written;
        image.records[record.seq - 1] = write.written;
        if (Object.keys(openings).length > 0) image.openings.set(record.seq, openings);
        return;
      }
      case 'wish': {
        const { wish } = write;
        image.wishes.set(wish.seq, [...(image.wishes.get(wish.seq) ?? []), wish]);
        return;
      }
      case 'entity': {
        const { collection, key, entity } = write.change;
        const rows = image.state.get(collection);
        if (entity === undefined) rows?.delete(key);
        else rows?.set(key, entity);
        return;
      }
      case 'head':
        return void image.heads.push(write.head);
      case 'acknowledged':
        for (let seq = image.acknowledged + 1; seq <= write.seq; seq++) {
          image.openings.delete(seq);
          image.wishes.delete(seq);
        }
        image.acknowledged = write.seq;
        return;
      case 'refused':
      case 'end':
        return;
    }
  }
}

export type ModelJournalDeps = { disk: Disk; bank: string; chance: Chance; cut: Cut };

export class ModelJournal implements ExecuteJournal, UploadJournal {
  readonly #deps: ModelJournalDeps;
  #tip: JournalTip;

  constructor(deps: ModelJournalDeps) {
    this.#deps = deps;
    const { image } = deps.disk;
    const last = image.records.at(-1);
    const head = image.heads.at(-1);
    this.#tip = {
      lastSeq: last?.record.seq ?? 0,
      lastHash: last?.hash ?? NO_HASH,
      lastMs: last?.record.time.atMs ?? 0,
      acknowledgedSeq: image.acknowledged,
      lastHead: head?.hash ?? NO_HEAD,
      headSeq: head?.last ?? 0,
    };
  }

  get tip(): JournalTip {
    return this.#tip;
  }

  /** The state as it was last committed, read from bytes like the real one. */
  readState(): Kept {
    const kept = emptyKept() as { [C in keyof Kept]: Record<string, unknown> };
    for (const name of COLLECTIONS)
      for (const [key, entity] of this.#deps.disk.image.state.get(name) ?? [])
        kept[name][key] = JSON.parse(JSON.stringify(entity));
    return kept as Kept;
  }

  commit(before: BankState, planned: Planned): readonly WrittenRecord[] {
    const { bank, chance, disk, cut } = this.#deps;
    const changes = changedEntities(before, planned.state);
    const isNothing = planned.records.length === 0 && changes.length === 0;
    if (!isNothing && disk.room.isSpent) {
      // What comes before the room is missed happens all the same; only the records need not be made.
      drawSalts(planned, chance);
      cut('before-write');
      disk.room.take();
    }
    const written = chainPlan({ planned, bank, tip: this.#tip, random: chance });
    if (isNothing) return written;
    this.#transaction([
      ...written.map((entry): Write => ({ on: 'record', written: entry })),
      ...planned.wishes.map((wish): Write => ({ on: 'wish', wish })),
      ...changes.map((change): Write => ({ on: 'entity', change })),
    ]);
    this.#tip = tipAfter(this.#tip, written);
    return written;
  }

  keepRefused(hash: string): void {
    this.#ifRoom([{ on: 'refused', hash }]);
  }

  unsigned(count: number): { seq: number; bytes: Uint8Array }[] {
    return this.#deps.disk.image.records
      .slice(this.#tip.headSeq, this.#tip.headSeq + count)
      .map(({ record, bytes }) => ({ seq: record.seq, bytes }));
  }

  keepHead(head: Head): void {
    this.#transaction([{ on: 'head', head }]);
    this.#tip = { ...this.#tip, lastHead: head.hash, headSeq: head.last };
  }

  nextBatch(): SignedBatch | undefined {
    const { image } = this.#deps.disk;
    const head = firstAfter(image.heads, this.#tip.acknowledgedSeq);
    if (!head) return undefined;
    const within = image.records.slice(head.first - 1, head.last);
    return {
      ...head,
      records: within.map(({ bytes }) => bytes),
      openings: within.flatMap(({ record }) => {
        const openings = image.openings.get(record.seq);
        return openings ? [{ seq: record.seq, openings: openings as Record<string, never> }] : [];
      }),
      wishes: within.flatMap(({ record }) => image.wishes.get(record.seq) ?? []),
    };
  }

  acknowledge(seq: number): boolean {
    if (seq <= this.#tip.acknowledgedSeq) return true;
    if (!this.#ifRoom([{ on: 'acknowledged', seq }])) return false;
    this.#tip = { ...this.#tip, acknowledgedSeq: seq };
    return true;
  }

  /** No cloud of the simulator is restored to an older state, so nothing is kept for one. */
  headHashAt(last: number): string | undefined {
    return this.#deps.disk.image.heads.find((head) => head.last === last)?.hash;
  }

  batchAgain(): undefined {
    return undefined;
  }

  readonly keptFrom = undefined;
  forgetKept(): void {}

  /** For what may wait: false when there was no room for it. */
  #ifRoom(writes: readonly Write[]): boolean {
    try {
      this.#transaction(writes);
      return true;
    } catch (error) {
      if (error instanceof JournalFull) return false;
      throw error;
    }
  }

  /** Before `sync` has answered nothing has happened; after it everything has, power cut or not. */
  #transaction(writes: readonly Write[]): void {
    const { disk, cut } = this.#deps;
    cut('before-write');
    disk.room.take();
    writes.forEach((write, index) => {
      if (index === writes.length - 1) cut('amid-write');
      disk.write(write);
    });
    disk.write({ on: 'end' });
    cut('before-sync');
    disk.sync();
    cut('after-sync');
  }
}

/** Heads stand in order; the oldest one that is not acknowledged is near the end. */
function firstAfter(heads: readonly Head[], seq: number): Head | undefined {
  let at = heads.length;
  while (at > 0 && (heads[at - 1] as Head).last > seq) at--;
  return heads[at];
}

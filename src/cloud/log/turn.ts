/**
 * What one turn of the sequencer has in hand between the database and the folder: records read ahead, the tree as it
 * grows in memory, and the tiles and bundles that follow from it.
 */
import { fromHex } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { HASH_BYTES, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { type Framed, frameEntries } from '../../ledger/log/frame.ts';
import { bundleObject, growWhole, headOf, type LogObject, type LogState } from '../../ledger/log/growth.ts';
import { TILE_WIDTH } from '../../ledger/log/layout.ts';
import type { Cloud } from '../deps.ts';
import type { LogPlace, Staged } from './objects.ts';
import { type Entries, type Piece, piecesOf, recordsOf } from './spans-store.ts';
import type * as store from './store.ts';

/** How far a turn came: the tree with all that has an index, and the last bundle in parts while it is not full. */
export type Turn = { log: store.LogRow; head: TreeHead; state: LogState; tail: readonly Uint8Array[] };
/** Records one after another, in parts that each lie in one bundle. */
export type Batch = readonly Framed[];

/** What waits in batches of at most `max` records. */
export function cut(
  spans: readonly store.Span[],
  { max, batches }: { max: number; batches: number },
): store.Span[][] {
  const all: store.Span[][] = [];
  let room = 0;
  for (const span of spans) {
    for (let taken = 0; taken < span.count; ) {
      if (room === 0) {
        if (all.length === batches) return all;
        all.push([]);
        room = max;
      }
      const count = Math.min(span.count - taken, room);
      all.at(-1)?.push({ ...span, seq: span.seq + taken, count });
      taken += count;
      room -= count;
    }
  }
  return all;
}

const lengthOf = (spans: readonly store.Span[]) => spans.reduce((sum, { count }) => sum + count, 0);

/** So many records are asked for at once, or one batch when it has more. */
const READ_RECORDS = 1_000;
const AHEAD = 2;

/** Batches in their order, some read before they are asked for: what waits is there and does not change. */
export async function* readAhead(
  cloud: Cloud,
  tenant: TenantId,
  { batches, size }: { batches: readonly store.Span[][]; size: number },
): AsyncGenerator<{ spans: readonly store.Span[]; batch: Batch }> {
  const together: store.Span[][][] = [];
  for (const spans of batches) {
    const last = together.at(-1);
    if (last && lengthOf(last.flat()) + lengthOf(spans) <= READ_RECORDS) last.push(spans);
    else together.push([spans]);
  }
  const under: Promise<Entries[]>[] = [];
  let asked = size;
  const ask = (part: store.Span[][] | undefined) => {
    if (!part) return;
    const pieces: Piece[] = [];
    for (const spans of part) {
      pieces.push(...piecesOf(spans, asked));
      asked += lengthOf(spans);
    }
    under.push(quiet(cloud.database.read(tenant, (tx) => recordsOf(tx, pieces))));
  };
  for (const part of together.slice(0, AHEAD)) ask(part);
  let from = size;
  for (const [at, part] of together.entries()) {
    ask(together[at + AHEAD]);
    const rows = (await under.shift()) ?? [];
    for (const spans of part) {
      const to = from + lengthOf(spans);
      const own = rows.filter(({ first }) => first >= from && first < to);
      yield { spans, batch: entriesOf(own, { from, to }) };
      from = to;
    }
  }
}

/** Where the last bundle begins, which is written anew while it is not full. */
export const tileStart = (size: number) => size - (size % TILE_WIDTH);

/** The turn with these records behind its own, and what became full by them. */
export function grow(
  { log, head, state: before, tail: open }: Turn,
  batch: Batch,
): Turn & { whole: LogObject[] } {
  const { state, objects } = growWhole(
    before,
    batch.flatMap(({ leaves }) => leaves),
  );
  const bundles: LogObject[] = [];
  let { size } = head;
  let tail = open;
  for (const { bytes, leaves } of batch) {
    if (leaves.length > TILE_WIDTH - (size % TILE_WIDTH)) throw new Error('a part lies in two bundles');
    size += leaves.length;
    tail = [...tail, bytes];
    if (size % TILE_WIDTH !== 0) continue;
    bundles.push(bundleObject(size, tail));
    tail = [];
  }
  return { log, head: headOf(state), state, tail, whole: [...bundles, ...objects] };
}

/** Each record once, in the order of its index, and each as its journal hashed it. */
export function entriesOf(rows: readonly Entries[], { from, to }: { from: number; to: number }): Batch {
  let at = from;
  const batch = rows.map(({ first, texts, hashes }) => {
    if (first !== at || texts === null || hashes === null)
      throw contradicts(`record ${at}, or one of those behind it, is not there`);
    const framed = frameEntries(texts);
    const known = fromHex(hashes);
    for (const leaf of framed.leaves) {
      const place = (at - first) * HASH_BYTES;
      if (!equalBytes(leaf, known.subarray(place, place + HASH_BYTES)))
        throw contradicts(`record ${at} does not have its hash`);
      at += 1;
    }
    return framed;
  });
  if (at !== to) throw contradicts(`of ${to} records some are not there`);
  return batch;
}

/** Somebody waits for it later; until then its failure is nobody's. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/**
 * What a turn writes: laid beside its places as it comes, made to last and put there in groups. A group waits for the
 * disk as a whole, so that one is under way at a time, and what comes meanwhile belongs to the next.
 */
export class Staging {
  readonly #cloud: Cloud;
  readonly #place: LogPlace;
  readonly #all: Promise<Staged | undefined>[] = [];
  #next: Promise<Staged | undefined>[] = [];
  #underWay: Promise<void> | undefined;

  constructor(cloud: Cloud, place: LogPlace) {
    this.#cloud = cloud;
    this.#place = place;
  }

  add(objects: readonly LogObject[]): void {
    for (const object of objects) {
      const staged = quiet(stage(this.#cloud, this.#place, object));
      this.#all.push(staged);
      this.#next.push(staged);
    }
  }

  /** Begins with what was added, unless a group is under way: all of it follows from indices that are there for good. */
  settleSome(): void {
    if (this.#underWay || this.#next.length === 0) return;
    const group = settled(this.#next);
    this.#next = [];
    const done = () => {
      this.#underWay = undefined;
    };
    this.#underWay = quiet(group.then(done));
  }

  /** Each is either there for good or was there; when one fails, nothing is under way any more. */
  async settle(): Promise<void> {
    for (const done of await Promise.allSettled([this.#underWay, settled(this.#next)]))
      if (done.status === 'rejected') throw done.reason;
  }

  /** Takes away what has no place by now. */
  async drop(): Promise<void> {
    await Promise.allSettled([this.#underWay]);
    for (const done of await Promise.allSettled(this.#all))
      if (done.status === 'fulfilled') await done.value?.drop();
  }
}

async function settled(group: readonly Promise<Staged | undefined>[]): Promise<void> {
  const staged = await Promise.all(group);
  for (const done of await Promise.allSettled(staged.map((one) => one?.settle())))
    if (done.status === 'rejected') throw done.reason;
}

/** What lies under a name never changes: other bytes there are of another log, and are not written over. */
async function stage({ ledger }: Cloud, place: LogPlace, object: LogObject): Promise<Staged | undefined> {
  const there = await ledger.objects.read(place, object.path);
  if (there && !equalBytes(there, object.bytes)) throw contradicts(`${object.path} holds something else`);
  return there ? undefined : ledger.objects.stage(place, object);
}

export function contradicts(what: string): HoldfastError {
  return new HoldfastError(
    'conflict',
    `a log does not verify: ${what}; see docs/runbooks/log-does-not-verify.md`,
  );
}

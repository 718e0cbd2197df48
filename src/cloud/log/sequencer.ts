/**
 * How records get into the log, in three steps, each of which may be the last before the process dies:
 *
 *   1. one transaction gives the records that wait their indices and keeps the root over them;
 *   2. the tiles and bundles that are new or wider are written: they follow from 1 alone;
 *   3. one transaction keeps the signed checkpoint and the tree; then the checkpoint is shown.
 *
 * Whoever comes next finds in the database how far it came. Between 1 and 3 no other records get an index, so
 * what 2 writes again is what it wrote before. While more records wait than one batch holds, 3 and the 1 of the next
 * batch are one transaction, so that the disk is waited for once and not twice. Rows are locked in 1 and 3; beside that
 * one process at a time works at a log, so that two do not do everything twice.
 */

import { fromHex, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { encodeEntries } from '../../ledger/log/bundle.ts';
import { type Checkpoint, HASH_BYTES, signCheckpoint, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { growBundles, growTree, headOf, type LogObject, type LogState } from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH, TILE_WIDTH } from '../../ledger/log/layout.ts';
import type { LogSigner } from '../../ledger/log/signatures.ts';
import { leafHash } from '../../ledger/record.ts';
import type { Cancel } from '../../platform/clock.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { wrongUnder } from './folder.ts';
import { currentRotations } from './key-store.ts';
import { keysFrom, newestKey, signersAt } from './keys.ts';
import type { LogPlace } from './objects.ts';
import { decodeState, encodeState } from './state.ts';
import * as store from './store.ts';

const BATCH_MAX = 1_000;
/** So many batches follow each other before others may have the lock. */
const TURN_BATCHES = 16;

type Grown = { log: store.LogRow; head: TreeHead; state: LogState; objects: LogObject[] };

/** What was done: nothing to do, no log, or some records more under a checkpoint. */
export type Sequenced = 'idle' | 'no-log' | 'grew';

/** `max`: records of a batch. `batches`: how many may follow each other. */
type Amount = { max?: number; batches?: number };

/** Takes the records that wait, at most so many, all the way; finishes first what somebody began. */
export async function sequence(
  cloud: Cloud,
  tenant: TenantId,
  { max = BATCH_MAX, batches = 1 }: Amount = {},
): Promise<Sequenced> {
  await showCheckpoint(cloud, tenant);
  const begun = await cloud.database.tenant(tenant, (tx) => assign(cloud, tx, max));
  if (begun === 'idle' || begun === 'no-log') return begun;
  const place = { tenant, generation: begun.log.generation };
  let note: string | undefined;
  let next: Grown | undefined = begun;
  for (let batch = 1; next; batch++) {
    const grown: Grown = next;
    // What the batch before had signed is shown meanwhile: it is kept for good, and so is everything under it.
    await all([show(cloud, place, note), ...grown.objects.map((object) => put(cloud, place, object))]);
    const of = { grown, more: batch < batches ? max : 0 };
    const published = await cloud.database.tenant(tenant, (tx) => publish(cloud, tx, of));
    if (!published) return 'grew';
    ({ note, next } = published);
  }
  await show(cloud, place, note);
  return 'grew';
}

/** Waits for each, and then says that one failed: nothing is under way any more when somebody goes on. */
async function all(under: readonly Promise<void>[]): Promise<void> {
  for (const done of await Promise.allSettled(under)) if (done.status === 'rejected') throw done.reason;
}

/** Works a log off. Does nothing when another process is at it; now and then others may have the lock. */
export async function drain(cloud: Cloud, tenant: TenantId, max = BATCH_MAX): Promise<void> {
  const amount = { max, batches: TURN_BATCHES };
  for (;;) {
    const done = await cloud.database.tenant(tenant, async (lock) =>
      (await store.lockSequencing(lock))
        ? whileHeld(cloud, lock, () => sequence(cloud, tenant, amount))
        : 'idle',
    );
    if (done !== 'grew') return;
  }
}

/** A fraction of the time after which the database ends a transaction that says nothing (platform/database.ts). */
const HELD_MS = 3_000;

/**
 * Says in the transaction of the lock that somebody is there, however long a disk takes: it would else be ended, and
 * another process would do everything again. One that was paused says nothing, and loses the lock as it should.
 */
async function whileHeld<T>(cloud: Cloud, lock: Tx, run: () => Promise<T>): Promise<T> {
  let saying: Promise<void> = Promise.resolve();
  let cancel: Cancel = () => undefined;
  const wait = () => {
    cancel = cloud.clock.after(HELD_MS, () => {
      wait();
      // A lock that is lost already costs double work and nothing else; its transaction fails at its end.
      saying = store.sayHeld(lock).catch(() => undefined);
    });
  };
  wait();
  try {
    return await run();
  } finally {
    cancel();
    await saying;
  }
}

async function assign(cloud: Cloud, tx: Tx, max: number): Promise<Grown | 'idle' | 'no-log'> {
  const [log, last, spans, named] = await Promise.all([
    store.lockLog(tx),
    store.newestCheckpoint(tx),
    store.waiting(tx, max),
    currentRotations(tx),
    store.byOneIndex(tx),
  ]);
  if (!log) return 'no-log';
  const { published_size: before, size } = log;
  if (size === before && spans.length === 0) return 'idle';
  if (!cloud.ledger.keyOf(newestKey(keysFrom(log, named)).publicKey))
    throw contradicts('it is signed by another key');
  const state = decodeState(before, log.state);
  if (last?.size !== before || !equalBytes(last.root, headOf(state).root))
    throw contradicts(`the tree of ${before} is not the one that was signed`);
  if (size === before) return (await give(tx, { log, state, spans })) ?? 'idle';
  const rows = await store.entriesBetween(tx, { generation: log.generation, from: edgeOf(before), to: size });
  const grown = grow({ log, state, rows, size });
  if (!equalBytes(grown.head.root, log.root))
    throw contradicts(`the records up to ${size} have another root`);
  return grown;
}

/** Where the last bundle begins, which is written anew while it is not full. */
const edgeOf = (size: number) => size - (size % TILE_WIDTH);

type Given = { log: store.LogRow; state: LogState; spans: readonly store.Span[] };

/** Gives what waits its indices, behind a log that is signed to its end. */
async function give(tx: Tx, { log, state, spans }: Given): Promise<Grown | undefined> {
  if (spans.length === 0) return undefined;
  const { generation } = log;
  const first = state.range.size;
  const size = first + spans.reduce((sum, { count }) => sum + count, 0);
  const [, rows] = await Promise.all([
    store.insertSpans(tx, { generation, first, spans }),
    store.entriesBetween(tx, { generation, from: edgeOf(first), to: size }),
  ]);
  const grown = grow({ log, state, rows, size });
  await store.setAssigned(tx, { generation, ...grown.head });
  return grown;
}

type Growing = { log: store.LogRow; state: LogState; rows: readonly store.Entries[]; size: number };

/** The tree and its objects at `size`, from the tree under the last checkpoint and the records since. */
function grow({ log, state, rows, size }: Growing): Grown {
  const before = state.range.size;
  const { entries, leaves } = entriesOf(rows, { from: edgeOf(before), to: size });
  const grown = growTree(state, leaves.slice(before - edgeOf(before)));
  const bundles = growBundles({
    size: before,
    last: encodeEntries(entries.slice(0, before - edgeOf(before))),
    entries: entries.slice(before - edgeOf(before)),
  });
  return { log, head: headOf(grown.state), state: grown.state, objects: [...bundles, ...grown.objects] };
}

/** Each record once, in the order of its index, and each as its journal hashed it. */
function entriesOf(
  rows: readonly store.Entries[],
  { from, to }: { from: number; to: number },
): { entries: string[]; leaves: Uint8Array[] } {
  const entries: string[] = [];
  const leaves: Uint8Array[] = [];
  for (const { texts, hashes, indices } of rows) {
    // None has a newline in it (RFC 8785 section 3.2.2.2). One that had would be two, and neither has its hash.
    const group = texts.split('\n');
    const known = fromHex(hashes);
    const first = from + entries.length;
    if (indices !== group.map((_, at) => first + at).join(','))
      throw contradicts(`record ${first}, or one of those behind it, is not there`);
    for (const [at, entry] of group.entries()) {
      const hash = known.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
      if (!equalBytes(leafHash(entry), hash))
        throw contradicts(`record ${first + at} does not have its hash`);
      entries.push(entry);
      leaves.push(hash);
    }
  }
  if (entries.length !== to - from) throw contradicts(`of ${to} records some are not there`);
  return { entries, leaves };
}

/** What lies under a name never changes: other bytes there are of another log, and are not written over. */
async function put({ ledger }: Cloud, place: LogPlace, object: LogObject): Promise<void> {
  const there = await ledger.objects.read(place, object.path);
  if (there && !equalBytes(there, object.bytes)) throw contradicts(`${object.path} holds something else`);
  if (!there) await ledger.objects.write(place, object);
}

type Published = { note: string; next: Grown | undefined };

/** `more`: how many of the records that wait get their indices with it. Undefined: it is not ours to publish. */
async function publish(
  cloud: Cloud,
  tx: Tx,
  { grown, more }: { grown: Grown; more: number },
): Promise<Published | undefined> {
  const { log: before, head, state } = grown;
  const [log, spans, named] = await Promise.all([
    store.lockLog(tx),
    more > 0 ? store.waiting(tx, more) : [],
    currentRotations(tx),
    store.byOneIndex(tx),
  ]);
  // Another process was faster, or the log has a successor.
  if (log?.generation !== before.generation || log.published_size !== before.published_size) return undefined;
  if (log.size !== head.size || !equalBytes(log.root, head.root))
    throw contradicts(`the root of ${head.size} changed`);
  const { generation, origin } = log;
  const { size } = head;
  const signers = signersAt(cloud, keysFrom(log, named), { size, before: before.published_size });
  const [note, next] = await Promise.all([
    keepCheckpoint(cloud, tx, { generation, checkpoint: { origin, ...head }, signers }),
    give(tx, { log: { ...log, published_size: size }, state, spans }),
    store.setPublished(tx, { generation, size, state: encodeState(state) }),
    // With witnesses, readers get it once enough of them have cosigned it (submit.ts).
    cloud.config.witnessing ? undefined : store.raiseShown(tx, { generation, size }),
  ]);
  return { note, next };
}

type Signed = { generation: number; checkpoint: Checkpoint; signers: readonly LogSigner[] };

export async function keepCheckpoint(
  cloud: Cloud,
  tx: Tx,
  { generation, checkpoint, signers }: Signed,
): Promise<string> {
  const { size, root } = checkpoint;
  const note = signCheckpoint(checkpoint, ...signers);
  await store.insertCheckpoint(tx, { generation, size, root, note, at_ms: cloud.clock.nowMs() });
  return note;
}

/** Puts the last checkpoint where others read it, once the database has it for good and this folder what is under it. */
export async function showCheckpoint(cloud: Cloud, tenant: TenantId): Promise<void> {
  const found = await cloud.database.read(tenant, (tx) => store.newestCheckpoint(tx));
  if (!found) return;
  const { generation, ...last } = found;
  const place = { tenant, generation };
  const shown = await cloud.ledger.objects.read(place, CHECKPOINT_PATH);
  if (shown && fromUtf8(shown) === last.note) return;
  const head = { size: last.size, root: new Uint8Array(last.root) };
  const wrong = await wrongUnder(cloud.ledger.objects, { place, head });
  if (wrong !== undefined)
    throw contradicts(`the folder of this process is not the one that ${last.size} entries lie in: ${wrong}`);
  await show(cloud, place, last.note);
}

/** The note of a checkpoint under which everything lies here. */
async function show({ ledger }: Cloud, place: LogPlace, note: string | undefined): Promise<void> {
  if (note === undefined) return;
  await ledger.objects.write(place, { path: CHECKPOINT_PATH, bytes: utf8(note) });
}

function contradicts(what: string): HoldfastError {
  return new HoldfastError(
    'conflict',
    `a log does not verify: ${what}; see docs/runbooks/log-does-not-verify.md`,
  );
}

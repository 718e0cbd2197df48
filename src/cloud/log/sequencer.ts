/**
 * How records get into the log, in three steps, each of which may be the last before the process dies:
 *
 *   1. a transaction gives the records that wait their indices and keeps the root over them; while more wait than one
 *      batch holds, another follows;
 *   2. the tiles and bundles that are new or wider are written: they follow from 1 alone. Those that are full by then
 *      are written while the next batch gets its indices;
 *   3. one transaction keeps the signed checkpoint and the tree; then the checkpoint is shown.
 *
 * Whoever comes next finds in the database how far it came: all that has an index and stands under no checkpoint is
 * taken up again, and what 2 writes then is what it wrote before, or would have. Rows are locked in 1 and 3; beside
 * that one process at a time works at a log, so that two do not do everything twice.
 */

import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import type { TenantId } from '../../domain/ids.ts';
import { type Checkpoint, signCheckpoint } from '../../ledger/log/checkpoint.ts';
import { edgeObjects, headOf, type LogObject } from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH } from '../../ledger/log/layout.ts';
import type { LogSigner } from '../../ledger/log/signatures.ts';
import type { Cancel } from '../../platform/clock.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { wrongUnder } from './folder.ts';
import { currentRotations } from './key-store.ts';
import { keysFrom, newestKey, signersAt } from './keys.ts';
import type { LogPlace } from './objects.ts';
import * as indexed from './spans-store.ts';
import { decodeState, encodeState } from './state.ts';
import * as store from './store.ts';
import {
  contradicts,
  cut,
  entriesOf,
  grow,
  quiet,
  readAhead,
  Staging,
  type Turn,
  tileStart,
} from './turn.ts';

const BATCH_MAX = 1_000;
/** So many records share a checkpoint, and then others may have the lock. */
const TURN_RECORDS = 16_000;

/** What became full by what somebody began, and what waits beyond it. */
type Begun = Turn & { whole: LogObject[]; waiting: readonly store.Span[] };

/** What was done: nothing to do, no log, or some records more under a checkpoint. */
export type Sequenced = 'idle' | 'no-log' | 'grew';

/** `max`: records of a batch. `batches`: how many may share a checkpoint. */
type Amount = { max?: number; batches?: number };

/** Takes the records that wait, at most so many, all the way; finishes first what somebody began. */
export async function sequence(
  cloud: Cloud,
  tenant: TenantId,
  { max = BATCH_MAX, batches = 1 }: Amount = {},
): Promise<Sequenced> {
  await showCheckpoint(cloud, tenant);
  const begun = await cloud.database.snapshot(tenant, (tx) => begin(cloud, tx, max * batches));
  if (begun === 'idle' || begun === 'no-log') return begun;
  const place = { tenant, generation: begun.log.generation };
  const turn = await takeTurn(cloud, place, { begun, batches: cut(begun.waiting, { max, batches }) });
  const note = turn && (await cloud.database.tenant(tenant, (tx) => publish(cloud, tx, turn)));
  await show(cloud, place, note);
  return 'grew';
}

type Taking = { begun: Begun; batches: readonly store.Span[][] };

/** Gives indices batch after batch and writes what follows from them; undefined when another process came between. */
async function takeTurn(
  cloud: Cloud,
  place: LogPlace,
  { begun, batches }: Taking,
): Promise<Turn | undefined> {
  const objects = new Staging(cloud, place);
  const { generation, published_size: published } = begun.log;
  const { tenant } = place;
  const reading = readAhead(cloud, tenant, { batches, size: begun.head.size });
  let turn: Turn = begun;
  let assigned = Promise.resolve(true);
  try {
    objects.add(begun.whole);
    for await (const { spans, batch } of reading) {
      // While a batch is hashed, the one before is on its way to the disk.
      const given = grow(turn, batch);
      if (!(await assigned)) return undefined;
      objects.settleSome();
      const assign = { generation, published, before: turn.head, after: given.head, spans };
      assigned = quiet(cloud.database.once(tenant, (tx) => indexed.assign(tx, assign)));
      objects.add(given.whole);
      turn = given;
    }
    if (!(await assigned)) return undefined;
    objects.add(edgeObjects(published, turn.state, turn.tail));
    await objects.settle();
    return turn;
  } finally {
    await Promise.allSettled([assigned]);
    await objects.drop();
  }
}

/** Works a log off. Does nothing when another process is at it; now and then others may have the lock. */
export async function drain(cloud: Cloud, tenant: TenantId, max = BATCH_MAX): Promise<void> {
  const amount = { max, batches: Math.ceil(TURN_RECORDS / max) };
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

async function begin(cloud: Cloud, tx: Tx, max: number): Promise<Begun | 'idle' | 'no-log'> {
  const [log, last, waiting, named] = await Promise.all([
    store.currentLog(tx),
    store.newestCheckpoint(tx),
    store.waiting(tx, max),
    currentRotations(tx),
    // For what is asked next.
    store.byOneIndex(tx),
  ]);
  if (!log) return 'no-log';
  const { generation, published_size: before, size } = log;
  if (size === before && waiting.length === 0) return 'idle';
  if (!cloud.ledger.keyOf(newestKey(keysFrom(log, named)).publicKey))
    throw contradicts('it is signed by another key');
  const state = decodeState(before, log.state);
  const head = headOf(state);
  if (last?.size !== before || !equalBytes(last.root, head.root))
    throw contradicts(`the tree of ${before} is not the one that was signed`);
  const [lastBundle, since] = await Promise.all([
    indexed.entriesBetween(tx, { generation, from: tileStart(before), to: before }),
    indexed.entriesBetween(tx, { generation, from: before, to: size }),
  ]);
  const open = entriesOf(lastBundle, { from: tileStart(before), to: before });
  const tail = open.map(({ bytes }) => bytes);
  // Somebody gave these their indices, and signed nothing over them.
  const grown = grow({ log, head, state, tail }, entriesOf(since, { from: before, to: size }));
  if (!equalBytes(grown.head.root, log.root))
    throw contradicts(`the records up to ${size} have another root`);
  return { ...grown, waiting };
}

/** Signs what a turn came to; undefined when it is not ours to publish. */
async function publish(
  cloud: Cloud,
  tx: Tx,
  { log: before, head, state }: Turn,
): Promise<string | undefined> {
  const [log, named] = await Promise.all([store.lockLog(tx), currentRotations(tx)]);
  // Another process was faster, or the log has a successor.
  if (log?.generation !== before.generation || log.published_size !== before.published_size) return undefined;
  if (log.size > head.size) return undefined;
  if (log.size < head.size || !equalBytes(log.root, head.root))
    throw contradicts(`the root of ${head.size} changed`);
  const { generation, origin } = log;
  const signers = signersAt(cloud, keysFrom(log, named), {
    size: head.size,
    before: before.published_size,
  });
  const [note] = await Promise.all([
    keepCheckpoint(cloud, tx, { generation, checkpoint: { origin, ...head }, signers }),
    store.setPublished(tx, { generation, size: head.size, state: encodeState(state) }),
    // With witnesses, readers get it once enough of them have cosigned it (submit.ts).
    cloud.config.witnessing ? undefined : store.raiseShown(tx, { generation, size: head.size }),
  ]);
  return note;
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

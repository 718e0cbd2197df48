/**
 * How records get into the log, in three steps, each of which may be the last before the process dies:
 *
 *   1. one transaction gives the records that wait their indices and keeps the root over them;
 *   2. the tiles and bundles that are new or wider are written: they follow from 1 alone;
 *   3. one transaction keeps the signed checkpoint and the tree; then the checkpoint is shown.
 *
 * Whoever comes next finds in the database how far it came. Between 1 and 3 no other records get an index, so
 * what 2 writes again is what it wrote before. Rows are locked in 1 and 3; beside that one process at a time
 * works at a log, so that two do not do everything twice.
 */

import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { encodeEntries } from '../../ledger/log/bundle.ts';
import { type Checkpoint, signCheckpoint, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { growBundles, growTree, headOf, type LogObject, type LogState } from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH, TILE_WIDTH } from '../../ledger/log/layout.ts';
import { leafHash } from '../../ledger/record.ts';
import type { Cancel } from '../../platform/clock.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { wrongUnder } from './folder.ts';
import type { LogPlace } from './objects.ts';
import { decodeState, encodeState } from './state.ts';
import * as store from './store.ts';

const BATCH_MAX = 1_000;

type Grown = { log: store.LogRow; head: TreeHead; state: LogState; objects: LogObject[] };

/** What was done: nothing to do, no log, or some records more under a checkpoint. */
export type Sequenced = 'idle' | 'no-log' | 'grew';

/** Takes the records that wait, at most a thousand, all the way; finishes first what somebody began. */
export async function sequence(cloud: Cloud, tenant: TenantId): Promise<Sequenced> {
  await showCheckpoint(cloud, tenant);
  const grown = await cloud.database.tenant(tenant, (tx) => assign(cloud, tx));
  if (grown === 'idle' || grown === 'no-log') return grown;
  const place = { tenant, generation: grown.log.generation };
  for (const object of grown.objects) await put(cloud, place, object);
  await cloud.database.tenant(tenant, (tx) => publish(cloud, tx, grown));
  await showCheckpoint(cloud, tenant);
  return 'grew';
}

/** Works a log off. Does nothing when another process is at it; between two batches others may have the lock. */
export async function drain(cloud: Cloud, tenant: TenantId): Promise<void> {
  for (;;) {
    const done = await cloud.database.tenant(tenant, async (lock) =>
      (await store.lockSequencing(lock)) ? whileHeld(cloud, lock, () => sequence(cloud, tenant)) : 'idle',
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

async function assign(cloud: Cloud, tx: Tx): Promise<Grown | 'idle' | 'no-log'> {
  const log = await store.lockLog(tx);
  if (!log) return 'no-log';
  const { generation, size } = log;
  if (size > log.published_size) {
    const grown = await grow(cloud, tx, { log, size });
    if (!equalBytes(grown.head.root, log.root))
      throw contradicts(`the records up to ${size} have another root`);
    return grown;
  }
  const spans = await store.waiting(tx, { generation, max: BATCH_MAX });
  if (spans.length === 0) return 'idle';
  await store.insertSpans(tx, { generation, first: size, spans });
  const grown = await grow(cloud, tx, { log, size: size + spans.reduce((sum, { count }) => sum + count, 0) });
  await store.setAssigned(tx, { generation, ...grown.head });
  return grown;
}

/** The tree and its objects at `size`, from the tree under the last checkpoint and the records since. */
async function grow(
  cloud: Cloud,
  tx: Tx,
  { log, size }: { log: store.LogRow; size: number },
): Promise<Grown> {
  const { generation, published_size: before } = log;
  if (!equalBytes(log.key, cloud.ledger.key.publicKey)) throw contradicts('it is signed by another key');
  const state = decodeState(before, log.state);
  const [last] = await store.lastCheckpoints(tx, generation, 1);
  if (last?.size !== before || !equalBytes(last.root, headOf(state).root))
    throw contradicts(`the tree of ${before} is not the one that was signed`);
  const from = before - (before % TILE_WIDTH);
  const entries = await entriesBetween(tx, { generation, from, to: size });
  const fresh = entries.slice(before - from);
  const grown = growTree(state, fresh.map(leafHash));
  const bundles = growBundles({
    size: before,
    last: encodeEntries(entries.slice(0, before - from)),
    entries: fresh,
  });
  return { log, head: headOf(grown.state), state: grown.state, objects: [...bundles, ...grown.objects] };
}

/** Each record once, in the order of its index, and each as its journal hashed it. */
async function entriesBetween(
  tx: Tx,
  of: { generation: number; from: number; to: number },
): Promise<Uint8Array[]> {
  const rows = await store.entriesBetween(tx, of);
  if (rows.length !== of.to - of.from) throw contradicts(`of ${of.to} records some are not there`);
  return rows.map(({ index, bytes, hash }, at) => {
    if (index !== of.from + at) throw contradicts(`record ${of.from + at} is not there`);
    if (!equalBytes(leafHash(bytes), hash)) throw contradicts(`record ${index} does not have its hash`);
    return new Uint8Array(bytes);
  });
}

/** What lies under a name never changes: other bytes there are of another log, and are not written over. */
async function put({ ledger }: Cloud, place: LogPlace, object: LogObject): Promise<void> {
  const there = await ledger.objects.read(place, object.path);
  if (there && !equalBytes(there, object.bytes)) throw contradicts(`${object.path} holds something else`);
  if (!there) await ledger.objects.write(place, object);
}

async function publish(cloud: Cloud, tx: Tx, { log: before, head, state }: Grown): Promise<void> {
  const log = await store.lockLog(tx);
  // Another process was faster, or the log has a successor.
  if (log?.generation !== before.generation || log.published_size !== before.published_size) return;
  if (log.size !== head.size || !equalBytes(log.root, head.root))
    throw contradicts(`the root of ${head.size} changed`);
  await keepCheckpoint(cloud, tx, {
    generation: log.generation,
    checkpoint: { origin: log.origin, ...head },
  });
  await store.setPublished(tx, { generation: log.generation, size: head.size, state: encodeState(state) });
  // With witnesses, readers get it once enough of them have cosigned it (submit.ts).
  if (!cloud.config.witnessing) await store.raiseShown(tx, { generation: log.generation, size: head.size });
}

export async function keepCheckpoint(
  cloud: Cloud,
  tx: Tx,
  { generation, checkpoint }: { generation: number; checkpoint: Checkpoint },
): Promise<void> {
  const { origin: name, size, root } = checkpoint;
  const note = signCheckpoint(checkpoint, { name, ...cloud.ledger.key });
  await store.insertCheckpoint(tx, { generation, size, root, note, at_ms: cloud.clock.nowMs() });
}

/** Puts the last checkpoint where others read it, once the database has it for good and this folder what is under it. */
export async function showCheckpoint(cloud: Cloud, tenant: TenantId): Promise<void> {
  const found = await cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    const [last] = log ? await store.lastCheckpoints(tx, log.generation, 1) : [];
    return log && last && { generation: log.generation, last };
  });
  if (!found) return;
  const { generation, last } = found;
  const place = { tenant, generation };
  const shown = await cloud.ledger.objects.read(place, CHECKPOINT_PATH);
  if (shown && fromUtf8(shown) === last.note) return;
  const head = { size: last.size, root: new Uint8Array(last.root) };
  const wrong = await wrongUnder(cloud.ledger.objects, { place, head });
  if (wrong !== undefined)
    throw contradicts(`the folder of this process is not the one that ${last.size} entries lie in: ${wrong}`);
  await cloud.ledger.objects.write(place, { path: CHECKPOINT_PATH, bytes: utf8(last.note) });
}

function contradicts(what: string): HoldfastError {
  return new HoldfastError(
    'conflict',
    `a log does not verify: ${what}; see docs/runbooks/log-does-not-verify.md`,
  );
}

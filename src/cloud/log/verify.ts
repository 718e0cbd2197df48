/**
 * Whether database, store and key are still those of one log. It is asked before a process begins to serve: a log
 * that is missing, shorter than it was, or in contradiction with what was signed has to stop the start, because
 * whatever grew on it would be a second history.
 */
import { fromUtf8 } from '../../crypto/bytes.ts';
import { equalBytes } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { openCheckpoint } from '../../ledger/log/checkpoint.ts';
import { headOf, readState } from '../../ledger/log/growth.ts';
import { CHECKPOINT_PATH } from '../../ledger/log/layout.ts';
import type { Cloud } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import { keysOf, type LogKeys, newestKey, trustIn } from './keys.ts';
import { tilesOf } from './objects.ts';
import { decodeState } from './state.ts';
import * as store from './store.ts';

/**
 * Throws, naming the runbook, when a tenant's log does not hold. A tenant without a log has none; a log without a tenant
 * is one whose tenant was taken out of the database, and would never be looked at again.
 */
export async function requireLogs(cloud: Cloud): Promise<void> {
  const tenants = await allTenants(cloud);
  const unclaimed = (await cloud.ledger.objects.tenants()).filter((one) => !tenants.includes(one));
  if (unclaimed.length > 0)
    throw new HoldfastError(
      'conflict',
      `the folder has the log of ${unclaimed.join(', ')}, of which the database has no organisation; nothing was changed, see docs/runbooks/log-does-not-verify.md`,
    );
  for (const tenant of tenants) {
    const wrong = await judgeLog(cloud, tenant);
    if (wrong === undefined) continue;
    throw new HoldfastError(
      'conflict',
      `the log of ${tenant} does not verify: ${wrong}; nothing was changed, see docs/runbooks/log-does-not-verify.md`,
    );
  }
}

/** What is wrong with a tenant's log, in a line; undefined when it holds or when there is none. */
export async function judgeLog(cloud: Cloud, tenant: TenantId): Promise<string | undefined> {
  // Database and store are read one after the other; a log that grew in between would seem to contradict itself.
  return cloud.database.tenant(tenant, async (lock) => {
    await store.holdSequencing(lock);
    return judgeQuiet(cloud, tenant);
  });
}

async function judgeQuiet(cloud: Cloud, tenant: TenantId): Promise<string | undefined> {
  const stored = await cloud.ledger.objects.generations(tenant);
  const found = await cloud.database.snapshot(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    if (!log) return undefined;
    const [counted, signed, keys] = await Promise.all([
      store.counted(tx, log.generation),
      store.lastCheckpoints(tx, log.generation, 2),
      keysOf(tx, log),
    ]);
    return { log, counted, signed, keys };
  });
  if (!found) return stored.length > 0 ? 'the store has a log that the database does not know' : undefined;
  const newest = Math.max(...stored, 0);
  if (newest > found.log.generation)
    return `the store has log ${newest}, the database only ${found.log.generation}`;
  return judgeRows(cloud, found) ?? (await judgeStore(cloud, tenant, found));
}

type Found = { log: store.LogRow; counted: store.Counted; signed: store.CheckpointRow[]; keys: LogKeys };

function judgeRows(cloud: Cloud, { log, counted, signed, keys }: Found): string | undefined {
  const [last] = signed;
  if (!cloud.ledger.keyOf(newestKey(keys).publicKey))
    return 'the key in this cloud’s folder is not the log’s';
  if (!last) return 'the database has no checkpoint of it';
  const opened = openCheckpoint(last.note, trustIn(keys));
  if (!opened.ok) return `the last checkpoint is not this log’s: ${opened.reason}`;
  const { checkpoint } = opened.value;
  if (checkpoint.size !== last.size || !equalBytes(checkpoint.root, last.root))
    return 'the last checkpoint says something else than its row';
  if (last.size !== log.published_size)
    return `${log.published_size} entries are published, ${last.size} are signed`;
  if (counted.entries !== log.size || counted.end !== log.size)
    return `${log.size} records have an index, and ${counted.entries} are there`;
  const [askew] = counted.askew;
  if (askew !== undefined) return `the journal ${askew} is shorter than what the log has of it`;
  return undefined;
}

async function judgeStore(
  cloud: Cloud,
  tenant: TenantId,
  { log, signed, keys }: Found,
): Promise<string | undefined> {
  const place = { tenant, generation: log.generation };
  const shown = await cloud.ledger.objects.read(place, CHECKPOINT_PATH);
  if (!shown) return 'the store has no checkpoint of it';
  const opened = openCheckpoint(fromUtf8(shown), trustIn(keys));
  if (!opened.ok) return `the checkpoint in the store is not this log’s: ${opened.reason}`;
  const { size, root } = opened.value.checkpoint;
  // A process that died before it showed the last one leaves the one before.
  const same = signed.find((row) => row.size === size);
  if (!same) return `the store shows ${size} entries, the database has signed ${log.published_size}`;
  if (!equalBytes(same.root, root)) return `two roots are signed over ${size} entries`;
  const kept = headOf(decodeState(log.published_size, log.state));
  const last = signed[0];
  if (!last || !equalBytes(kept.root, last.root))
    return `the tree of ${kept.size} is not the one that was signed`;
  const tiles = await readState(tilesOf(cloud.ledger.objects, place), kept);
  return tiles.ok
    ? undefined
    : `the tiles are not those of the last checkpoint: ${tiles.reason} ${tiles.about}`;
}

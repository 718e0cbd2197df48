/**
 * A log gets another key, in steps of which each may be the last before the process dies:
 *
 *   1. the new key lies beside today's, in a file (`../files.ts`);
 *   2. for each tenant one transaction records it in the tenant's journal, under the name of the key before;
 *   3. the sequencer covers that record: the first checkpoint over it is signed by both keys (`keys.ts`);
 *   4. both sign, until the operator retires the one before, which is destroyed.
 *
 * Whoever runs it again goes on where it ended: a key that a log names already is not named again.
 */
import { equalBytes } from '../../crypto/hash.ts';
import type { TenantId } from '../../domain/ids.ts';
import { rotationDraft } from '../../ledger/log/succession.ts';
import type { Cloud } from '../deps.ts';
import { keysOf, newestKey, vkeyAt } from './keys.ts';
import * as store from './store.ts';

/** Answers false where the log names this key already, or the tenant keeps none. */
export async function recordNextKey(cloud: Cloud, tenant: TenantId, publicKey: Uint8Array): Promise<boolean> {
  return cloud.database.tenant(tenant, async (tx) => {
    // Nobody gives the log another key meanwhile, and none of its records an index.
    const log = await store.lockLog(tx);
    if (!log) return false;
    const before = newestKey(await keysOf(tx, log));
    if (equalBytes(before.publicKey, publicKey)) return false;
    await cloud.journal.record(tx, rotationDraft({ before, publicKey }));
    await cloud.changed(tx, ['journal']);
    return true;
  });
}

/**
 * What would be lost with the key before, in a line: readers who know only that one have to be able to follow. Undefined
 * when nothing would.
 */
export async function wantsKeyBefore(
  cloud: Cloud,
  tenant: TenantId,
  publicKey: Uint8Array,
): Promise<string | undefined> {
  return cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    if (!log) return undefined;
    const keys = await keysOf(tx, log);
    if (!equalBytes(newestKey(keys).publicKey, publicKey))
      return `${log.origin} does not name the new key yet`;
    const fromSize = keys.successors.at(-1)?.fromSize ?? null;
    if (keys.successors.length > 0 && (fromSize === null || log.shown_size < fromSize))
      return `${log.origin} shows no checkpoint yet that both keys have signed`;
    return undefined;
  });
}

/** How the log that grows is verified today; undefined where the tenant keeps none. */
export async function vkeyNow(cloud: Cloud, tenant: TenantId): Promise<string | undefined> {
  return cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    return log && vkeyAt(await keysOf(tx, log), log.published_size);
  });
}

/** A tenant's log as its last checkpoint signed it, with the tiles under it: what is handed out is proved from these. */
import type { TenantId } from '../../domain/ids.ts';
import type { TreeHead } from '../../ledger/log/checkpoint.ts';
import type { TileReader } from '../../ledger/log/tiles.ts';
import type { Cloud } from '../deps.ts';
import { tilesOf } from './objects.ts';
import { vkeyOfLog } from './policy.ts';
import * as store from './store.ts';

export type SignedLog = {
  generation: number;
  origin: string;
  vkey: string;
  head: TreeHead;
  /** The checkpoint, with whatever signatures it has. */
  note: string;
  tiles: TileReader;
};

/** Undefined when the tenant keeps no log. */
export async function signedLog(cloud: Cloud, tenant: TenantId): Promise<SignedLog | undefined> {
  const found = await cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    const [last] = log ? await store.lastCheckpoints(tx, log.generation, 1) : [];
    return log && last && { log, last };
  });
  if (!found) return undefined;
  const { log, last } = found;
  const { generation, origin } = log;
  return {
    ...{ generation, origin, note: last.note },
    vkey: vkeyOfLog(log),
    head: { size: last.size, root: new Uint8Array(last.root) },
    tiles: tilesOf(cloud.ledger.objects, { tenant, generation }),
  };
}

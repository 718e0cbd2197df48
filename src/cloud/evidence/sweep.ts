/**
 * Removes what nobody may read any more: the objects of evidence whose person was erased, at once, and objects that no
 * row names, after a day. Those are left by a process that died between the object and its row; and by a database that
 * was put back as it was before, which is why they are given a day. Under a legal hold over their parcel nothing is
 * removed, named or not.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import type { StoredEvidence } from './objects.ts';
import * as store from './store.ts';

const ORPHAN_MS = 86_400_000;

export async function sweepEvidence(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) await sweep(cloud, tenant);
}

async function sweep(cloud: Cloud, tenant: TenantId): Promise<void> {
  // The objects first: whatever is attached while they are listed has its row before it is looked for.
  const stored: StoredEvidence[] = [];
  for await (const one of cloud.evidence.list(tenant)) stored.push(one);
  if (stored.length === 0) return;
  const nowMs = cloud.clock.nowMs();
  const { readable, forgotten, held } = await cloud.database.read(tenant, async (tx) => ({
    readable: new Set(await store.readableIds(tx)),
    forgotten: new Set(await store.forgottenIds(tx)),
    held: new Set(await store.heldParcels(tx, nowMs)),
  }));
  const mayGo = ({ id, parcel, writtenAtMs }: StoredEvidence) =>
    !readable.has(id) && !held.has(parcel) && (forgotten.has(id) || nowMs - writtenAtMs >= ORPHAN_MS);
  let removed = 0;
  for (const { parcel, id } of stored.filter(mayGo))
    if (await cloud.evidence.destroy({ tenant, parcel, id })) removed += 1;
  if (removed > 0) cloud.log.info('removed evidence that nobody may read', { removed });
}

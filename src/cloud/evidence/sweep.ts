/**
 * Removes what nobody may read any more: the objects of evidence whose person was erased, at once, and objects that no
 * row names, a day after that was first seen. Those are left by a process that died between the object and its row; and
 * by a database that was put back as it was before, however long ago they were attached: so the day is counted in the
 * database itself, which begins it anew when it is put back, and not from when the file was written. Under a legal hold
 * over their parcel nothing is removed, named or not.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Cloud } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import type { StoredEvidence } from './objects.ts';
import * as store from './store.ts';

const STRAY_MS = 86_400_000;
/** One that is younger may be about to get its row. It is not noted: a note has to be true whenever it is put back. */
const ATTACHED_WITHIN_MS = 3_600_000;

export async function sweepEvidence(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) await sweep(cloud, tenant);
}

async function sweep(cloud: Cloud, tenant: TenantId): Promise<void> {
  // The objects first: whatever is attached while they are listed has its row before it is looked for.
  const stored: StoredEvidence[] = [];
  for await (const one of cloud.evidence.list(tenant)) stored.push(one);
  if (stored.length === 0) return;
  const nowMs = cloud.clock.nowMs();
  const { readable, forgotten, held, strays } = await cloud.database.tenant(tenant, async (tx) => {
    const readable = new Set(await store.readableIds(tx));
    const forgotten = new Set(await store.forgottenIds(tx));
    const isStray = ({ id, writtenAtMs }: StoredEvidence) =>
      !readable.has(id) && !forgotten.has(id) && nowMs - writtenAtMs >= ATTACHED_WITHIN_MS;
    const ids = stored.filter(isStray).map(({ id }) => id);
    const held = new Set(await store.heldParcels(tx, nowMs));
    return { readable, forgotten, held, strays: await store.noteStrays(tx, { ids, nowMs }) };
  });
  const isLongStray = (id: string) => nowMs - (strays.get(id) ?? nowMs) >= STRAY_MS;
  const mayGo = ({ id, parcel }: StoredEvidence) =>
    !readable.has(id) && !held.has(parcel) && (forgotten.has(id) || isLongStray(id));
  let removed = 0;
  for (const { parcel, id } of stored.filter(mayGo))
    if (await cloud.evidence.destroy({ tenant, parcel, id })) removed += 1;
  if (removed > 0) cloud.log.info('removed evidence that nobody may read', { removed });
}

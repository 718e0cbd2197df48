/**
 * How long those who moved out are kept. Off, until an administrator says for how many days: what is erased is gone,
 * so nobody loses anything by installing a newer version. Runs by night; whoever is held, or still has something to
 * be settled, waits for another night.
 */
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import { allTenants } from '../tenants/tenants.ts';
import { endEpoch, eraseOne, isHeld, settle } from './erase.ts';
import { obstaclesOf } from './obstacles.ts';
import * as store from './store.ts';

const DAYS_MIN = 1;
const DAYS_MAX = 3650;
const DAY_MS = 86_400_000;
/** In one night; the longest gone come first. */
const A_NIGHT_MAX = 500;

/** `by`: null where the operator of the installation typed a command. */
type Schedule = { days: number | null; by: PersonId | null };

export async function setRetention(cloud: Cloud, tx: Tx, { days, by }: Schedule): Promise<void> {
  if (days !== null) requireDays(days);
  await store.setRetention(tx, days);
  const kept = by === null ? {} : { person: by };
  await cloud.journal.record(tx, { kind: 'retention.set', facts: { days: days ?? 0 }, fields: kept }, kept);
  await cloud.changed(tx, ['people', 'journal']);
}

function requireDays(days: number): void {
  if (!(Number.isInteger(days) && days >= DAYS_MIN && days <= DAYS_MAX))
    throw new HoldfastError('input-invalid', `Say a whole number of days from ${DAYS_MIN} to ${DAYS_MAX}.`);
}

export async function retentionOf(tx: Tx): Promise<store.Retention & { removed: number; erased: number }> {
  return { ...(await store.retention(tx)), ...(await people.countStates(tx)) };
}

export type RetentionPreview = {
  days: number;
  due: number;
  tonight: { erased: number; held: number; waiting: number };
  longestGoneAtMs: number | null;
};

/** What such a schedule would find now, and what its first night would do with it; changes nothing. */
export async function previewRetention(cloud: Cloud, tx: Tx, days: number): Promise<RetentionPreview> {
  requireDays(days);
  const nowMs = cloud.clock.nowMs();
  const beforeMs = nowMs - days * DAY_MS;
  const { count: due, longestGoneAtMs } = await people.countRemovedBefore(tx, beforeMs);
  const tonight = { erased: 0, held: 0, waiting: 0 };
  for (const person of await people.removedBefore(tx, { beforeMs, limit: A_NIGHT_MAX })) {
    const of: people.Standing = { person, role: 'resident', state: 'removed' };
    if (await isHeld(tx, person, nowMs)) tonight.held += 1;
    else if ((await obstaclesOf(cloud, tx, of)).length > 0) tonight.waiting += 1;
    else tonight.erased += 1;
  }
  return { days, due, tonight, longestGoneAtMs };
}

/** One night. */
export async function retainAll(cloud: Cloud): Promise<void> {
  for (const tenant of await allTenants(cloud)) {
    await retain(cloud, tenant);
    await settle(cloud, tenant);
  }
}

async function retain(cloud: Cloud, tenant: TenantId): Promise<void> {
  await cloud.database.tenant(tenant, async (tx) => {
    const { movedOutDays } = await store.retention(tx);
    if (movedOutDays === null) return;
    const atMs = cloud.clock.nowMs();
    const run = { atMs, erased: 0, held: 0, waiting: 0 };
    const due = { beforeMs: atMs - movedOutDays * DAY_MS, limit: A_NIGHT_MAX };
    for (const person of await people.removedBefore(tx, due)) {
      const { is } = await eraseOne(cloud, tx, { person, by: null });
      run[is] += 1;
    }
    if (run.erased > 0) await endEpoch(cloud, tx);
    await store.noteRun(tx, run);
    cloud.log.info('erased who moved out', run);
  });
}

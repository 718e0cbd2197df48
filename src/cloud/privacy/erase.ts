/**
 * Erasure. The person's key is destroyed, and with it everything that was ever sealed under it, wherever a copy of it
 * lies; rows that only served them go, and so does every keyed look-up. Records stay as they are: the log verifies,
 * and nothing about the person can be read from it (docs/reference/erasure.md).
 *
 * One transaction does all of it, with the record that says so. What it cannot do is destroy the file of the epoch
 * that the key was wrapped under: that is done behind it, by whoever called, or by the job that it leaves.
 */
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import { tenantOf } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { forgetEvidence } from '../evidence/evidence.ts';
import { forgetExports, holdForErasure } from '../export/export.ts';
import { forgetAnswersOf } from '../http/http.ts';
import { renewWrapping, settleKeys } from '../keys/keys.ts';
import * as notices from '../notices/notices.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import * as signin from '../signin/signin.ts';
import { exportsShowing } from './exports.ts';
import { obstaclesOf } from './obstacles.ts';
import { forgetParcelHolds, isPartyHeld } from './parcel-holds-store.ts';
import * as store from './store.ts';

export const SETTLE = 'privacy.settle';

export type Erasure =
  | { is: 'erased'; fields: number; exportsOut: number }
  /** Recorded. */
  | { is: 'held' }
  /** Nothing was done; what has to be done first. */
  | { is: 'waiting'; says: string[] };

type Erase = { person: string; by: PersonId | null };

/** One person, asked for by somebody. The old epoch's file is destroyed by the job, once this is committed. */
export async function erasePerson(cloud: Cloud, tx: Tx, of: Erase): Promise<Erasure> {
  const erasure = await eraseOne(cloud, tx, of);
  if (erasure.is === 'erased') await endEpoch(cloud, tx);
  return erasure;
}

/** Without a new epoch: until there is one, old pages can still be read. */
export async function eraseOne(cloud: Cloud, tx: Tx, { person: id, by }: Erase): Promise<Erasure> {
  await holdForErasure(tx);
  const standing = await people.lockPerson(tx, id);
  if (!standing) throw new HoldfastError('not-found', 'There is nobody here by that id.');
  const { person } = standing;
  if (standing.state === 'erased') throw new HoldfastError('conflict', 'This person was erased already.');
  if (person === by) throw new HoldfastError('conflict', 'Nobody erases themselves.');
  if (await isHeld(tx, person, cloud.clock.nowMs())) {
    await recordOf(cloud, tx, { kind: 'erasure.refused', facts: { reason: 'legal-hold' }, person, by });
    return { is: 'held' };
  }
  const says = await obstaclesOf(cloud, tx, standing);
  if (says.length > 0) return { is: 'waiting', says };
  if (standing.state === 'active') await people.removePerson(cloud, tx, person, by);
  await signin.endAllOf(cloud, tx, person);
  const exportsOut = await exportsShowing(cloud, tx, person);
  const fields = await forget(cloud, tx, person);
  await recordOf(cloud, tx, { kind: 'erasure.done', facts: { fields, exportsOut }, person, by });
  return { is: 'erased', fields, exportsOut };
}

/** Over the person, or over a parcel that they had a part in. Whoever tells beforehand what an erasure would do asks this too. */
export async function isHeld(tx: Tx, person: PersonId, nowMs: number): Promise<boolean> {
  return (await store.isHeld(tx, person, nowMs)) || (await isPartyHeld(tx, person, nowMs));
}

/** Everything of a person that can be found; answers how many fields of records it was. */
async function forget(cloud: Cloud, tx: Tx, person: PersonId): Promise<number> {
  const fields = await cloud.journal.forget(tx, person);
  await notices.forget(tx, person);
  await parcels.forget(tx, person);
  await signin.forget(tx, person);
  await forgetAnswersOf(tx, person);
  await banks.forgetSuspensionsOf(tx, person);
  await forgetExports(cloud, tx, person);
  await forgetEvidence(cloud, tx, person);
  await forgetAtBanks(cloud, tx);
  await store.forgetHolds(tx, person);
  await forgetParcelHolds(tx, person);
  await people.blank(tx, person);
  await cloud.keys.destroySubjects(tx, [person]);
  return fields;
}

/** Banks keep what they sent for a week, sealed for the intake; whose it is they cannot tell, so all of it goes. */
async function forgetAtBanks(cloud: Cloud, tx: Tx): Promise<void> {
  for (const { bank } of await banks.allBanks(tx)) {
    const end = await cloud.journal.endOf(tx, bank);
    if (end) await banks.forgetKept(tx, { bank, upTo: end.lastSeq });
  }
}

type PrivacyRecord = {
  kind: 'erasure.done' | 'erasure.refused';
  facts: Record<string, string | number>;
  person: PersonId;
  by: PersonId | null;
};

/** Who was erased stands sealed as the tenant's: a random id, of which nothing else is left. */
async function recordOf(cloud: Cloud, tx: Tx, { kind, facts, person, by }: PrivacyRecord): Promise<void> {
  const fields = { subject: person, ...(by === null ? {} : { person: by }) };
  const owners = by === null ? {} : { person: by };
  await cloud.journal.record(tx, { kind, facts, fields }, owners);
  await cloud.changed(tx, ['journal']);
}

/** Everybody else is put under a new epoch; banks hear of the list, and the job is left that destroys the old file. */
export async function endEpoch(cloud: Cloud, tx: Tx): Promise<void> {
  await renewWrapping(cloud, tx, 'now');
  for (const { site } of await banks.sites(tx)) await cloud.tellBanks(tx, site);
  await cloud.changed(tx, ['people', 'parcels', 'notices', 'couriers']);
  await cloud.addJobs(tx, [
    { name: SETTLE, payload: { tenant: tenantOf(tx) }, key: `${SETTLE} ${tenantOf(tx)}` },
  ]);
}

/**
 * The end of every erasure, and whatever came in about the erased while it ran: sealed under a key that is gone, so
 * that nobody reads it, and not yet said to be gone. May be run at any time.
 */
export async function settle(cloud: Cloud, tenant: TenantId): Promise<void> {
  await settleKeys(cloud, tenant);
  await cloud.database.tenant(tenant, async (tx) => {
    for (const person of await store.leftBehind(tx)) {
      const fields = await cloud.journal.forget(tx, person);
      await cloud.journal.record(tx, { kind: 'erasure.done', facts: { fields, exportsOut: 0 } });
    }
  });
}

/**
 * After a restore: whose key did not come back was erased since the backup was made, and is erased here too. Answers
 * how many that are.
 */
export async function eraseLost(cloud: Cloud, tenant: TenantId): Promise<number> {
  const lost = await cloud.database.tenant(tenant, async (tx) => {
    const persons = await people.withoutKey(tx);
    for (const person of persons) {
      const fields = await forget(cloud, tx, person);
      const facts = { fields, exportsOut: 0 };
      await recordOf(cloud, tx, { kind: 'erasure.done', facts, person, by: null });
    }
    await endEpoch(cloud, tx);
    return persons.length;
  });
  await settle(cloud, tenant);
  return lost;
}

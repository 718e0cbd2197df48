/**
 * Tries beyond the limit are compared with nothing, and whoever knows an administrator's address can send them without
 * end. A record stays for ever, so of each time in which an account is locked out the first is a record of its own. The
 * others are counted, and how many they were is one record: with the next that is decided on that account, or an hour
 * after the first of them.
 */
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { allTenants } from '../tenants/tenants.ts';
import * as store from './store.ts';

const UNTOLD_MS_MAX = 3_600_000;

type LockedOut = {
  person: PersonId;
  was: Pick<store.Credential, 'lockedOutAtMs'>;
  /** When the hour began whose tries are used up, or the day. */
  sinceMs: number;
};

/** Whether this try beyond the limit is to be recorded; if not, it is counted here. The caller has locked the account. */
export async function isFirst(cloud: Cloud, tx: Tx, { person, was, sinceMs }: LockedOut): Promise<boolean> {
  const nowMs = cloud.clock.nowMs();
  if (was.lockedOutAtMs >= sinceMs) {
    await store.countTurnedAway(tx, person, nowMs);
    return false;
  }
  await store.setLockedOut(tx, person, nowMs);
  return true;
}

/** Records how many were counted of this account, if any were. */
export async function tellTurnedAway(cloud: Cloud, tx: Tx, person: PersonId): Promise<void> {
  const told = await store.takeTurnedAway(tx, person);
  if (!told) return;
  const { role, count, sinceMs } = told;
  const facts = { role, count, sinceMs };
  await cloud.journal.record(tx, { kind: 'sign-in.turned-away', facts, fields: { person } }, { person });
}

/** Nobody may come to that account for weeks. Runs by the clock. */
export async function tellAllTurnedAway(cloud: Cloud): Promise<void> {
  const sinceBeforeMs = cloud.clock.nowMs() - UNTOLD_MS_MAX;
  for (const tenant of await allTenants(cloud)) {
    const persons = await cloud.database.read(tenant, (tx) => store.turnedAwayBefore(tx, sinceBeforeMs));
    for (const person of persons)
      await cloud.database.tenant(tenant, (tx) => tellTurnedAway(cloud, tx, person));
  }
}

/**
 * Rotation of a tenant's keys while everything goes on.
 *
 * The *intake key*: another one is made at once, and the draft of the next roster names it. A bank seals to the one that
 * its roster names, so the one before opens on, until no roster that counts names it and what banks keep sealed for a
 * restored cloud has gone as well. Then it is forgotten.
 *
 * The *notifier key*: another one is made at once, with an epoch of its own, and the draft of the next roster names it. A
 * bank believes an epoch for the signature of the one that its roster names, so both sign, until no roster that counts
 * names the one before. Then it is forgotten.
 *
 * The *tenant key*: another one takes its place in one transaction, and with it the wrapping epoch. What was sealed or
 * indexed under the one before is put under it a portion at a time, by the clock. Until that is done everything opens
 * and is found under both; then the one before is forgotten.
 *
 * Each step is one transaction and says by what it left behind which step is next: whoever dies in between has lost
 * nothing, and the next run goes on from there.
 */
import type { TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import {
  type KeyFact,
  pairHash,
  type RetiredIntake,
  type RetiredNotifier,
  recordKey,
  settleKeys,
  type UnderTenantKey,
} from '../keys/keys.ts';
import type { Noun } from '../noun.ts';
import * as rosters from '../rosters/rosters.ts';
import { allTenants } from '../tenants/tenants.ts';
import { migrations } from './migrations.ts';
import * as store from './store.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** A bank keeps what it had sealed for a week, should the cloud have to be restored; a day is for its clock. */
const INTAKE_KEPT_MS = 8 * DAY_MS;
/** Answers under an idempotency key are kept for a day, and no cursor or mark of a preview is asked with later. */
const FORMER_KEPT_MS = 25 * HOUR_MS;
/** A run shall not last: the next comes within a minute. */
const PORTIONS_A_RUN = 200;

export const ROTATE = 'keys.rotate';

/** Makes another intake key. The operator signs the roster that names it. */
export async function rotateIntake(cloud: Cloud, tenant: TenantId): Promise<KeyFact> {
  return cloud.database.tenant(tenant, async (tx) => {
    const made = await cloud.keys.renewIntake(tx);
    await recordKey(cloud, tx, 'key.made', made);
    for (const { site } of await banks.sites(tx)) await rosters.draft(cloud, tx, site);
    return made;
  });
}

/**
 * Makes another notifier key, and another epoch with it: who read the one may have read the other. The operator signs the
 * roster that names the key; a bank that applies it drops the epoch that it has, and asks for one.
 */
export async function rotateNotifier(cloud: Cloud, tenant: TenantId): Promise<KeyFact> {
  return cloud.database.tenant(tenant, async (tx) => {
    const made = await cloud.keys.renewNotifier(tx);
    await recordKey(cloud, tx, 'key.made', made);
    await recordKey(cloud, tx, 'key.made', await cloud.keys.makeNotifierEpoch(tx));
    for (const { site } of await banks.sites(tx)) {
      await rosters.draft(cloud, tx, site);
      await cloud.tellBanks(tx, site);
    }
    return made;
  });
}

/** Puts another key in the tenant's place; the rest goes by the clock. Undefined while a rotation is under way. */
export async function rotateTenantKey(cloud: Cloud, tenant: TenantId): Promise<KeyFact | undefined> {
  const made = await cloud.database.tenant(tenant, async (tx) => {
    const renewed = await cloud.keys.renewTenant(tx);
    if (!renewed) return undefined;
    await store.insertRotation(tx, cloud.clock.nowMs());
    for (const fact of renewed.made) await recordKey(cloud, tx, 'key.made', fact);
    for (const fact of renewed.destroyed) await recordKey(cloud, tx, 'key.destroyed', fact);
    await cloud.addJobs(tx, [{ name: ROTATE, payload: {}, key: ROTATE }]);
    return renewed.made[0];
  });
  // Behind the transaction; a process that dies before it leaves that to the hourly job.
  if (made) await settleKeys(cloud, tenant);
  return made;
}

/** Keys that rosters name, and of which another can take the place. */
type Named = 'intake' | 'notifier';

/** What still seals to an intake key, or asks for a signature by a notifier key; or may. */
export type NeededBy = { site: string } | { bank: string; name: string };

/** Asked of the rosters that count: each site's newest, and the one that each bank has applied. */
export async function neededBy(tx: Tx, named: Named, { hash }: { hash: string }): Promise<NeededBy[]> {
  const needs: NeededBy[] = [];
  for (const { site, name } of await banks.sites(tx)) {
    const current = await rosters.current(tx, site);
    if (current && pairHash(current.roster.keys[named]) === hash) needs.push({ site: name });
  }
  for (const bank of await banks.servingBanks(tx)) {
    if (bank.key === null) continue;
    const { applied } = bank.roster;
    // One that holds a roster and has told of none: its first records may be on their way.
    if (applied === 0 && (bank.hello?.roster.version ?? 0) === 0) continue;
    const roster = await rosters.verifiedRoster(tx, bank.site, applied);
    if (!roster || pairHash(roster.keys[named]) === hash) needs.push({ bank: bank.bank, name: bank.name });
  }
  return needs;
}

/** Begins, stops or ends the time for which a replaced intake key is kept beyond its last use. */
async function tendIntakes(cloud: Cloud, tx: Tx): Promise<void> {
  const nowMs = cloud.clock.nowMs();
  for (const retired of await cloud.keys.retiredIntakes(tx)) {
    const { hash, unneededFromMs } = retired;
    if ((await neededBy(tx, 'intake', retired)).length > 0) {
      if (unneededFromMs !== null) await cloud.keys.noteUnneeded(tx, hash, null);
    } else if (unneededFromMs === null) await cloud.keys.noteUnneeded(tx, hash, nowMs);
    else if (nowMs - unneededFromMs >= INTAKE_KEPT_MS)
      await recordKey(cloud, tx, 'key.destroyed', await cloud.keys.forgetIntake(tx, hash));
  }
}

/** Of a notifier key nothing is kept for: what was sealed is opened by the epochs, which are keys of their own. */
async function tendNotifiers(cloud: Cloud, tx: Tx): Promise<void> {
  for (const { hash } of await cloud.keys.retiredNotifiers(tx))
    if ((await neededBy(tx, 'notifier', { hash })).length === 0)
      await recordKey(cloud, tx, 'key.destroyed', await cloud.keys.forgetNotifier(tx, hash));
}

/** What the next step of a rotation did. */
type Step = 'none' | 'moved' | 'waits';

async function nextStep(cloud: Cloud, tx: Tx, parts: readonly UnderTenantKey[]): Promise<Step> {
  const at = await store.lockRotation(tx);
  if (!at) return 'none';
  if (!at.isMarked) {
    await store.markReplaced(tx);
    return 'moved';
  }
  if (!at.isClear) {
    // Whoever began before may still write under the key before, behind the rows that were done already.
    if (!(await store.isAlone(tx))) return 'waits';
    await store.markClear(tx);
    return 'moved';
  }
  const part = parts.find(({ name }) => !at.done.includes(name));
  if (part) return await putUnder(cloud, tx, at, part);
  if (cloud.clock.nowMs() - at.begunAtMs < FORMER_KEPT_MS) return 'waits';
  const destroyed = await cloud.keys.forgetFormer(tx);
  if (destroyed) await recordKey(cloud, tx, 'key.destroyed', destroyed);
  await store.deleteRotation(tx);
  return 'none';
}

async function putUnder(cloud: Cloud, tx: Tx, at: store.Rotation, part: UnderTenantKey): Promise<Step> {
  const after = at.part === part.name ? at.after : null;
  const reached = await part.portion(cloud, tx, after);
  await store.moveRotation(
    tx,
    reached === 'done'
      ? { done: [...at.done, part.name], part: null, after: null }
      : { done: at.done, part: part.name, after: reached },
  );
  return 'moved';
}

/** Goes on with what was begun, as far as it comes. */
export async function carryOn(
  cloud: Cloud,
  tenant: TenantId,
  parts: readonly UnderTenantKey[],
): Promise<void> {
  for (let portions = 0; portions < PORTIONS_A_RUN; portions += 1) {
    const step = await cloud.database.tenant(tenant, (tx) => nextStep(cloud, tx, parts));
    if (step !== 'moved') return;
  }
}

export type RotationState = {
  intake: (RetiredIntake & { neededBy: NeededBy[]; forgottenFromMs: number | null })[];
  notifier: (RetiredNotifier & { neededBy: NeededBy[] })[];
  tenant: { begunAtMs: number; done: number; of: number; forgottenFromMs: number } | null;
};

export async function rotationState(tx: Tx, cloud: Cloud, parts: number): Promise<RotationState> {
  const intake: RotationState['intake'] = [];
  for (const retired of await cloud.keys.retiredIntakes(tx)) {
    const fromMs = retired.unneededFromMs;
    const forgottenFromMs = fromMs === null ? null : fromMs + INTAKE_KEPT_MS;
    intake.push({ ...retired, neededBy: await neededBy(tx, 'intake', retired), forgottenFromMs });
  }
  const notifier: RotationState['notifier'] = [];
  for (const retired of await cloud.keys.retiredNotifiers(tx))
    notifier.push({ ...retired, neededBy: await neededBy(tx, 'notifier', retired) });
  const at = await store.rotation(tx);
  const tenant = at
    ? {
        begunAtMs: at.begunAtMs,
        done: at.done.length,
        of: parts,
        forgottenFromMs: at.begunAtMs + FORMER_KEPT_MS,
      }
    : null;
  return { intake, notifier, tenant };
}

/** `parts`: what all other nouns have under the tenant's key. */
export function rotationOf(parts: readonly UnderTenantKey[]): Noun {
  return {
    migrations,
    jobs: {
      [ROTATE]: async (cloud) => {
        for (const tenant of await allTenants(cloud)) {
          await carryOn(cloud, tenant, parts);
          await cloud.database.tenant(tenant, async (tx) => {
            await tendIntakes(cloud, tx);
            await tendNotifiers(cloud, tx);
          });
        }
      },
    },
    schedule: [{ job: ROTATE, cron: '* * * * *' }],
  };
}

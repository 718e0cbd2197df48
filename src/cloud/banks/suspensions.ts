/**
 * Suspensions: the only thing that the cloud may do to a bank on its own. It pauses a courier, a door or a
 * bank for at most 24 hours; a bank refuses a longer one. Nothing here can move a latch.
 */

import { SUSPENSION_HOURS_MAX, type SuspendMessage, UPLINK_VERSION } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { BankId, PersonId, SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as store from './suspension-store.ts';

export const HOUR_MS = 3_600_000;
/** A bank counts the 24 hours by its own clock, which may be a few minutes behind ours. */
export const SUSPENSION_MS = SUSPENSION_HOURS_MAX * HOUR_MS - 10 * 60_000;

export type Suspend = {
  site: SiteId;
  scope: store.Scope;
  /** Of scope `courier`: whom. */
  subject: PersonId | null;
  /** Of scope `compartment`: which door. */
  compartment: number | null;
  /** One bank only, or null for every bank of the site. */
  bank?: BankId | null;
  untilMs: number;
  by: PersonId | null;
  purpose: string;
};

/** Asks every bank that it concerns, once the transaction commits. Answers the suspension's id. */
export async function suspend(cloud: Cloud, tx: Tx, of: Suspend): Promise<string> {
  const nowMs = cloud.clock.nowMs();
  const shape = {
    courier: of.subject !== null && of.compartment === null,
    compartment: of.compartment !== null && of.subject === null,
    bank: of.subject === null && of.compartment === null,
  };
  if (!shape[of.scope]) throw new Error(`a suspension of scope ${of.scope} names exactly its subject`);
  if (of.untilMs <= nowMs || of.untilMs > nowMs + SUSPENSION_HOURS_MAX * HOUR_MS) {
    throw new HoldfastError('input-invalid', `A suspension ends within ${SUSPENSION_HOURS_MAX} hours.`, {
      reason: 'suspension-too-long',
    });
  }
  const id = base64url(cloud.random.bytes(16));
  await store.insertSuspension(tx, {
    suspension_id: id,
    site_id: of.site,
    scope: of.scope,
    bank_id: of.bank ?? null,
    subject: of.subject,
    compartment: of.compartment,
    asked_at_ms: nowMs,
    until_ms: of.untilMs,
    lifted_at_ms: null,
    asked_by: of.by,
    refused: null,
  });
  await record(cloud, tx, 'suspension.asked', {
    ...{ ...of, bank: of.bank ?? null },
    facts: { scope: of.scope, untilMs: of.untilMs },
  });
  await cloud.tellBanks(tx, of.site);
  await cloud.changed(tx, ['banks', 'couriers', 'attention']);
  return id;
}

/** Ends a suspension early. False when there is none by that id, or it is over already. */
export async function lift(
  cloud: Cloud,
  tx: Tx,
  of: { id: string; by: PersonId | null; purpose: string },
): Promise<boolean> {
  const row = await store.findSuspension(tx, of.id);
  if (!row || row.lifted_at_ms !== null) return false;
  await store.setLifted(tx, of.id, cloud.clock.nowMs());
  await record(cloud, tx, 'suspension.lifted', {
    subject: row.subject,
    bank: row.bank_id,
    compartment: row.compartment,
    by: of.by,
    purpose: of.purpose,
    facts: { scope: row.scope },
  });
  await cloud.tellBanks(tx, row.site_id);
  await cloud.changed(tx, ['banks', 'couriers', 'attention']);
  return true;
}

type Recorded = {
  subject: PersonId | null;
  bank: BankId | null;
  compartment: number | null;
  by: PersonId | null;
  purpose: string;
  facts: Record<string, string | number>;
};

async function record(
  cloud: Cloud,
  tx: Tx,
  kind: 'suspension.asked' | 'suspension.lifted',
  of: Recorded,
): Promise<void> {
  const persons = {
    ...(of.by === null ? {} : { person: of.by }),
    ...(of.subject === null ? {} : { subject: of.subject }),
  };
  // Of a bank's own suspension the bank is the subject: without it nobody could tell which one was asked.
  const bank = of.subject === null && of.bank !== null ? { subject: of.bank } : {};
  const compartment = of.compartment === null ? {} : { compartment: of.compartment };
  await cloud.journal.record(
    tx,
    { kind, facts: of.facts, ...compartment, fields: { ...persons, ...bank, purpose: of.purpose } },
    persons,
  );
}

/** The suspensions in force at a bank, as the messages that it is sent. */
export async function suspensionsOf(
  tx: Tx,
  of: { site: SiteId; bank: string; nowMs: number },
): Promise<SuspendMessage[]> {
  const rows = await store.openSuspensions(tx, of.site, of.nowMs);
  return rows.filter((row) => row.bank_id === null || row.bank_id === of.bank).map(messageOf);
}

/** The same bytes each time, by whose hash a bank says which message it refused. */
export function messageOf(row: store.SuspensionRow): SuspendMessage {
  return {
    v: UPLINK_VERSION,
    type: 'suspend',
    id: row.suspension_id,
    scope: row.scope,
    subject: row.subject,
    compartment: row.compartment,
    untilMs: row.until_ms,
  };
}

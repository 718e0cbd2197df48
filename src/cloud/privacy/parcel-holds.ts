/**
 * Legal holds over a parcel: while one stands, nobody who had a part in it is erased, its recipient and its courier, by
 * nobody and by no schedule; so its records can be shown with what stands behind them. Why it was placed is sealed under
 * its recipient's key, as long as they are known here, and goes with them when no hold stands any more.
 */
import { base64url } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type ParcelId, type PersonId, parseId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as parcels from '../parcels/parcels.ts';
import * as people from '../people/people.ts';
import * as store from './parcel-holds-store.ts';
import { purposeOfPlacing, requireReason } from './reason.ts';

type By = PersonId | null;
type Parties = { parcel: ParcelId; recipient: PersonId | null };

export type HeldParcel = {
  hold: string;
  parcel: ParcelId;
  /** Null when it opens no more. */
  reason: string | null;
  placedBy: PersonId | null;
  placedAtMs: number;
  untilMs: number | null;
};

export const placeOfReason = (hold: string) => `privacy/parcel-hold\0${hold}`;

/** Whoever erases locks the person first; so does whoever holds, and one of both comes first and is seen by the other. */
async function lockParties(tx: Tx, id: string): Promise<Parties> {
  const parcel = parseId('parcel', id);
  const parties = parcel && (await parcels.partiesOf(tx, parcel));
  if (!parcel || !parties) throw new HoldfastError('not-found', 'There is no such parcel here.');
  const persons = [parties.recipient, parties.courier].flatMap((person) => person ?? []).sort();
  for (const person of new Set(persons)) await people.lockPerson(tx, person);
  // Whoever was being erased meanwhile is not among them any more.
  const now = await parcels.partiesOf(tx, parcel);
  return { parcel, recipient: now?.recipient ?? null };
}

export async function placeParcelHold(
  cloud: Cloud,
  tx: Tx,
  of: { parcel: string; reason: string; untilMs: number | null; by: By },
): Promise<void> {
  const { parcel, recipient } = await lockParties(tx, of.parcel);
  const placedAtMs = cloud.clock.nowMs();
  if (of.untilMs !== null && of.untilMs <= placedAtMs)
    throw new HoldfastError('input-invalid', 'A hold that ends in the past holds nothing.');
  const hold = base64url(cloud.random.bytes(16));
  const reason =
    recipient === null
      ? await cloud.keys.sealForTenant(tx, placeOfReason(hold), of.reason)
      : await cloud.keys.sealFor(tx, recipient, placeOfReason(hold), of.reason);
  const placed = { placedBy: of.by, placedAtMs, untilMs: of.untilMs };
  await store.insertParcelHold(tx, { hold, parcel, owner: recipient, reason, ...placed });
  const purpose = purposeOfPlacing(of);
  await record(cloud, tx, { kind: 'legal-hold.placed', parties: { parcel, recipient }, by: of.by, purpose });
}

/** Ends every hold that stands over a parcel. */
export async function liftParcelHolds(
  cloud: Cloud,
  tx: Tx,
  of: { parcel: string; reason: string; by: By },
): Promise<void> {
  const parties = await lockParties(tx, of.parcel);
  const { parcel } = parties;
  if ((await store.liftParcelHolds(tx, { parcel, by: of.by, atMs: cloud.clock.nowMs() })) === 0)
    throw new HoldfastError('conflict', 'No hold stands over this parcel.');
  await record(cloud, tx, {
    kind: 'legal-hold.lifted',
    parties,
    by: of.by,
    purpose: requireReason(of.reason),
  });
}

type HoldRecord = {
  kind: 'legal-hold.placed' | 'legal-hold.lifted';
  parties: Parties;
  by: By;
  purpose: string;
};

async function record(cloud: Cloud, tx: Tx, { kind, parties, by, purpose }: HoldRecord): Promise<void> {
  const { parcel, recipient } = parties;
  const fields = { subject: parcel, purpose, ...(by === null ? {} : { person: by }) };
  const theirs = recipient === null ? {} : { subject: recipient, purpose: recipient };
  await cloud.journal.record(tx, { kind, fields }, { ...theirs, ...(by === null ? {} : { person: by }) });
  // Whoever had a part in it is held by it, too.
  await cloud.changed(tx, ['parcels', 'people', 'journal']);
}

/** Those that stand over one parcel, or over any. */
export async function standingParcelHolds(
  cloud: Cloud,
  tx: Tx,
  parcel: string | null,
): Promise<HeldParcel[]> {
  const held: HeldParcel[] = [];
  for (const one of await store.standingParcelHolds(tx, { parcel, nowMs: cloud.clock.nowMs() })) {
    const { owner, reason: sealed, ...shown } = one;
    const bytes = new Uint8Array(sealed);
    const reason =
      owner === null
        ? await cloud.keys.openForTenant(tx, placeOfReason(one.hold), bytes)
        : await cloud.keys.openFor(tx, owner, placeOfReason(one.hold), bytes);
    held.push({ ...shown, reason: reason ?? null });
  }
  return held;
}

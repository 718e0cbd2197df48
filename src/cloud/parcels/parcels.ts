/**
 * Parcels and their custody, as the banks' records tell them. Nothing here decides anything: a bank has
 * decided, and this is the picture of it. Custody changes only by a record of a transfer; a record that
 * contradicts the picture stops the batch, because then either side has a fault that must not be papered over.
 */
import { isId, type PersonId } from '../../domain/ids.ts';
import type { CommittedField, RecordKind } from '../../domain/kinds.ts';
import type { Size } from '../../domain/bank.ts';
import { normalTracking } from '../../domain/scan.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { Noun, Projection, Told } from '../noun.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';

export type { Custody, ParcelState, StoredParcel } from './store.ts';
export { findParcel, listParcels, everyParcel } from './store.ts';

const TRACKING_PLACE = 'parcels/tracking';

/** The tracking number in clear; "(erased)" once the recipient's key is gone. */
export async function trackingOf(cloud: Cloud, tx: Tx, row: store.StoredParcel): Promise<string> {
  return (await cloud.keys.openFor(tx, row.recipient_id as PersonId, TRACKING_PLACE, row.tracking)) ?? '(erased)';
}

function field(told: Told, name: CommittedField): string {
  const value = told.fields[name];
  if (value === undefined) throw new Error(`a ${told.record.kind} record came without ${name}`);
  return value;
}

function doorOf(told: Told): number {
  if (told.record.compartment === undefined) throw new Error(`a ${told.record.kind} record came without a compartment`);
  return told.record.compartment;
}

const accepted: Projection = async (cloud, tx, told) => {
  const recipient = field(told, 'counterpart') as PersonId;
  const tracking = field(told, 'tracking');
  await store.insertParcel(tx, {
    parcel_id: field(told, 'parcel'),
    site_id: told.site,
    bank_id: told.bank,
    compartment: doorOf(told),
    size: told.record.facts['size'] as Size,
    carrier_id: field(told, 'carrier'),
    courier_id: field(told, 'person'),
    recipient_id: recipient,
    tracking: await cloud.keys.sealFor(tx, recipient, TRACKING_PLACE, tracking),
    tracking_index: await cloud.keys.index(tx, 'tracking', normalTracking(tracking) ?? tracking),
    state: 'accepted',
    custody: 'courier',
    accepted_at_ms: told.record.time.atMs,
    deposited_at_ms: null,
    until_ms: null,
    ended_at_ms: null,
  });
};

type Transfer = { from: readonly store.ParcelState[]; to: store.ParcelState; custody: store.Custody; times: (told: Told) => Partial<store.ParcelRow> };

const ends = (told: Told) => ({ ended_at_ms: told.record.time.atMs });

/** Every change of a parcel's state: which record makes it, from where, to where, and who answers after it. */
export const TRANSFERS: Partial<Record<RecordKind, Transfer>> = {
  'parcel.deposited': {
    from: ['accepted'], to: 'waiting', custody: 'bank',
    times: (told) => ({ deposited_at_ms: told.record.time.atMs, until_ms: Number(told.record.facts['untilMs']) }),
  },
  'parcel.not-deposited': { from: ['accepted'], to: 'not-deposited', custody: 'courier', times: ends },
  'parcel.held': { from: ['accepted', 'waiting'], to: 'held', custody: 'bank', times: () => ({}) },
  'parcel.collected': { from: ['waiting'], to: 'collected', custody: 'recipient', times: ends },
  'parcel.removed': { from: ['waiting', 'held'], to: 'removed', custody: 'staff', times: ends },
};

function transfer(kind: RecordKind, of: Transfer): Projection {
  return async (cloud, tx, told) => {
    const parcel = await store.findParcel(tx, field(told, 'parcel'));
    if (!parcel || !of.from.includes(parcel.state)) throw new Error(`${kind} for a parcel that is ${parcel?.state ?? 'unknown'}`);
    await store.updateParcel(tx, parcel.parcel_id, { state: of.to, custody: of.custody, ...of.times(told) });
    await cloud.changed(tx, ['parcels']);
  };
}

/**
 * Which parcel a record tells of: the one it names, or the one behind its door. Called for every record of a
 * bank with a compartment, after the record's own projection.
 */
export async function link(tx: Tx, told: Told, before: store.StoredParcel | undefined): Promise<void> {
  const named = told.fields.parcel;
  const parcel = named !== undefined && isId('parcel', named) ? named : before?.parcel_id;
  if (parcel === undefined || !(await store.findParcel(tx, parcel))) return;
  await store.linkRecord(tx, { parcel_id: parcel, source: told.record.source, seq: told.record.seq });
}

/** Wraps a projection so that its record is linked to the parcel that it tells of. */
function linked(projection: Projection | null): Projection {
  return async (cloud, tx, told) => {
    // Asked before, because a collection leaves nothing behind the door.
    const before = told.record.compartment === undefined ? undefined : await store.parcelBehind(tx, told.bank, told.record.compartment);
    await projection?.(cloud, tx, told);
    await link(tx, told, before);
  };
}

/** Records that belong to a parcel's story though they change nothing of it. */
const STORY: readonly RecordKind[] = [
  'attempt.decided', 'session.opened', 'session.resumed', 'session.ended', 'release.decided', 'release.answered', 'door.opened', 'door.closed', 'door.ajar', 'door.forced',
  'latch.jammed', 'grant.issued', 'grant.reissued', 'grant.spent', 'grant.expired', 'grant.revoked', 'discrepancy.reported', 'discrepancy.resolved', 'count.taken',
];

const projections: Partial<Record<RecordKind, Projection>> = {
  ...Object.fromEntries(STORY.map((kind) => [kind, linked(null)])),
  ...Object.fromEntries(Object.entries(TRANSFERS).map(([kind, of]) => [kind, linked(transfer(kind as RecordKind, of))])),
  'parcel.accepted': linked(accepted),
};


export const parcels: Noun = { migrations, routes, projections };

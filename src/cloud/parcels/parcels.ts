/** Parcels: who answers for each, as the banks' records tell it. */
import type { CarrierId, PersonId } from '../../domain/ids.ts';
import { parseId } from '../../domain/ids.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import { kindSpec, RECORD_KINDS } from '../../domain/kinds.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import type { Noun, Projection, Told } from '../noun.ts';
import { foldParcel, type Standing } from './custody.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';
import { trackingPlace } from './views.ts';

export { checkCloud, type Finding } from './check.ts';
export { doubtedParcels as doubted, type Parcel } from './store.ts';
export { detail, pageOfParcels as pageOf, trackingOf } from './views.ts';

/** Records of a door, which tell of whatever parcel lies behind it. */
const DOOR_KINDS = [
  'release.decided',
  'release.answered',
  'door.opened',
  'door.closed',
  'door.ajar',
  'door.forced',
  'latch.jammed',
] as const satisfies RecordKind[];
const PARCEL_KINDS = RECORD_KINDS.filter(
  (kind) => kindSpec(kind).by !== 'cloud' && kindSpec(kind).commits.includes('parcel'),
);

const onParcel: Projection = async (cloud, tx, told) => {
  const parcel = parseId('parcel', told.fields.parcel ?? '');
  if (!parcel) return;
  const was = await store.findParcel(tx, parcel);
  if (was && was.bank !== told.bank) return complain(cloud, tx, told);
  const { standing, complaint } = foldParcel(was, told.record);
  if (!was && standing) await store.insertParcel(tx, await newParcel(cloud, tx, told, { parcel, standing }));
  else if (was && standing && standing !== was) await store.updateStanding(tx, parcel, standing);
  if (standing) await store.insertEvent(tx, { parcel_id: parcel, source: told.bank, seq: told.record.seq });
  if (complaint !== undefined) await complain(cloud, tx, told);
  await cloud.changed(tx, ['parcels']);
};

async function complain(cloud: Cloud, tx: Tx, { bank, record }: Told): Promise<void> {
  await banks.raiseAlarm(cloud, tx, {
    condition: 'discrepancy',
    bank,
    compartment: record.compartment,
    firstSeq: record.seq,
    lastSeq: record.seq,
    atMs: record.time.atMs,
  });
}

async function newParcel(
  cloud: Cloud,
  tx: Tx,
  told: Told,
  of: { parcel: store.Parcel['parcel']; standing: Standing },
): Promise<Omit<store.Parcel, 'ord'>> {
  const { fields } = told;
  const recipient = fields.counterpart as PersonId | undefined;
  const known = recipient === undefined ? new Set() : await cloud.keys.subjects(tx, [recipient]);
  const place = trackingPlace(of.parcel);
  const sealed = async (text: string) =>
    recipient !== undefined && known.has(recipient)
      ? cloud.keys.sealFor(tx, recipient, place, text)
      : cloud.keys.sealForTenant(tx, place, text);
  return {
    ...of.standing,
    parcel: of.parcel,
    bank: told.bank,
    carrier: (fields.carrier as CarrierId | undefined) ?? null,
    courier: (fields.person as PersonId | undefined) ?? null,
    recipient: recipient ?? null,
    tracking: fields.tracking === undefined ? null : await sealed(fields.tracking),
  };
}

const onDoor: Projection = async (_cloud, tx, { bank, record }) => {
  if (record.compartment === undefined) return;
  const parcel = await store.parcelInside(tx, bank, record.compartment);
  if (parcel) await store.insertEvent(tx, { parcel_id: parcel, source: bank, seq: record.seq });
};

export const parcels: Noun = {
  migrations,
  routes,
  projections: {
    ...Object.fromEntries(PARCEL_KINDS.map((kind) => [kind, onParcel])),
    ...Object.fromEntries(DOOR_KINDS.map((kind) => [kind, onDoor])),
  },
};

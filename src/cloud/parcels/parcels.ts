/** Parcels: who answers for each, as the banks' records tell it. */
import type { BankId, CarrierId, ParcelId, PersonId } from '../../domain/ids.ts';
import { parseId } from '../../domain/ids.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import { kindSpec, RECORD_KINDS } from '../../domain/kinds.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { sealedColumn } from '../keys/keys.ts';
import type { AlarmMove, Batch, Noun, Told } from '../noun.ts';
import { foldParcel, isInside, type Standing } from './custody.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import * as store from './store.ts';
import { trackingPlace } from './views.ts';

export { checkCloud, type Finding } from './check.ts';
export { foldParcel, isInside, type Standing } from './custody.ts';
export { handOut, recordsOfParcel } from './receipt.ts';
export { says } from './says.ts';
export {
  alarmsAbout,
  doubtedParcels as doubted,
  forgetPerson as forget,
  insideOf,
  ofPerson,
  type Parcel,
  partiesOf,
} from './store.ts';
export {
  allOpened,
  type Beside,
  checkChain,
  checkGone,
  checkHead,
  countGone,
  saidGone,
} from './verify.ts';
export { detail, openTracking, pageOfParcels as pageOf, recordsOf, trackingsOf } from './views.ts';

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

const kindsOfParcels: ReadonlySet<RecordKind> = new Set(PARCEL_KINDS);
const kindsOfDoors: ReadonlySet<RecordKind> = new Set(DOOR_KINDS);

/** Whose event a record of this kind is: of the parcel that it names, or of the one that lies behind its door. */
export function tellsOfParcel(kind: RecordKind): 'parcel' | 'door' | 'nothing' {
  if (kindsOfParcels.has(kind)) return 'parcel';
  return kindsOfDoors.has(kind) ? 'door' : 'nothing';
}

/** Parcels of a batch, folded record by record over what was kept of them. */
async function follow(cloud: Cloud, tx: Tx, { bank, told }: Batch): Promise<AlarmMove[]> {
  const named = told.flatMap((one) => parcelOf(one) ?? []);
  const doors = told.flatMap(({ record }) => record.compartment ?? []);
  const known = new Known(await store.parcelsOf(tx, { parcels: named, bank, doors }));
  const events = new Map<ParcelId, number[]>();
  const moves: AlarmMove[] = [];
  for (const one of told) {
    const { parcel, complains } = kindsOfParcels.has(one.record.kind)
      ? known.fold(bank, one)
      : { parcel: known.inside(bank, one.record.compartment), complains: false };
    if (parcel) events.set(parcel, [...(events.get(parcel) ?? []), one.record.seq]);
    if (complains) moves.push(complaint(one));
  }
  await store.insertParcels(tx, await sealTracking(cloud, tx, [...known.fresh.values()]));
  await store.updateStandings(tx, [...known.changed.values()]);
  await store.insertEvents(
    tx,
    bank,
    [...events].map(([parcel, seqs]) => ({ parcel, seqs })),
  );
  if (named.length > 0) await cloud.changed(tx, ['parcels']);
  return moves;
}

const parcelOf = ({ fields }: Told) => parseId('parcel', fields.parcel ?? '');

function complaint({ record }: Told): AlarmMove {
  return {
    move: 'begins',
    seq: record.seq,
    condition: 'discrepancy',
    compartment: record.compartment ?? null,
    names: { first: record.seq, last: record.seq },
    atMs: record.time.atMs,
  };
}

/** A parcel of this batch, with its tracking number not yet sealed. */
type Fresh = Omit<store.Parcel, 'ord' | 'tracking'> & { tracking: string | null };
type Kept = Omit<store.Parcel, 'ord' | 'tracking'>;

/** What is known of the parcels of a batch while it is folded. */
class Known {
  readonly #parcels = new Map<string, Kept>();
  /** By bank and door, in the order in which they came; those that have ended stay in it. */
  readonly #behind = new Map<string, ParcelId[]>();
  /** Not yet kept, in the order of their records; and kept ones whose standing changed. */
  readonly fresh = new Map<string, Fresh>();
  readonly changed = new Map<string, Kept>();

  constructor(kept: readonly Kept[]) {
    for (const parcel of kept) this.#add(parcel);
  }

  #add(parcel: Kept): void {
    this.#parcels.set(parcel.parcel, parcel);
    const door = `${parcel.bank}/${parcel.compartment}`;
    const behind = this.#behind.get(door) ?? [];
    behind.push(parcel.parcel);
    this.#behind.set(door, behind);
  }

  /** The parcel that takes up a compartment now: the last that came, where several do. */
  inside(bank: BankId, compartment: number | undefined): ParcelId | undefined {
    const behind = compartment === undefined ? undefined : this.#behind.get(`${bank}/${compartment}`);
    return behind?.findLast((parcel) => {
      const kept = this.#parcels.get(parcel);
      return kept !== undefined && isInside(kept);
    });
  }

  /** Answers whose event the record is, and whether it fits what went before. */
  fold(bank: BankId, told: Told): { parcel: ParcelId | undefined; complains: boolean } {
    const parcel = parcelOf(told);
    if (!parcel) return { parcel: undefined, complains: false };
    const was = this.#parcels.get(parcel);
    if (was && was.bank !== bank) return { parcel: undefined, complains: true };
    const { standing, complaint } = foldParcel(was, told.record);
    if (standing && !was) this.#begin(bank, parcel, told, standing);
    else if (standing && was && standing !== was) this.#move({ ...was, ...standing });
    return { parcel: standing ? parcel : undefined, complains: complaint !== undefined };
  }

  #begin(bank: BankId, parcel: ParcelId, { fields }: Told, standing: Standing): void {
    const fresh: Fresh = {
      ...standing,
      parcel,
      bank,
      carrier: (fields.carrier as CarrierId | undefined) ?? null,
      courier: (fields.person as PersonId | undefined) ?? null,
      recipient: (fields.counterpart as PersonId | undefined) ?? null,
      tracking: fields.tracking ?? null,
    };
    this.#add(fresh);
    this.fresh.set(parcel, fresh);
  }

  #move(to: Kept): void {
    const fresh = this.fresh.get(to.parcel);
    if (fresh) this.fresh.set(to.parcel, { ...to, tracking: fresh.tracking });
    else this.changed.set(to.parcel, to);
    this.#parcels.set(to.parcel, to);
  }
}

/** Under its recipient's key, where there is one. */
async function sealTracking(
  cloud: Cloud,
  tx: Tx,
  fresh: readonly Fresh[],
): Promise<Omit<store.Parcel, 'ord'>[]> {
  const known = await cloud.keys.subjects(
    tx,
    fresh.flatMap(({ recipient }) => recipient ?? []),
  );
  const sealed: Omit<store.Parcel, 'ord'>[] = [];
  for (const { tracking, ...parcel } of fresh) {
    const place = trackingPlace(parcel.parcel);
    const { recipient } = parcel;
    if (tracking === null) sealed.push({ ...parcel, tracking });
    else if (recipient !== null && known.has(recipient))
      sealed.push({ ...parcel, tracking: await cloud.keys.sealFor(tx, recipient, place, tracking) });
    else sealed.push({ ...parcel, tracking: await cloud.keys.sealForTenant(tx, place, tracking) });
  }
  return sealed;
}

export const parcels: Noun = {
  migrations,
  routes,
  projections: [{ kinds: [...PARCEL_KINDS, ...DOOR_KINDS], follow }],
  underTenantKey: [
    sealedColumn({
      table: 'parcels',
      column: 'tracking',
      by: { parcel_id: 'text' },
      // A recipient's where they had a key at the time.
      mixed: true,
      place: ([parcel]) => trackingPlace(String(parcel)),
    }),
  ],
};

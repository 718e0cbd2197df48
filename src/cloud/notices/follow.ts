/**
 * What notices make of a batch: who is told of a new code, which parcels wait, and who hears that staff keep
 * theirs. Everything is folded record by record over what was kept before, and queued in that order.
 */
import { type ParcelId, type PersonId, parseId } from '../../domain/ids.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud, NewJob } from '../deps.ts';
import type { Batch, Projection, Told } from '../noun.ts';
import * as people from '../people/people.ts';
import { type Queue, queue } from './queue.ts';
import { placeNotices, remindersOf } from './reminders.ts';
import * as store from './store.ts';
import { wishNotices } from './wish.ts';

const KINDS = [
  'grant.issued',
  'grant.reissued',
  'parcel.deposited',
  'parcel.collected',
  'parcel.removed',
  'parcel.held',
] as const satisfies RecordKind[];

/** What is known of the parcels of a batch while it is folded, and what comes of it. */
type Fold = {
  persons: ReadonlyMap<string, people.Person>;
  waiting: Map<string, store.Waiting>;
  /** Until when each parcel waits, as its last notice said. */
  untilMs: Map<string, number>;
  /** Which references are taken, on which channel. */
  taken: Set<string>;
  queued: Queue[];
  jobs: NewJob[];
};

export const projection: Projection = {
  kinds: KINDS,
  async follow(cloud, tx, batch) {
    const kept = await store.allWaiting(tx, parcelsIn(batch.told));
    const fold = await begin(cloud, tx, batch, kept);
    for (const told of batch.told) step(cloud, batch, told, fold);
    await keepWaiting(tx, kept, fold.waiting);
    if (fold.queued.length > 0) await queue(cloud, tx, fold.queued);
    await cloud.addJobs(tx, fold.jobs);
    return [];
  },
};

const parcelsIn = (told: readonly Told[]) => [...new Set(told.flatMap(({ fields }) => fields.parcel ?? []))];

async function begin(cloud: Cloud, tx: Tx, { told }: Batch, kept: readonly store.Waiting[]): Promise<Fold> {
  const named = told.flatMap(({ fields }) => fields.counterpart ?? []);
  const references = told.flatMap(({ wish }) => wish?.reference ?? []);
  const expiries = kept.map(({ parcel }) => expiryOf(parcel));
  // Only a wish whose record says no time asks what was said before.
  const asking = told.filter(({ record, wish }) => wish !== undefined && record.facts.untilMs === undefined);
  return {
    persons: await people.findPersons(cloud, tx, [...named, ...kept.map(({ person }) => person)]),
    waiting: new Map(kept.map((waiting) => [waiting.parcel, waiting])),
    untilMs: await store.untilOfParcels(tx, parcelsIn(asking)),
    taken: await store.takenOf(tx, [...references, ...expiries]),
    queued: [],
    jobs: [],
  };
}

const expiryOf = (parcel: string) => `${parcel}/expiry`;

/** One reference is told once on a channel; what was told before says nothing new about its parcel. */
function tell(fold: Fold, of: { parcel: string; untilMs: number; notices: readonly Queue[] }): void {
  for (const notice of of.notices) {
    const name = `${notice.reference}/${notice.channel}`;
    if (fold.taken.has(name)) continue;
    fold.taken.add(name);
    fold.queued.push(notice);
    fold.untilMs.set(of.parcel, of.untilMs);
  }
}

function step(cloud: Cloud, batch: Batch, told: Told, fold: Fold): void {
  switch (told.record.kind as (typeof KINDS)[number]) {
    case 'grant.issued':
    case 'grant.reissued':
      return tellOfCode(cloud, batch, told, fold);
    case 'parcel.deposited':
      tellOfCode(cloud, batch, told, fold);
      return beginWaiting(cloud, batch, told, fold);
    case 'parcel.collected':
    case 'parcel.removed':
    case 'parcel.held':
      return endWaiting(told, fold);
  }
}

type Named = { parcel: ParcelId; recipient: PersonId; compartment: number };

function namedIn({ record, fields }: Told): Named | undefined {
  const recipient = parseId('person', fields.counterpart ?? '');
  const parcel = parseId('parcel', fields.parcel ?? '');
  const { compartment } = record;
  return recipient && parcel && compartment !== undefined ? { parcel, recipient, compartment } : undefined;
}

/** A bank's record that makes a code carries the wish to tell its recipient. */
function tellOfCode(cloud: Cloud, { bank }: Batch, told: Told, fold: Fold): void {
  const named = namedIn(told);
  if (!told.wish || !named) return;
  const untilMs = told.record.facts.untilMs ?? fold.untilMs.get(named.parcel);
  if (typeof untilMs !== 'number') return;
  const of = { ...named, wish: told.wish, bank, untilMs };
  const notices = wishNotices(cloud, fold.persons.get(named.recipient), of);
  tell(fold, { parcel: named.parcel, untilMs, notices });
}

/** A parcel was put in: its recipient is reminded later. One that waits already is where it was said first. */
function beginWaiting(cloud: Cloud, { tenant, bank }: Batch, told: Told, fold: Fold): void {
  const named = namedIn(told);
  const { untilMs } = told.record.facts;
  if (!named || typeof untilMs !== 'number') return;
  const { parcel, recipient, compartment } = named;
  const waiting = { parcel, person: recipient, bank, compartment, untilMs };
  if (!fold.waiting.has(parcel)) fold.waiting.set(parcel, waiting);
  fold.jobs.push(...remindersOf(cloud, tenant, waiting));
}

/** Collected, taken out or held: no reminder any more. Held because its time ran out, its recipient is told. */
function endWaiting({ record, fields }: Told, fold: Fold): void {
  const parcel = fields.parcel ?? '';
  const waited = fold.waiting.get(parcel);
  fold.waiting.delete(parcel);
  if (!waited || record.kind !== 'parcel.held' || record.facts.why !== 'expired') return;
  const of = { what: 'expiry', reference: expiryOf(parcel) } as const;
  const notices = placeNotices(fold.persons.get(waited.person), waited, of);
  tell(fold, { parcel, untilMs: waited.untilMs, notices });
}

async function keepWaiting(
  tx: Tx,
  before: readonly store.Waiting[],
  after: ReadonlyMap<string, store.Waiting>,
): Promise<void> {
  const kept = new Set(before);
  const gone = before.filter((waiting) => after.get(waiting.parcel) !== waiting);
  await store.dropWaiting(
    tx,
    gone.map(({ parcel }) => parcel),
  );
  await store.putWaiting(
    tx,
    [...after.values()].filter((waiting) => !kept.has(waiting)),
  );
}

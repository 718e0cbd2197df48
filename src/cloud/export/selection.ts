/** What an export is asked for, in words that a person types, and which records that is. */

import { HoldfastError } from '../../domain/errors.ts';
import { COMMITTED_FIELDS, type CommittedField } from '../../domain/facts.ts';
import { type BankId, type ParcelId, type PersonId, parseId, type TenantId } from '../../domain/ids.ts';
import type { Manifest } from '../../ledger/export/format.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { recordsOfEvidence } from '../evidence/evidence.ts';
import * as journal from '../journal/journal.ts';
import * as parcels from '../parcels/parcels.ts';
import { type RecordPlace, rangesOfTime, type Wanted, wasRecorded } from './store.ts';

/** As it stands in the manifest; each id was read as one. */
export type Selection = Manifest['selection'] & {
  bank: BankId | null;
  parcel: ParcelId | null;
  person: PersonId | null;
};

export type Asked = {
  bank?: string | undefined;
  door?: string | undefined;
  parcel?: string | undefined;
  person?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  incident?: string | undefined;
};

/** Why, and who: as long as the manifest takes them. */
export const EXPORT_TEXT_MAX = { purpose: 1_000, name: 200 } as const;

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z)?$/;
/** Above this a list of single records is a span of time, and should be asked for as one. */
const PLACES_MAX = 20_000;
/** What led to an alarm, and what was done when it was over, is part of an incident. */
const AROUND_MS = 15 * 60_000;
/** A person names the minute in which an alarm was raised. */
const RAISED_WITHIN_MS = 60_000;
const SEQ_MAX = Number.MAX_SAFE_INTEGER;

export function readSelection(asked: Asked): Selection {
  const compartment = asked.door === undefined ? null : Number(asked.door);
  if (compartment !== null && !(Number.isInteger(compartment) && compartment >= 1 && compartment <= 9999))
    throw wrong(`--door takes the number on a door, not ${asked.door}`);
  const [fromMs, toMs] = [timeOf('from', asked.from), timeOf('to', asked.to)];
  if (fromMs !== null && toMs !== null && fromMs >= toMs) throw wrong('--from lies before --to');
  const incidentMs = timeOf('incident', asked.incident);
  return alone({
    bank: idOf('bank', asked.bank),
    compartment,
    parcel: idOf('parcel', asked.parcel),
    person: idOf('person', asked.person),
    ...{ fromMs, toMs },
    ...(incidentMs === null ? {} : { incidentMs }),
  });
}

/** An incident is of a bank, and says by itself which records. */
function alone(selection: Selection): Selection {
  const { bank, compartment, parcel, person, fromMs, toMs, incidentMs } = selection;
  if (incidentMs === undefined) return selection;
  if (bank === null) throw wrong('an incident is asked for with its bank');
  if ([compartment, parcel, person, fromMs, toMs].some((one) => one !== null))
    throw wrong('an incident is asked for with its bank and nothing else: it says itself which records');
  return selection;
}

/** The same as a page asks it: numbers, and ids that it was given. */
export function readPlainSelection(asked: Manifest['selection']): Selection {
  const { fromMs, toMs } = asked;
  if (fromMs !== null && toMs !== null && fromMs >= toMs) throw wrong('The time begins before it ends.');
  const id = <K extends 'bank' | 'parcel' | 'person'>(kind: K) => {
    const text = asked[kind];
    const read = text === null ? null : parseId(kind, text);
    if (read === undefined) throw missing(kind);
    return read;
  };
  return alone({ ...asked, bank: id('bank'), parcel: id('parcel'), person: id('person') });
}

function idOf<K extends 'bank' | 'parcel' | 'person'>(kind: K, text: string | undefined) {
  if (text === undefined) return null;
  const id = parseId(kind, text);
  if (!id) throw wrong(`--${kind} takes an id that begins with ${kind}_, not ${text}`);
  return id;
}

function timeOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const atMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!(atMs >= 0))
    throw wrong(`--${name} takes a day or a time in UTC, as 2026-05-31 or 2026-05-31T18:00Z, not ${text}`);
  return atMs;
}

/** A closed list, empty by default: what is named here leaves the house in clear. */
export function readOpened(names: readonly string[]): CommittedField[] {
  const stranger = names.find((name) => !COMMITTED_FIELDS.some((field) => field === name));
  if (stranger !== undefined) throw wrong(`--opened takes ${COMMITTED_FIELDS.join(', ')}; not ${stranger}`);
  return COMMITTED_FIELDS.filter((field) => names.includes(field));
}

/** Throws when bank, parcel or person are nobody here, and when they are of too many records. */
export async function wantedBy(cloud: Cloud, tenant: TenantId, selection: Selection): Promise<Wanted> {
  const { bank, compartment, parcel, person, incidentMs } = selection;
  return cloud.database.snapshot(tenant, async (tx) => {
    if (bank !== null && !(await banks.findBank(tx, bank))) throw missing('bank');
    if (bank !== null && incidentMs !== undefined) {
      const ranges = await rangesOfIncident(tx, { bank, incidentMs, nowMs: cloud.clock.nowMs() });
      if (!ranges)
        throw new HoldfastError('not-found', 'no alarm of this bank was raised within a minute from then');
      return { ranges, places: null, compartment: null };
    }
    const ranges = await rangesOf(tx, selection);
    const lists: RecordPlace[][] = [];
    if (parcel !== null) lists.push(await placesOfParcel(tx, parcel));
    if (person !== null) lists.push(await placesOfPerson(cloud, tx, person));
    return { ranges, places: inAll(lists), compartment };
  });
}

type Ranges = NonNullable<Wanted['ranges']>;

/** By bank and time; null where neither was asked for. */
async function rangesOf(
  tx: Tx,
  { bank, fromMs, toMs }: Pick<Selection, 'bank' | 'fromMs' | 'toMs'>,
): Promise<Ranges | null> {
  if (fromMs !== null || toMs !== null) return [...(await rangesOfTime(tx, { source: bank, fromMs, toMs }))];
  return bank === null ? null : [{ source: bank, first: 1, last: SEQ_MAX }];
}

type Incident = { bank: BankId; incidentMs: number; nowMs: number };

/**
 * From what led to an alarm until it was over and a while longer: all that its bank recorded, and the cloud itself.
 * Undefined when none was raised then. `isOver` says of an end whether it counts; without it each does.
 */
async function rangesOfIncident(
  tx: Tx,
  { bank, incidentMs, nowMs }: Incident,
  isOver: (endedAtMs: number) => Promise<boolean> = () => Promise.resolve(true),
): Promise<Ranges | undefined> {
  const raised = { bank, fromMs: incidentMs, toMs: incidentMs + RAISED_WITHIN_MS };
  const found = await banks.alarmsRaised(tx, raised);
  if (found.length === 0) return undefined;
  const ends: number[] = [];
  for (const { endedAtMs } of found) {
    if (endedAtMs !== null) ends.push(endedAtMs);
    if (endedAtMs === null || !(await isOver(endedAtMs))) ends.push(nowMs);
  }
  const span = {
    fromMs: Math.min(...found.map(({ raisedAtMs }) => raisedAtMs)) - AROUND_MS,
    toMs: Math.max(...ends) + AROUND_MS,
  };
  const both = [bank, tenantOf(tx)].map((source) => rangesOfTime(tx, { source, ...span }));
  return (await Promise.all(both)).flat();
}

/**
 * The ranges of an export that was made before, or more: journals only grow. An alarm stood for it unless its bank had
 * said the end by then; of one that the cloud ended that is not looked up, and it counts as standing.
 */
export async function rangesTaken(
  tx: Tx,
  selection: Selection,
  made: { atMs: number; position: number },
): Promise<Ranges | null> {
  const { bank, incidentMs } = selection;
  if (bank === null || incidentMs === undefined) return rangesOf(tx, selection);
  const incident = { bank, incidentMs, nowMs: made.atMs };
  const ranges = await rangesOfIncident(tx, incident, (atMs) =>
    wasRecorded(tx, { source: bank, atMs, before: made.position }),
  );
  return ranges ?? [bank, tenantOf(tx)].map((source) => ({ source, first: 1, last: SEQ_MAX }));
}

async function placesOfParcel(tx: Tx, parcel: ParcelId): Promise<RecordPlace[]> {
  const found = await parcels.recordsOfParcel(tx, parcel);
  if (!found) throw missing('parcel');
  // What its bank says of it, and what staff attached to it.
  return [
    ...found.seqs.map((seq) => ({ source: found.source as string, seq })),
    ...(await recordsOfEvidence(tx, found.parcel)),
  ];
}

async function placesOfPerson(cloud: Cloud, tx: Tx, person: PersonId): Promise<RecordPlace[]> {
  const places = await journal.recordsAbout(cloud.keys, tx, { person, max: PLACES_MAX });
  if (places.length > PLACES_MAX)
    throw wrong(`more than ${PLACES_MAX} records tell of this person; ask for a part of the time`);
  return places;
}

function inAll(lists: readonly RecordPlace[][]): RecordPlace[] | null {
  const [first, ...others] = lists;
  if (!first) return null;
  const name = ({ source, seq }: RecordPlace) => `${source} ${seq}`;
  const sets = others.map((list) => new Set(list.map(name)));
  return first.filter((place) => sets.every((set) => set.has(name(place))));
}

const wrong = (says: string) => new HoldfastError('input-invalid', says);
const missing = (what: string) => new HoldfastError('not-found', `there is no such ${what} here`);

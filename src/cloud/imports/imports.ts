/**
 * Residents from a list. A preview reads the file and says of each row what it would do; it does nothing. What it said
 * carries a mark, an HMAC under the organisation's own key over the row's effect and over the person as they were. A step
 * does what carries a good mark and nothing else: a row that a preview did not say, that another organisation's said, or
 * whose person has changed since, is left alone, and the others of the step are not.
 *
 * A step is one transaction of a few rows, so that other work of the organisation gets its turn, and a list that was
 * broken off is imported as far as it came; the same file then shows those people as there already. Nothing of a list is
 * kept in between, sealed or not: the file stays with whoever chose it.
 */
import { sql } from 'kysely';
import {
  ALIKE_SHOWN_MAX,
  CHANGEABLE,
  FILE_BYTES_MAX,
  type ImportAct,
  type ImportPreviewed,
  type ImportRow,
  type ImportStepDone,
  type Left,
  type PeopleAlike,
} from '../../contract/http/people-import.ts';
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { equalBytes, hmacSha256 } from '../../crypto/hash.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { PersonId, SiteId, TenantId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as people from '../people/people.ts';
import * as signin from '../signin/signin.ts';
import { alikeAmong, type Judged, type Judgement, judge, type Known, sameKey } from './judge.ts';
import { type List, type ListAsked, readList } from './list.ts';
import type { Draft, Spoilt } from './values.ts';

type Place = { tenant: TenantId; site(tx: Tx): Promise<SiteId> };

/** Two lists of the largest size, or many small ones: what one process reads at the same time is bounded. */
const READ_BYTES_AT_ONCE_MAX = 2 * FILE_BYTES_MAX;
let bytesBeingRead = 0;

export async function preview(cloud: Cloud, place: Place, asked: ListAsked): Promise<ImportPreviewed> {
  const { length } = asked.bytes;
  if (bytesBeingRead + length > READ_BYTES_AT_ONCE_MAX)
    throw new HoldfastError('rate-limited', 'Other long lists are being read; try again in a minute.');
  bytesBeingRead += length;
  try {
    return await previewOf(cloud, place, asked);
  } finally {
    bytesBeingRead -= length;
  }
}

async function previewOf(cloud: Cloud, place: Place, asked: ListAsked): Promise<ImportPreviewed> {
  const { rows, ...list } = await readList(asked);
  // While something is asked, no row can be judged and nobody told to be absent.
  if (list.asks.length > 0) return { ...list, rows: [], absent: [] };
  const { known, marks } = await cloud.database.tenant(place.tenant, async (tx) => {
    const site = await place.site(tx);
    const residents = await people.residents(cloud, tx, site);
    const [key] = await markKeys(cloud, tx);
    if (!key) throw new Error('a tenant has a key');
    return { known: residents.map(knownOf), marks: { key, site } };
  });
  const judgement = judge(
    rows.filter((row) => 'told' in row),
    known,
  );
  requireRoomFor(rows, judgement, known);
  return { ...list, rows: told(rows, judgement, marks), absent: judgement.absent.map(named) };
}

/** Said before anything is done: a list that does not fit would end half way. */
function requireRoomFor(rows: List['rows'], { rows: judged }: Judgement, known: readonly Known[]): void {
  const fresh = rows.flatMap((row) =>
    'told' in row && judged.get(row.row)?.is === 'new' ? [{ ...row.told, accessible: false }] : [],
  );
  const entries = [...known, ...fresh].map(({ name, flat, accessible }) => ({
    ...{ flat, accessible },
    label: people.labelOf(name),
  }));
  if (fresh.length > 0) people.requireRoom(people.sizeOf(entries));
}

function knownOf({ person, profile }: people.Person): Known {
  const { name, flat, email, phone, accessible } = profile;
  return { person, name, flat: flat ?? '', email, phone, accessible };
}

const named = ({ person, name, flat }: Known) => ({ id: person, name, flat });

function told(rows: List['rows'], { rows: judged }: Judgement, marks: Marks): ImportRow[] {
  return rows.map((row) => {
    if ('faults' in row) return spoiltRow(row);
    const verdict = judged.get(row.row);
    if (!verdict) throw new Error('every draft was judged');
    return judgedRow(row, verdict, marks);
  });
}

const SILENT = {
  faults: [],
  cautions: [],
  resident: null,
  changes: [],
  duplicateOf: null,
  act: null,
} satisfies Partial<ImportRow>;

function spoiltRow({ row, cells, faults }: Spoilt): ImportRow {
  return { ...SILENT, row, verdict: 'bad', cells, faults };
}

function judgedRow(draft: Draft, judged: Judged, marks: Marks): ImportRow {
  const { row, cells } = draft;
  const resident = { ...draft.told, accessible: draft.told.accessible ?? false };
  const cautions = ('cautions' in judged ? judged.cautions : []).map(({ caution, about }) => ({
    caution,
    about: about && named(about),
  }));
  const base = { ...SILENT, row, cells, resident, cautions, verdict: judged.is };
  switch (judged.is) {
    case 'new':
      return { ...base, act: marked(marks, { what: 'new', resident }, null) };
    case 'same':
      return { ...base, resident: residentOf(judged.person) };
    case 'change': {
      const set = setOf(judged.changes);
      const act = { what: 'change', person: judged.person.person, set } as const;
      const was = residentOf(judged.person);
      const after = {
        ...was,
        flat: set.flat ?? was.flat,
        email: set.email ?? was.email,
        phone: set.phone ?? was.phone,
        accessible: set.accessible ?? was.accessible,
      };
      const { changes } = judged;
      return { ...base, resident: after, changes, act: marked(marks, act, judged.person) };
    }
    case 'duplicate':
      return { ...base, duplicateOf: judged.of };
    case 'bad':
      return { ...base, faults: [{ fault: judged.fault, column: null }] };
  }
}

const residentOf = ({ person: _, ...resident }: Known) => resident;

type ResidentSet = Extract<ImportAct, { what: 'change' }>['set'];

function setOf(changes: readonly { field: (typeof CHANGEABLE)[number]; to: string }[]): ResidentSet {
  return Object.fromEntries(
    changes.map(({ field, to }) => [field, field === 'accessible' ? to === 'true' : to]),
  );
}

type Unmarked<Act = ImportAct> = Act extends ImportAct ? Omit<Act, 'mark'> : never;

/**
 * Under which a mark may stand, the one of now first: the organisation's own, so that another's marks are no marks here,
 * and the one before, because a preview may be of before that key was replaced.
 */
function markKeys(cloud: Cloud, tx: Tx): Promise<Uint8Array[]> {
  return cloud.keys.indexes(tx, 'people-import/v1', 'marks');
}

/** Under which key, and at which site: who is new at one may be there already at another. */
type Marks = { key: Uint8Array; site: SiteId };

function marked<Act extends Unmarked>(marks: Marks, act: Act, was: Known | null): Act & { mark: string } {
  return { ...act, mark: base64url(markOf(marks, act, was)) };
}

/** Over one spelling of the act, whatever the order in which a client wrote its members. */
function markOf({ key, site }: Marks, act: Unmarked, was: Known | null): Uint8Array {
  const said =
    act.what === 'new'
      ? [act.what, ...residentText(act.resident)]
      : [act.what, act.person, ...CHANGEABLE.map((field) => act.set[field] ?? null)];
  const state = was && [was.person, ...residentText(residentOf(was))];
  return hmacSha256(key, utf8(JSON.stringify([site, said, state])));
}

type Resident = Extract<ImportAct, { what: 'new' }>['resident'];
const residentText = ({ name, flat, email, phone, accessible }: Resident) => [
  name,
  flat,
  email,
  phone,
  accessible,
];

/** Who may be listed twice, site by site: somebody who is listed at two of them is no pair. */
export async function alike(cloud: Cloud, tx: Tx, sites: readonly SiteId[]): Promise<PeopleAlike> {
  const pairs: ReturnType<typeof alikeAmong>[number][] = [];
  for (const site of sites) pairs.push(...alikeAmong((await people.residents(cloud, tx, site)).map(knownOf)));
  return {
    count: pairs.length,
    pairs: pairs
      .slice(0, ALIKE_SHOWN_MAX)
      .map(({ why, older, newer }) => ({ why, older: named(older), newer: named(newer) })),
  };
}

type Step = { site: SiteId; by: PersonId; rows: readonly { row: number; act: ImportAct }[] };

/** Does what a preview said, in the caller's transaction. */
export async function step(cloud: Cloud, tx: Tx, { site, by, rows }: Step): Promise<ImportStepDone> {
  await oneAtATime(tx);
  const marks = (await markKeys(cloud, tx)).map((key) => ({ key, site }));
  const there = await alreadyThere(cloud, tx, { site, rows });
  const residents: people.NewResident[] = [];
  const done: ImportStepDone['rows'] = [];
  for (const { row, act } of rows) {
    const left =
      act.what === 'new' ? whyNotAdd(marks, act, there) : await whyNotChange(cloud, tx, act, marks);
    if (left === null && act.what === 'new') {
      there.add(sameKey(act.resident));
      residents.push(act.resident);
    }
    if (left === null && act.what === 'change')
      await signin.patchPerson(cloud, tx, act.person, { ...act.set, by });
    done.push({ row, done: left === null ? DONE[act.what] : null, left });
  }
  if (residents.length > 0) await people.addResidents(cloud, tx, { site, by, residents });
  return { rows: done };
}

const DONE = { new: 'added', change: 'changed' } as const;

/** Who is there by now in the flats of those that are to be added. */
async function alreadyThere(
  cloud: Cloud,
  tx: Tx,
  { site, rows }: Pick<Step, 'site' | 'rows'>,
): Promise<Set<string>> {
  const flats = rows.flatMap(({ act }) => (act.what === 'new' ? [act.resident.flat] : []));
  const found = await people.residentsOfFlats(cloud, tx, { site, flats });
  return new Set(found.map((person) => sameKey(knownOf(person))));
}

/** Two steps of one organisation at the same time would each not see whom the other adds. */
async function oneAtATime(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('people-import ' || current_setting('holdfast.tenant'), 0))`.execute(
    tx,
  );
}

type ActOf<What> = Extract<ImportAct, { what: What }>;

function whyNotAdd(marks: readonly Marks[], act: ActOf<'new'>, there: ReadonlySet<string>): Left | null {
  if (!hasMark(marks, act, null)) return 'not-as-previewed';
  return there.has(sameKey(act.resident)) ? 'there-already' : null;
}

async function whyNotChange(
  cloud: Cloud,
  tx: Tx,
  act: ActOf<'change'>,
  marks: readonly Marks[],
): Promise<Left | null> {
  await people.lockPerson(tx, act.person);
  const found = await people.findPerson(cloud, tx, act.person);
  if (!found?.active || found.role !== 'resident') return 'not-as-previewed';
  return hasMark(marks, act, knownOf(found)) ? null : 'not-as-previewed';
}

const hasMark = (marks: readonly Marks[], act: ImportAct, was: Known | null): boolean =>
  marks.some((one) => equalBytes(utf8(act.mark), utf8(base64url(markOf(one, act, was)))));

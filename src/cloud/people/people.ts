/**
 * People: residents, couriers, administrators, and the carriers that couriers work for. Who may get a
 * notice is decided here; who may drop off is decided by the roster, which reads its couriers from here.
 *
 * A person's profile is sealed as one value under that person's own key, so that destroying one key
 * forgets the person everywhere.
 */
import { z } from 'zod';
import type { DirectoryEntries } from '../../contract/uplink.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { type CarrierId, idFrom, isId, type PersonId, type SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import type { Noun } from '../noun.ts';
import { flatIndex, flatIndexes, flatsUnderTenantKey, PROFILE_PLACE } from './flats.ts';
import { migrations } from './migrations.ts';
import { type By, record, recordOf } from './records.ts';
import { labelOf, requireRoom, SURELY_FIT, sizeOf } from './room.ts';
import * as store from './store.ts';

export { directoriesTooLong, fitsMessage } from './long-lists.ts';
export type { By } from './records.ts';
export { labelOf, requireRoom, sizeOf } from './room.ts';
export type { Addressee, Carrier, CourierRow, Role, Standing } from './store.ts';

const profileSchema = z.strictObject({
  name: z.string(),
  flat: z.string().nullable(),
  email: z.string().nullable(),
  phone: z.string().nullable(),
  accessible: z.boolean(),
  channels: z.strictObject({ sms: z.boolean(), email: z.boolean() }),
});
export type Profile = z.infer<typeof profileSchema>;

export type Person = {
  person: PersonId;
  role: store.Role;
  site: SiteId | null;
  active: boolean;
  profile: Profile;
};

const OPENED_AT_ONCE = 1000;

export type NewResident = {
  name: string;
  flat: string;
  email: string | null;
  phone: string | null;
  accessible: boolean;
};
type At = { site: SiteId; by: By };

export async function addResident(cloud: Cloud, tx: Tx, of: NewResident & At): Promise<PersonId> {
  const [person] = await addResidents(cloud, tx, { ...of, residents: [of] });
  if (!person) throw new Error('one person was added');
  return person;
}

/** Many at once: each with a key and a record of their own, in a few statements. */
export async function addResidents(
  cloud: Cloud,
  tx: Tx,
  { site, by, residents }: At & { residents: readonly NewResident[] },
): Promise<PersonId[]> {
  const profiles = residents.map((of): Profile => {
    const email = of.email && normalAddress(of.email);
    const channels = { sms: of.phone !== null, email: of.email !== null };
    const { phone, accessible } = of;
    return { name: of.name.trim(), flat: of.flat.trim(), email, phone, accessible, channels };
  });
  const persons = await addAll(cloud, tx, { role: 'resident', site, by, profiles });
  await growDirectory(cloud, tx, { site, profiles });
  return persons;
}

/** Refuses whom the banks' list has no room for, before they are there. */
async function growDirectory(
  cloud: Cloud,
  tx: Tx,
  { site, profiles }: { site: SiteId; profiles: readonly Profile[] },
): Promise<void> {
  const { people, bytes } = await store.bumpDirectory(tx, site, sizeOf(profiles.flatMap(entryOf)));
  if (people !== null && bytes !== null) return requireRoom({ people, bytes });
  // Nobody has counted it since it changed.
  if ((await store.countResidents(tx, site)) <= SURELY_FIT) return;
  const { version, entries } = await directory(cloud, tx, site);
  const size = sizeOf(entries);
  requireRoom(size);
  await store.setDirectorySize(tx, { site, version, ...size });
}

function entryOf({ flat, name, accessible }: Profile): Omit<DirectoryEntries[number], 'person'>[] {
  return flat === null ? [] : [{ flat, label: labelOf(name), accessible }];
}

/** The person only; `signin` gives an administrator a password and a second factor. */
export async function addAdmin(
  cloud: Cloud,
  tx: Tx,
  of: { role: 'admin' | 'super-admin'; name: string; email: string; by: By },
): Promise<PersonId> {
  const profile: Profile = {
    ...bare(of.name),
    email: normalAddress(of.email),
    channels: { sms: false, email: true },
  };
  const address = cloud.keys.estateIndex('email', normalAddress(of.email));
  if (await store.adminHasAddress(tx, address))
    throw new HoldfastError('conflict', 'That address is an administrator already.');
  return await add(cloud, tx, { role: of.role, site: null, profile, by: of.by });
}

export type NewCourier = {
  name: string;
  email: string | null;
  carrier: string;
  badgeHash: string;
  untilMs?: number | null;
  by: By;
};

export async function addCourier(cloud: Cloud, tx: Tx, of: NewCourier): Promise<PersonId> {
  const carrier = (await store.listCarriers(tx)).find((known) => known.carrier === of.carrier)?.carrier;
  if (!carrier) throw new HoldfastError('not-found', 'There is no such carrier here.');
  if (await store.badgeIsKnown(tx, of.badgeHash))
    throw new HoldfastError('conflict', 'That badge belongs to a courier already.');
  const profile: Profile = { ...bare(of.name), email: of.email && normalAddress(of.email) };
  const person = await add(cloud, tx, { role: 'courier', site: null, profile, by: of.by });
  const untilMs = of.untilMs ?? null;
  if (!(await store.insertCourier(tx, { person, carrier, badgeHash: of.badgeHash, untilMs })))
    throw new HoldfastError('conflict', 'That badge belongs to a courier already.');
  return person;
}

export async function addCarrier(
  cloud: Cloud,
  tx: Tx,
  of: { name: string; key: string | null },
): Promise<CarrierId> {
  const carrier = idFrom('carrier', cloud.random.bytes(16));
  await store.insertCarrier(tx, { carrier, name: of.name, key: of.key });
  return carrier;
}

function bare(name: string): Profile {
  return {
    name: name.trim(),
    flat: null,
    email: null,
    phone: null,
    accessible: false,
    channels: { sms: false, email: false },
  };
}

type Add = { role: store.Role; site: SiteId | null; by: By };

async function add(cloud: Cloud, tx: Tx, of: Add & { profile: Profile }): Promise<PersonId> {
  const [person] = await addAll(cloud, tx, { ...of, profiles: [of.profile] });
  if (!person) throw new Error('one person was added');
  return person;
}

async function addAll(
  cloud: Cloud,
  tx: Tx,
  { role, site, by, profiles }: Add & { profiles: readonly Profile[] },
): Promise<PersonId[]> {
  const fresh = profiles.map((profile) => ({ person: idFrom('person', cloud.random.bytes(16)), profile }));
  const persons = fresh.map(({ person }) => person);
  await cloud.keys.makeSubjects(tx, persons);
  const atMs = cloud.clock.nowMs();
  const rows: store.NewPerson[] = [];
  for (const { person, profile } of fresh) {
    const sealed = await sealProfile(cloud, tx, person, profile);
    rows.push({
      person,
      role,
      site,
      profile: sealed,
      flatIndex: await flatIndex(cloud, tx, profile.flat),
      atMs,
    });
  }
  await store.insertPersons(tx, rows);
  await store.insertAddresses(
    tx,
    fresh.map(({ person, profile }) => ({ person, role, address: addressIndex(cloud, profile) })),
  );
  await cloud.journal.recordAll(
    tx,
    persons.map((person) => recordOf({ kind: 'person.added', facts: { role }, person, by })),
  );
  return persons;
}

export type ProfilePatch = { [Key in keyof Profile]?: Profile[Key] | undefined };

/** As `requirePerson`, for whoever changes them: what was read before another's change would be written over it. */
export async function requireForChange(cloud: Cloud, tx: Tx, person: string): Promise<Person> {
  await store.lockPerson(tx, person);
  return requirePerson(cloud, tx, person);
}

/** Changes what is given and leaves the rest. Answers the person as they stand after it. */
export async function patchPerson(
  cloud: Cloud,
  tx: Tx,
  person: string,
  patch: ProfilePatch & { by: By },
): Promise<Person> {
  const before = await requireForChange(cloud, tx, person);
  const { by, ...changes } = patch;
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  const profile = profileSchema.parse({ ...before.profile, ...given });
  if (profile.email) profile.email = normalAddress(profile.email);
  if (!changes.channels) profile.channels = channelsAfter(before.profile, profile);
  const sealed = await sealProfile(cloud, tx, before.person, profile);
  await store.updateProfile(tx, before.person, sealed, await flatIndex(cloud, tx, profile.flat));
  if (profile.email !== before.profile.email)
    await store.setAddress(tx, {
      person: before.person,
      role: before.role,
      address: addressIndex(cloud, profile),
    });
  if (before.site && before.role === 'resident') await store.bumpDirectory(tx, before.site);
  const facts = {
    role: before.role,
    nameChanged: profile.name !== before.profile.name,
    flatChanged: profile.flat !== before.profile.flat,
    contactChanged: profile.email !== before.profile.email || profile.phone !== before.profile.phone,
    preferencesChanged:
      profile.accessible !== before.profile.accessible ||
      JSON.stringify(profile.channels) !== JSON.stringify(before.profile.channels),
  };
  await record(cloud, tx, { kind: 'person.changed', facts, person: before.person, by });
  return { ...before, profile };
}

/** A first number or address is one that messages go to, as it is when somebody is added with it. */
function channelsAfter(before: Profile, { email, phone }: Profile): Profile['channels'] {
  const { channels } = before;
  return {
    sms: channels.sms || (before.phone === null && phone !== null),
    email: channels.email || (before.email === null && email !== null),
  };
}

/** Takes a person out of everything that looks people up. Their key lives until erasure is asked for. */
export async function removePerson(
  cloud: Cloud,
  tx: Tx,
  person: string,
  by: By,
  purpose?: string,
): Promise<Person> {
  const found = await requirePerson(cloud, tx, person);
  await store.markRemoved(tx, found.person, cloud.clock.nowMs());
  await store.setAddress(tx, { person: found.person, role: found.role, address: null });
  if (found.site && found.role === 'resident') await store.bumpDirectory(tx, found.site);
  const facts = { role: found.role };
  await record(cloud, tx, { kind: 'person.removed', facts, person: found.person, by, purpose });
  return { ...found, active: false };
}

/** The person behind an id of this tenant, removed ones included; undefined for any other id. */
export async function findPerson(cloud: Cloud, tx: Tx, person: string): Promise<Person | undefined> {
  return (await findPersons(cloud, tx, [person])).get(person);
}

/** As `findPerson`, for many at once; who is not found is absent. */
export async function findPersons(
  cloud: Cloud,
  tx: Tx,
  persons: readonly string[],
): Promise<Map<string, Person>> {
  const ids = [...new Set(persons)].filter((person) => isId('person', person));
  // Asked for at once: rows and keys come in one round trip, however many they are.
  const [rows] = await Promise.all([store.findPersons(tx, ids), cloud.keys.subjects(tx, ids)]);
  const found = new Map<string, Person>();
  for (const row of rows) found.set(row.person, await opened(cloud, tx, row));
  return found;
}

/** As `findPerson`, for one who is active; a foreign or removed id is not found. */
export async function requirePerson(cloud: Cloud, tx: Tx, person: string): Promise<Person> {
  const found = await findPerson(cloud, tx, person);
  if (!found?.active) throw new HoldfastError('not-found', 'There is nobody here by that id.');
  return found;
}

/** In the order in which they were added. */
export async function listPeople(
  cloud: Cloud,
  tx: Tx,
  of: { role: store.Role | null; asked: PageAsked },
): Promise<Page<Person>> {
  const { rows, nextCursor } = await pageOf<store.PersonRow>(cloud, tx, {
    name: 'people',
    filter: [of.role],
    asked: of.asked,
    read: (after, limit) =>
      store.listPersons(tx, { role: of.role, afterOrd: Number(after?.[0] ?? 0), limit }),
    position: ({ ord }) => [ord],
  });
  return { rows: await allOpened(cloud, tx, rows), nextCursor };
}

/** The active residents of a site, in the order in which they were added. */
export async function residents(cloud: Cloud, tx: Tx, site: SiteId): Promise<Person[]> {
  return await allOpened(cloud, tx, await store.residentsOf(tx, site));
}

/** Those of them who live in one of these flats, however it is written. */
export async function residentsOfFlats(
  cloud: Cloud,
  tx: Tx,
  { site, flats }: { site: SiteId; flats: readonly string[] },
): Promise<Person[]> {
  const indexes = await flatIndexes(cloud, tx, flats);
  return await allOpened(cloud, tx, await store.residentsOfFlats(tx, site, indexes));
}

async function allOpened(cloud: Cloud, tx: Tx, rows: readonly store.PersonRow[]): Promise<Person[]> {
  const shown: Person[] = [];
  for (let at = 0; at < rows.length; at += OPENED_AT_ONCE) {
    const some = rows.slice(at, at + OPENED_AT_ONCE);
    // Fetched at once; each would otherwise be a query of its own. And in parts: a transaction that computes for long
    // and asks nothing is taken for one whose process has stopped.
    await cloud.keys.subjects(
      tx,
      some.map((row) => row.person),
    );
    for (const row of some) shown.push(await opened(cloud, tx, row));
  }
  return shown;
}

/** What the kiosks of a site need to find a recipient, and no more. */
export async function directory(
  cloud: Cloud,
  tx: Tx,
  site: SiteId,
): Promise<{ version: number; entries: DirectoryEntries }> {
  const entries: DirectoryEntries = [];
  for (const { profile, person } of await residents(cloud, tx, site))
    entries.push(...entryOf(profile).map((entry) => ({ person, ...entry })));
  return { version: await store.directoryVersion(tx, site), entries };
}

export const { directoryVersion, lockPerson, lockAdmins, blank, removedBefore } = store;
export const { countRemovedBefore, countStates, withoutKey, holdActive, setSuspendedUntil } = store;
export const { listCarriers: carriers, listCouriers: couriers, couriersFrom, findCourier: courier } = store;

/** Whose address is this, over all tenants? The one question asked before a tenant is known. */
export async function addressees(
  cloud: Cloud,
  estateTx: Tx,
  email: string,
  roles: readonly store.Role[],
): Promise<store.Addressee[]> {
  return await store.findAddressees(estateTx, cloud.keys.estateIndex('email', normalAddress(email)), roles);
}

/** Mail hosts do not tell capitals apart, though RFC 5321 section 2.4 would let them. */
export function normalAddress(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}

async function opened(cloud: Cloud, tx: Tx, row: store.PersonRow): Promise<Person> {
  const text = await cloud.keys.openFor(tx, row.person, PROFILE_PLACE, row.profile);
  // A person whose key was destroyed is a row without a name; records still point at it.
  const profile = text === undefined ? bare('(erased)') : profileSchema.parse(JSON.parse(text));
  return { person: row.person, role: row.role, site: row.site, active: row.active, profile };
}

async function sealProfile(cloud: Cloud, tx: Tx, person: PersonId, profile: Profile): Promise<Uint8Array> {
  return await cloud.keys.sealFor(tx, person, PROFILE_PLACE, JSON.stringify(profile));
}

function addressIndex(cloud: Cloud, profile: Profile): Uint8Array | null {
  return profile.email === null ? null : cloud.keys.estateIndex('email', profile.email);
}

export const people = { migrations, underTenantKey: [flatsUnderTenantKey] } satisfies Noun;

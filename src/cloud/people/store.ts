/** All SQL about people, carriers and couriers. */
import { sql } from 'kysely';
import type { CarrierId, PersonId, SiteId, TenantId } from '../../domain/ids.ts';
import { planned, type Tx } from '../../platform/database.ts';

export const ROLES = ['resident', 'courier', 'admin', 'super-admin'] as const;
export type Role = (typeof ROLES)[number];

export type PersonRow = {
  person: PersonId;
  role: Role;
  site: SiteId | null;
  active: boolean;
  profile: Uint8Array;
  ord: number;
};
type PersonSql = {
  person_id: PersonId;
  role: Role;
  site_id: SiteId | null;
  state: string;
  profile: Uint8Array;
  ord: number;
};

const personOf = (row: PersonSql): PersonRow => ({
  person: row.person_id,
  role: row.role,
  site: row.site_id,
  active: row.state === 'active',
  profile: row.profile,
  ord: row.ord,
});

export type NewPerson = {
  person: PersonId;
  role: Role;
  site: SiteId | null;
  profile: Uint8Array;
  flatIndex: Uint8Array | null;
  atMs: number;
};

export async function insertPersons(tx: Tx, all: readonly NewPerson[]): Promise<void> {
  if (all.length === 0) return;
  const rows = all.map(
    (of) =>
      sql`(${of.person}, ${of.role}, ${of.site}, 'active', ${of.profile}, ${of.flatIndex}, ${of.atMs}::bigint)`,
  );
  await sql`insert into persons (person_id, role, site_id, state, profile, flat_index, added_at_ms)
    values ${sql.join(rows)}`.execute(tx);
}

/** Of somebody who is active, as whoever calls it has seen under their lock: anybody else is a bug. */
export async function updateProfile(
  tx: Tx,
  person: PersonId,
  profile: Uint8Array,
  flatIndex: Uint8Array | null,
): Promise<void> {
  const done = await sql`update persons set profile = ${profile}, flat_index = ${flatIndex}
    where person_id = ${person} and state = 'active'`.execute(tx);
  if (Number(done.numAffectedRows ?? 0) !== 1)
    throw new Error('a profile was changed of somebody who is not active');
}

/** False when there was nobody to remove. */
export async function markRemoved(tx: Tx, person: PersonId, atMs: number): Promise<boolean> {
  const done = await sql`update persons set state = 'removed', removed_at_ms = ${atMs}, flat_index = null
    where person_id = ${person} and state = 'active'`.execute(tx);
  return Number(done.numAffectedRows ?? 0) === 1;
}

/** True when the person is active, and stays so until this transaction has ended. */
export async function holdActive(tx: Tx, person: PersonId): Promise<boolean> {
  const held =
    await sql`select 1 from persons where person_id = ${person} and state = 'active' for share`.execute(tx);
  return held.rows.length === 1;
}

const selectPersons = planned<PersonSql>(`
  select person_id, role, site_id, state, profile, ord from persons where person_id = any($1::text[])`);

export async function findPersons(tx: Tx, persons: readonly string[]): Promise<PersonRow[]> {
  if (persons.length === 0) return [];
  return (await selectPersons(tx, persons)).map(personOf);
}

/** Active people of a role in the order in which they were added, from after `afterOrd`. */
export async function listPersons(
  tx: Tx,
  of: { role: Role | null; afterOrd: number; limit: number },
): Promise<PersonRow[]> {
  const found = await sql<PersonSql>`select * from persons
    where state = 'active' and (${of.role}::text is null or role = ${of.role}) and ord > ${of.afterOrd}
    order by ord limit ${of.limit}`.execute(tx);
  return found.rows.map(personOf);
}

export async function residentsOf(tx: Tx, site: SiteId): Promise<PersonRow[]> {
  const found = await sql<PersonSql>`select * from persons
    where role = 'resident' and state = 'active' and site_id = ${site} order by ord`.execute(tx);
  return found.rows.map(personOf);
}

export async function residentsOfFlats(
  tx: Tx,
  site: SiteId,
  flats: readonly Uint8Array[],
): Promise<PersonRow[]> {
  const found = await sql<PersonSql>`select * from persons
    where role = 'resident' and state = 'active' and site_id = ${site} and flat_index = any(${flats.map((flat) => Buffer.from(flat))}::bytea[])
    order by ord`.execute(tx);
  return found.rows.map(personOf);
}

/** Those who have an index of a flat, by their ids; locked until the transaction ends. */
export async function indexedAfter(
  tx: Tx,
  after: string,
  limit: number,
): Promise<{ person: PersonId; profile: Uint8Array }[]> {
  const { rows } = await sql<{ person: PersonId; profile: Uint8Array }>`
    select person_id as person, profile from persons
    where flat_index is not null and person_id > ${after} order by person_id limit ${limit} for update`.execute(
    tx,
  );
  return rows.map(({ person, profile }) => ({ person, profile: new Uint8Array(profile) }));
}

export async function setFlatIndex(tx: Tx, person: PersonId, index: Uint8Array | null): Promise<void> {
  await sql`update persons set flat_index = ${index} where person_id = ${person}`.execute(tx);
}

export type Directory = { version: number; people: number | null; bytes: number | null };

/**
 * Another version. How long the list is stays known where it only grows by `grows`; else it is counted anew by whoever
 * needs it. The row is locked until the transaction ends, so no two see the same room.
 */
export async function bumpDirectory(
  tx: Tx,
  site: SiteId,
  grows?: { people: number; bytes: number },
): Promise<Directory> {
  const { people, bytes } = grows ?? { people: null, bytes: null };
  const bumped = await sql<Directory>`insert into directory_versions (site_id, version, people, bytes)
    values (${site}, 1, ${people}::int, ${bytes}::bigint)
    on conflict (site_id) do update set version = directory_versions.version + 1,
      people = directory_versions.people + ${people}::int, bytes = directory_versions.bytes + ${bytes}::bigint
    returning version, people, bytes`.execute(tx);
  const [row] = bumped.rows;
  if (!row) throw new Error('one row was written');
  return row;
}

export async function directoryVersion(tx: Tx, site: SiteId): Promise<number> {
  const found = await sql<{
    version: number;
  }>`select version from directory_versions where site_id = ${site}`.execute(tx);
  return found.rows[0]?.version ?? 0;
}

export async function countResidents(tx: Tx, site: SiteId): Promise<number> {
  const found = await sql<{
    n: number;
  }>`select count(*)::int as n from persons where site_id = ${site} and role = 'resident' and state = 'active'`.execute(
    tx,
  );
  return found.rows[0]?.n ?? 0;
}

/** Of the version that is there still. False when it is known already, or another by now. */
export async function setDirectorySize(
  tx: Tx,
  of: { site: SiteId; version: number; people: number; bytes: number },
): Promise<boolean> {
  const done = await sql`update directory_versions set people = ${of.people}, bytes = ${of.bytes}
    where site_id = ${of.site} and version = ${of.version} and bytes is distinct from ${of.bytes}::bigint`.execute(
    tx,
  );
  return Number(done.numAffectedRows ?? 0) === 1;
}

export async function directoriesOver(
  tx: Tx,
  bytes: number,
): Promise<{ site: SiteId; people: number; bytes: number }[]> {
  const { rows } = await sql<{ site: SiteId; people: number; bytes: number }>`
    select site_id as site, people, bytes from directory_versions where bytes > ${bytes}`.execute(tx);
  return rows;
}

type Address = { person: PersonId; role: Role; address: Uint8Array | null };

/** Addresses under which a person signs in. An address taken by another admin breaks a unique index. */
export async function setAddress(tx: Tx, of: Address): Promise<void> {
  await sql`delete from address_index where person_id = ${of.person}`.execute(tx);
  await insertAddresses(tx, [of]);
}

/** Of people who have none yet. */
export async function insertAddresses(tx: Tx, all: readonly Address[]): Promise<void> {
  const rows = all
    .filter(({ address }) => address !== null)
    .map((of) => sql`(${of.address}, ${of.person}, ${of.role})`);
  if (rows.length === 0) return;
  await sql`insert into address_index (address, person_id, role) values ${sql.join(rows)}`.execute(tx);
}

/** Is this address an administrator's already, in this tenant? */
export async function adminHasAddress(tx: Tx, address: Uint8Array): Promise<boolean> {
  const found =
    await sql`select 1 from address_index where address = ${address} and role in ('admin', 'super-admin')`.execute(
      tx,
    );
  return found.rows.length > 0;
}

export type Addressee = { tenant: TenantId; person: PersonId; role: Role };

/** Of each tenant: a family shares one, and an organisation that enters a stranger's many times takes nobody else's place. */
const ADDRESSEES_OF_ONE = 5;

/** Whose address is this, over all tenants? For sign-in, before the tenant is known. */
export async function findAddressees(
  tx: Tx,
  address: Uint8Array,
  roles: readonly Role[],
): Promise<Addressee[]> {
  const found = await sql<{
    tenant_id: TenantId;
    person_id: PersonId;
    role: Role;
  }>`select tenant_id, person_id, role from (
      select *, row_number() over (partition by tenant_id order by person_id) as nth
      from address_index where address = ${address} and role = any(${[...roles]}::text[])) found
    where nth <= ${ADDRESSEES_OF_ONE} order by person_id`.execute(tx);
  return found.rows.map((row) => ({ tenant: row.tenant_id, person: row.person_id, role: row.role }));
}

export type Carrier = { carrier: CarrierId; name: string; key: string | null };

export async function insertCarrier(tx: Tx, of: Carrier): Promise<void> {
  await sql`insert into carriers (carrier_id, name, key) values (${of.carrier}, ${of.name}, ${of.key})`.execute(
    tx,
  );
}

export async function listCarriers(tx: Tx): Promise<Carrier[]> {
  const found = await sql<{
    carrier_id: CarrierId;
    name: string;
    key: string | null;
  }>`select carrier_id, name, key from carriers order by ord`.execute(tx);
  return found.rows.map((row) => ({ carrier: row.carrier_id, name: row.name, key: row.key }));
}

export type CourierRow = {
  person: PersonId;
  carrier: CarrierId;
  badgeHash: string;
  untilMs: number | null;
  active: boolean;
  suspendedUntilMs: number | null;
  ord: number;
};
type CourierSql = {
  person_id: PersonId;
  carrier_id: CarrierId;
  badge_hash: string;
  until_ms: number | null;
  state: string;
  suspended_until_ms: number | null;
  ord: number;
};

const courierOf = (row: CourierSql): CourierRow => ({
  person: row.person_id,
  carrier: row.carrier_id,
  badgeHash: row.badge_hash,
  untilMs: row.until_ms,
  active: row.state === 'active',
  suspendedUntilMs: row.suspended_until_ms,
  ord: row.ord,
});

/** False when the badge belongs to somebody by now: two may be added at the same time. */
export async function insertCourier(
  tx: Tx,
  of: { person: PersonId; carrier: CarrierId; badgeHash: string; untilMs: number | null },
): Promise<boolean> {
  const added = await sql`insert into couriers (person_id, carrier_id, badge_hash, until_ms)
    values (${of.person}, ${of.carrier}, ${of.badgeHash}, ${of.untilMs})
    on conflict (tenant_id, badge_hash) do nothing`.execute(tx);
  return added.numAffectedRows === 1n;
}

export async function listCouriers(tx: Tx): Promise<CourierRow[]> {
  const found =
    await sql<CourierSql>`select couriers.*, persons.state, persons.ord from couriers join persons using (person_id) order by persons.ord`.execute(
      tx,
    );
  return found.rows.map(courierOf);
}

type CouriersFrom = { also: readonly PersonId[]; only?: PersonId; afterOrd: number; limit: number };

/** Active couriers and those of `also`, in the order in which they were added, from after `afterOrd`. */
export async function couriersFrom(tx: Tx, of: CouriersFrom): Promise<CourierRow[]> {
  const found = await sql<CourierSql>`select couriers.*, persons.state, persons.ord
    from couriers join persons using (person_id)
    where (persons.state = 'active' or person_id = any(${[...of.also]}::text[])) and persons.ord > ${of.afterOrd}
      and (${of.only ?? null}::text is null or person_id = ${of.only ?? null})
    order by persons.ord limit ${of.limit}`.execute(tx);
  return found.rows.map(courierOf);
}

export async function findCourier(tx: Tx, person: string): Promise<CourierRow | undefined> {
  const found =
    await sql<CourierSql>`select couriers.*, persons.state, persons.ord from couriers join persons using (person_id)
    where couriers.person_id = ${person} for update of couriers`.execute(tx);
  return found.rows[0] && courierOf(found.rows[0]);
}

export async function badgeIsKnown(tx: Tx, badgeHash: string): Promise<boolean> {
  return (await sql`select 1 from couriers where badge_hash = ${badgeHash}`.execute(tx)).rows.length > 0;
}

export async function setSuspendedUntil(tx: Tx, person: PersonId, untilMs: number | null): Promise<void> {
  await sql`update couriers set suspended_until_ms = ${untilMs} where person_id = ${person}`.execute(tx);
}

/** What stands of a person, locked until the transaction ends. */
export type Standing = { person: PersonId; role: Role; state: 'active' | 'removed' | 'erased' };

export async function lockPerson(tx: Tx, person: string): Promise<Standing | undefined> {
  const { rows } = await sql<Standing>`select person_id as person, role, state from persons
    where person_id = ${person} for update`.execute(tx);
  return rows[0];
}

/** The active administrators, locked until the transaction ends: whoever asks how many they are removes one alone. */
export async function lockAdmins(tx: Tx): Promise<PersonId[]> {
  const { rows } = await sql<{ person: PersonId }>`select person_id as person from persons
    where state = 'active' and role in ('admin', 'super-admin') order by ord for update`.execute(tx);
  return rows.map(({ person }) => person);
}

/** Nothing is left but an id and a role. Who was active still is off the list for the banks from now on. */
export async function blank(tx: Tx, person: PersonId): Promise<void> {
  const { rows } = await sql<{ site: SiteId }>`select site_id as site from persons
    where person_id = ${person} and state = 'active' and role = 'resident' and site_id is not null`.execute(
    tx,
  );
  for (const { site } of rows) await bumpDirectory(tx, site);
  await sql`delete from couriers where person_id = ${person}`.execute(tx);
  await sql`delete from address_index where person_id = ${person}`.execute(tx);
  await sql`update persons set state = 'erased', profile = ''::bytea, flat_index = null, site_id = null
    where person_id = ${person}`.execute(tx);
}

/** Residents who were removed before a moment, the longest gone first. */
export async function removedBefore(tx: Tx, of: { beforeMs: number; limit: number }): Promise<PersonId[]> {
  const { rows } = await sql<{ person: PersonId }>`select person_id as person from persons
    where state = 'removed' and role = 'resident' and removed_at_ms <= ${of.beforeMs}
    order by removed_at_ms, ord limit ${of.limit}`.execute(tx);
  return rows.map(({ person }) => person);
}

/** How many residents were removed by then, and when the first of them was. */
export async function countRemovedBefore(
  tx: Tx,
  beforeMs: number,
): Promise<{ count: number; longestGoneAtMs: number | null }> {
  const { rows } = await sql<{ count: number; longestGoneAtMs: number | null }>`select count(*)::int as count,
    min(removed_at_ms) as "longestGoneAtMs" from persons
    where state = 'removed' and role = 'resident' and removed_at_ms <= ${beforeMs}`.execute(tx);
  return rows[0] ?? { count: 0, longestGoneAtMs: null };
}

export async function countStates(tx: Tx): Promise<{ removed: number; erased: number }> {
  const { rows } = await sql<{ removed: number; erased: number }>`select
    count(*) filter (where state = 'removed')::int as removed, count(*) filter (where state = 'erased')::int as erased
    from persons where state <> 'active'`.execute(tx);
  return rows[0] ?? { removed: 0, erased: 0 };
}

/** Persons of whom a row is there, and no key: a backup was put back that is older than their erasure. */
export async function withoutKey(tx: Tx): Promise<PersonId[]> {
  const { rows } = await sql<{ person: PersonId }>`select person_id as person from persons p
    where state <> 'erased' and not exists (select 1 from subject_keys k where k.person_id = p.person_id)`.execute(
    tx,
  );
  return rows.map(({ person }) => person);
}

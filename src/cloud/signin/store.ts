/** All SQL about credentials of administrators, sessions, and links. */
import { sql } from 'kysely';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { planned, type Tx } from '../../platform/database.ts';
import type { App } from '../http/http.ts';

export type AdminRole = 'admin' | 'super-admin';

export async function insertCredential(
  tx: Tx,
  of: { person: PersonId; role: AdminRole; passwordHash: string; totpSealed: Uint8Array },
): Promise<void> {
  await sql`insert into admin_credentials (person_id, role, password_hash, totp_secret)
    values (${of.person}, ${of.role}, ${of.passwordHash}, ${of.totpSealed})`.execute(tx);
}

/** Another password and second factor; what was counted against the ones before is over with them. */
export async function replaceCredential(
  tx: Tx,
  of: { person: PersonId; passwordHash: string; totpSealed: Uint8Array },
): Promise<AdminRole | undefined> {
  const done = await sql<{ role: AdminRole }>`update admin_credentials
    set password_hash = ${of.passwordHash}, totp_secret = ${of.totpSealed}, last_step = 0,
      tries = 0, tries_since_ms = 0, failures = 0, locked_out_at_ms = 0
    where person_id = ${of.person} returning role`.execute(tx);
  return done.rows[0]?.role;
}

/** Since when how many, and how many in a row that failed. */
export type Tries = { tries: number; sinceMs: number; failures: number };

export type Credential = Tries & {
  role: AdminRole;
  passwordHash: string;
  totpSealed: Uint8Array;
  lastStep: number;
  /** When a try beyond the limit was last recorded. */
  lockedOutAtMs: number;
};

/** Locked until the transaction ends, so that tries are counted one after the other. */
export async function lockCredential(tx: Tx, person: PersonId): Promise<Credential | undefined> {
  const found =
    await sql<Credential>`select role, password_hash as "passwordHash", totp_secret as "totpSealed",
    last_step as "lastStep", tries, tries_since_ms as "sinceMs", failures, locked_out_at_ms as "lockedOutAtMs"
    from admin_credentials where person_id = ${person} for update`.execute(tx);
  return found.rows[0];
}

export async function setTries(tx: Tx, person: PersonId, of: Tries): Promise<void> {
  await sql`update admin_credentials set tries = ${of.tries}, tries_since_ms = ${of.sinceMs}, failures = ${of.failures}
    where person_id = ${person}`.execute(tx);
}

export async function setLockedOut(tx: Tx, person: PersonId, nowMs: number): Promise<void> {
  await sql`update admin_credentials set locked_out_at_ms = ${nowMs} where person_id = ${person}`.execute(tx);
}

export async function countTurnedAway(tx: Tx, person: PersonId, nowMs: number): Promise<void> {
  await sql`update admin_credentials set turned_away = turned_away + 1,
    turned_away_since_ms = case when turned_away = 0 then ${nowMs} else turned_away_since_ms end
    where person_id = ${person}`.execute(tx);
}

export type TurnedAway = { role: AdminRole; count: number; sinceMs: number };

/** What was counted, once: whoever takes it records it. Undefined when there is nothing. */
export async function takeTurnedAway(tx: Tx, person: PersonId): Promise<TurnedAway | undefined> {
  const found =
    await sql<TurnedAway>`with counted as (select person_id, role, turned_away, turned_away_since_ms
      from admin_credentials where person_id = ${person} and turned_away > 0 for update)
    update admin_credentials set turned_away = 0 from counted where admin_credentials.person_id = counted.person_id
    returning counted.role, counted.turned_away as count, counted.turned_away_since_ms as "sinceMs"`.execute(
      tx,
    );
  return found.rows[0];
}

export async function turnedAwayBefore(tx: Tx, sinceBeforeMs: number): Promise<PersonId[]> {
  const found = await sql<{ person_id: PersonId }>`select person_id from admin_credentials
    where turned_away > 0 and turned_away_since_ms <= ${sinceBeforeMs} order by person_id`.execute(tx);
  return found.rows.map((row) => row.person_id);
}

export async function forgive(
  tx: Tx,
  { person, tries }: { person: PersonId; tries: boolean },
): Promise<void> {
  await sql`update admin_credentials set failures = 0, tries = case when ${tries} then 0 else tries end
    where person_id = ${person}`.execute(tx);
}

/** A device of this account and of no other. */
export async function lockDevice(
  tx: Tx,
  of: { device: Uint8Array; person: PersonId; madeAfterMs: number },
): Promise<Tries | undefined> {
  const found = await sql<Tries>`select tries, tries_since_ms as "sinceMs", failures from sign_in_devices
    where token_hash = ${of.device} and person_id = ${of.person} and made_at_ms > ${of.madeAfterMs} for update`.execute(
    tx,
  );
  return found.rows[0];
}

export async function setDeviceTries(tx: Tx, device: Uint8Array, of: Tries): Promise<void> {
  await sql`update sign_in_devices set tries = ${of.tries}, tries_since_ms = ${of.sinceMs}, failures = ${of.failures}
    where token_hash = ${device}`.execute(tx);
}

export async function insertDevice(
  tx: Tx,
  of: { device: Uint8Array; person: PersonId; nowMs: number },
): Promise<void> {
  await sql`insert into sign_in_devices (token_hash, person_id, made_at_ms)
    values (${of.device}, ${of.person}, ${of.nowMs})`.execute(tx);
}

export async function deleteDevice(tx: Tx, device: Uint8Array): Promise<void> {
  await sql`delete from sign_in_devices where token_hash = ${device}`.execute(tx);
}

/** All but the newest. */
export async function deleteOldDevices(tx: Tx, of: { person: PersonId; keep: number }): Promise<void> {
  await sql`delete from sign_in_devices where token_hash in (select token_hash from sign_in_devices
    where person_id = ${of.person} order by made_at_ms desc, token_hash offset ${of.keep})`.execute(tx);
}

/** Uses a time step up. False when it, or a later one, was used before: two requests race for one row. */
export async function spendStep(tx: Tx, person: PersonId, step: number): Promise<boolean> {
  const done =
    await sql`update admin_credentials set last_step = ${step} where person_id = ${person} and last_step < ${step}`.execute(
      tx,
    );
  return Number(done.numAffectedRows ?? 0) === 1;
}

export type Session = {
  tokenHash: Uint8Array;
  tenant: TenantId;
  person: PersonId;
  app: App;
  role: string;
  beganAtMs: number;
  seenAtMs: number;
};
type SessionSql = {
  token_hash: Uint8Array;
  tenant_id: TenantId;
  person_id: PersonId;
  app: App;
  role: string;
  began_at_ms: number;
  seen_at_ms: number;
};

const sessionOf = (row: SessionSql): Session => ({
  tokenHash: row.token_hash,
  tenant: row.tenant_id,
  person: row.person_id,
  app: row.app,
  role: row.role,
  beganAtMs: row.began_at_ms,
  seenAtMs: row.seen_at_ms,
});

export async function insertSession(
  tx: Tx,
  of: { tokenHash: Uint8Array; person: PersonId; app: App; role: string; nowMs: number },
): Promise<void> {
  await sql`insert into sessions (token_hash, person_id, app, role, began_at_ms, seen_at_ms)
    values (${of.tokenHash}, ${of.person}, ${of.app}, ${of.role}, ${of.nowMs}, ${of.nowMs})`.execute(tx);
}

const selectSession = planned<SessionSql>(`
  select token_hash, tenant_id, person_id, app, role, began_at_ms, seen_at_ms from sessions where token_hash = $1`);

/** Works in a transaction without a tenant, too. */
export async function findSession(tx: Tx, tokenHash: Uint8Array): Promise<Session | undefined> {
  const [found] = await selectSession(tx, tokenHash);
  return found && sessionOf(found);
}

export async function touchSession(tx: Tx, tokenHash: Uint8Array, nowMs: number): Promise<void> {
  await sql`update sessions set seen_at_ms = greatest(seen_at_ms, ${nowMs}) where token_hash = ${tokenHash}`.execute(
    tx,
  );
}

/** False when the session had ended already. */
export async function deleteSession(tx: Tx, tokenHash: Uint8Array): Promise<boolean> {
  const done = await sql`delete from sessions where token_hash = ${tokenHash}`.execute(tx);
  return Number(done.numAffectedRows ?? 0) === 1;
}

export async function deleteSessionsOf(tx: Tx, person: PersonId): Promise<Session[]> {
  const found = await sql<SessionSql>`delete from sessions where person_id = ${person} returning *`.execute(
    tx,
  );
  await sql`delete from sign_in_links where person_id = ${person}`.execute(tx);
  await deleteOldDevices(tx, { person, keep: 0 });
  return found.rows.map(sessionOf);
}

/** Sessions of an app that nobody used since, or that began before; over all tenants. */
export async function staleSessions(
  tx: Tx,
  of: { app: App; seenBeforeMs: number; beganBeforeMs: number },
): Promise<Session[]> {
  const found = await sql<SessionSql>`select * from sessions
    where app = ${of.app} and (seen_at_ms <= ${of.seenBeforeMs} or began_at_ms <= ${of.beganBeforeMs}) limit 500`.execute(
    tx,
  );
  return found.rows.map(sessionOf);
}

export type LinkApp = 'resident' | 'courier';
export type Link = { tenant: TenantId; person: PersonId; app: LinkApp; madeAtMs: number; used: boolean };

export async function insertLink(
  tx: Tx,
  of: { tokenHash: Uint8Array; person: PersonId; app: LinkApp; nowMs: number },
): Promise<void> {
  await sql`insert into sign_in_links (token_hash, person_id, app, made_at_ms)
    values (${of.tokenHash}, ${of.person}, ${of.app}, ${of.nowMs})`.execute(tx);
}

/** Links of a person are counted and made by one transaction at a time. */
export async function lockLinksOf(tx: Tx, person: PersonId): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`sign-in-links ${person}`}, 0))`.execute(tx);
}

export async function linksSince(tx: Tx, person: PersonId, sinceMs: number): Promise<number> {
  const found = await sql<{
    n: number;
  }>`select count(*)::int as n from sign_in_links where person_id = ${person} and made_at_ms > ${sinceMs}`.execute(
    tx,
  );
  return found.rows[0]?.n ?? 0;
}

/** Works in a transaction without a tenant, too. */
export async function findLink(tx: Tx, tokenHash: Uint8Array): Promise<Link | undefined> {
  const found = await sql<{
    tenant_id: TenantId;
    person_id: PersonId;
    app: LinkApp;
    made_at_ms: number;
    used_at_ms: number | null;
  }>`
    select * from sign_in_links where token_hash = ${tokenHash}`.execute(tx);
  const row = found.rows[0];
  return (
    row && {
      tenant: row.tenant_id,
      person: row.person_id,
      app: row.app,
      madeAtMs: row.made_at_ms,
      used: row.used_at_ms !== null,
    }
  );
}

/** Uses a link up. False when it was used before: two requests race for one row. */
export async function spendLink(tx: Tx, tokenHash: Uint8Array, nowMs: number): Promise<boolean> {
  const done =
    await sql`update sign_in_links set used_at_ms = ${nowMs} where token_hash = ${tokenHash} and used_at_ms is null`.execute(
      tx,
    );
  return Number(done.numAffectedRows ?? 0) === 1;
}

/** Notes that a link let nobody in. False when that was noted before. */
export async function noteRefused(tx: Tx, tokenHash: Uint8Array): Promise<boolean> {
  const done =
    await sql`update sign_in_links set refused = true where token_hash = ${tokenHash} and not refused`.execute(
      tx,
    );
  return Number(done.numAffectedRows ?? 0) === 1;
}

export async function oldLinkTenants(tx: Tx, madeBeforeMs: number): Promise<TenantId[]> {
  const found = await sql<{
    tenant_id: TenantId;
  }>`select distinct tenant_id from sign_in_links where made_at_ms <= ${madeBeforeMs}`.execute(tx);
  return found.rows.map((row) => row.tenant_id);
}

export async function deleteOldLinks(tx: Tx, madeBeforeMs: number): Promise<void> {
  await sql`delete from sign_in_links where made_at_ms <= ${madeBeforeMs}`.execute(tx);
}

/** Sessions, links, known browsers, password and second factor of a person. */
export async function deleteAllOf(tx: Tx, person: PersonId): Promise<void> {
  for (const table of ['sessions', 'sign_in_links', 'sign_in_devices', 'admin_credentials'])
    await sql`delete from ${sql.table(table)} where person_id = ${person}`.execute(tx);
}

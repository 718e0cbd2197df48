/** SQL of sites, banks and enrolment codes. */
import { sql } from 'kysely';
import type { HelloMessage } from '../../contract/uplink.ts';
import type { BankLayout } from '../../domain/bank.ts';
import type { BankId, SiteId, TenantId } from '../../domain/ids.ts';
import { type Tx, tables } from '../../platform/database.ts';

/** `tenant_id` is filled in and compared by the database; no query of a tenant's transaction names it. */
type BankTables = {
  sites: { site_id: SiteId; name: string; created_at_ms: number };
  banks: {
    bank_id: BankId;
    site_id: SiteId;
    name: string;
    registered_at_ms: number;
    key: Uint8Array | null;
    seal_key: Uint8Array | null;
    enrolled_at_ms: number | null;
    certificate: string | null;
    certificate_until_ms: number | null;
    connected: boolean | null;
    last_heard_ms: number | null;
    roster_applied: number;
    roster_applied_at_ms: number | null;
    roster_refused: string | null;
  };
  bank_index: {
    bank_id: BankId;
    certificate: Uint8Array | null;
    renewed: Uint8Array | null;
    retired?: boolean;
  };
  enrolment_codes: {
    code_hash: Uint8Array;
    bank_id: BankId;
    expires_at_ms: number;
    used_at_ms: number | null;
  };
};

export type Site = { site: SiteId; name: string };

export type Bank = {
  bank: BankId;
  registeredAtMs: number;
  site: SiteId;
  siteName: string;
  name: string;
  layout: BankLayout;
  key: Uint8Array | null;
  sealKey: Uint8Array | null;
  /** The newest that was made for it: PEM, not known of those made by versions before, and its end. */
  certificate: { pem: string | null; untilMs: number | null };
  connected: boolean | null;
  lastHeardMs: number | null;
  hello: HelloMessage | null;
  /** Up to which record nothing is to be left of what it keeps sealed for the intake. */
  forgetTo: number;
  roster: { applied: number; appliedAtMs: number | null; refused: string | null };
  /** Out of service for good, by which record of the tenant's own journal; null while it serves. */
  retired: { atMs: number; seq: number } | null;
};

const on = (tx: Tx) => tables<BankTables>(tx);

export async function insertSite(tx: Tx, row: BankTables['sites']): Promise<void> {
  await on(tx).insertInto('sites').values(row).execute();
}

export async function allSites(tx: Tx): Promise<Site[]> {
  return on(tx).selectFrom('sites').select(['site_id as site', 'name']).orderBy('created_at_ms').execute();
}

export async function insertBank(
  tx: Tx,
  of: { bank: BankId; site: SiteId; name: string; layout: BankLayout; atMs: number },
): Promise<void> {
  await sql`insert into banks (bank_id, site_id, name, layout, registered_at_ms)
    values (${of.bank}, ${of.site}, ${of.name}, ${JSON.stringify(of.layout)}::jsonb, ${of.atMs})`.execute(tx);
  await on(tx)
    .insertInto('bank_index')
    .values({ bank_id: of.bank, certificate: null, renewed: null })
    .execute();
  const numbers = of.layout.compartments.map((place) => place.n);
  await sql`insert into compartments (bank_id, n) select ${of.bank}, unnest(${numbers}::int[])`.execute(tx);
}

type BankSql = {
  bank_id: BankId;
  registered_at_ms: number;
  site_id: SiteId;
  site_name: string;
  name: string;
  layout: BankLayout;
  key: Uint8Array | null;
  seal_key: Uint8Array | null;
  certificate: string | null;
  certificate_until_ms: number | null;
  connected: boolean | null;
  last_heard_ms: number | null;
  hello: HelloMessage | null;
  forget_to: number;
  roster_applied: number;
  roster_applied_at_ms: number | null;
  roster_refused: string | null;
  retired_at_ms: number | null;
  retired_seq: number | null;
};

export type BankQuery = {
  bank?: string;
  site?: string;
  /** Those only that are not out of service. */
  serving?: boolean;
  after?: BankPlace | undefined;
  limit?: number;
};
/** Where a bank stands in the order of all: neither part ever changes. */
export type BankPlace = { registeredAtMs: number; bank: string };

export async function selectBanks(tx: Tx, where: BankQuery = {}): Promise<Bank[]> {
  const { after } = where;
  const { rows } = await sql<BankSql>`
    select banks.*, sites.name as site_name from banks join sites using (site_id)
    where (${where.bank ?? null}::text is null or bank_id = ${where.bank ?? null})
      and (${where.site ?? null}::text is null or site_id = ${where.site ?? null})
      and (${where.serving !== true}::boolean or retired_at_ms is null)
      and (${after?.bank ?? null}::text is null
        or (registered_at_ms, bank_id) > (${after?.registeredAtMs ?? 0}, ${after?.bank ?? ''}))
    order by registered_at_ms, bank_id limit ${where.limit ?? null}::bigint`.execute(tx);
  return rows.map((row) => ({
    bank: row.bank_id,
    registeredAtMs: row.registered_at_ms,
    site: row.site_id,
    siteName: row.site_name,
    name: row.name,
    layout: row.layout,
    key: row.key,
    sealKey: row.seal_key,
    certificate: { pem: row.certificate, untilMs: row.certificate_until_ms },
    connected: row.connected,
    lastHeardMs: row.last_heard_ms,
    hello: row.hello,
    forgetTo: row.forget_to,
    roster: {
      applied: row.roster_applied,
      appliedAtMs: row.roster_applied_at_ms,
      refused: row.roster_refused,
    },
    retired:
      row.retired_at_ms === null || row.retired_seq === null
        ? null
        : { atMs: row.retired_at_ms, seq: row.retired_seq },
  }));
}

type IndexSql = {
  tenant: TenantId;
  certificate: Uint8Array | null;
  renewed: Uint8Array | null;
  retired: boolean;
};

/** Before the tenant is known: whose bank a certificate names, and which certificates it may show. */
export async function findIndex(
  tx: Tx,
  bank: string,
): Promise<{ tenant: TenantId; certificates: Uint8Array[]; retired: boolean } | undefined> {
  const { rows } = await sql<IndexSql>`
    select tenant_id as tenant, certificate, renewed, retired from bank_index where bank_id = ${bank}`.execute(
    tx,
  );
  const [row] = rows;
  if (!row) return undefined;
  const certificates = row.retired ? [] : [row.certificate, row.renewed].flatMap((hash) => hash ?? []);
  return { tenant: row.tenant, certificates, retired: row.retired };
}

/** Locked until the transaction ends: since when it is out of service. Undefined when there is no such bank here. */
export async function lockService(
  tx: Tx,
  bank: BankId,
): Promise<{ site: SiteId; name: string; retiredAtMs: number | null } | undefined> {
  const { rows } = await sql<{ site: SiteId; name: string; retiredAtMs: number | null }>`
    select site_id as site, name, retired_at_ms as "retiredAtMs" from banks where bank_id = ${bank} for update`.execute(
    tx,
  );
  return rows[0];
}

/** Out of service for good, and no certificate of it is on file any more. */
export async function setRetired(
  tx: Tx,
  bank: BankId,
  { atMs, seq }: { atMs: number; seq: number },
): Promise<void> {
  await sql`update banks set retired_at_ms = ${atMs}, retired_seq = ${seq}, connected = case when connected then false else connected end
    where bank_id = ${bank}`.execute(tx);
  await sql`update bank_index set retired = true, certificate = null, renewed = null
    where bank_id = ${bank}`.execute(tx);
}

/** Of this tenant, those out of service. */
export async function retiredBanks(tx: Tx): Promise<BankId[]> {
  const { rows } = await sql<{ bank: BankId }>`select bank_id as bank from banks
    where retired_at_ms is not null order by bank_id`.execute(tx);
  return rows.map(({ bank }) => bank);
}

export async function insertCode(
  tx: Tx,
  row: { code_hash: Uint8Array; bank_id: BankId; expires_at_ms: number },
): Promise<void> {
  await on(tx)
    .insertInto('enrolment_codes')
    .values({ ...row, used_at_ms: null })
    .execute();
}

/** Earlier codes of a bank stop working when a new one is given out. */
export async function spendOpenCodes(tx: Tx, bank: string, atMs: number): Promise<void> {
  await on(tx)
    .updateTable('enrolment_codes')
    .set({ used_at_ms: atMs })
    .where('bank_id', '=', bank as BankId)
    .where('used_at_ms', 'is', null)
    .execute();
}

/** Before the tenant is known: whose code this is. */
export async function findCode(tx: Tx, hash: Uint8Array): Promise<{ tenant: TenantId } | undefined> {
  return (
    await sql<{
      tenant: TenantId;
    }>`select tenant_id as tenant from enrolment_codes where code_hash = ${hash}`.execute(tx)
  ).rows[0];
}

/** Spends a code: the bank that it was for, or undefined when it is unknown, spent or over. */
export async function spendCode(tx: Tx, of: { hash: Uint8Array; atMs: number }): Promise<BankId | undefined> {
  const spent = await on(tx)
    .updateTable('enrolment_codes')
    .set({ used_at_ms: of.atMs })
    .where('code_hash', '=', of.hash)
    .where('used_at_ms', 'is', null)
    .where('expires_at_ms', '>', of.atMs)
    .returning('bank_id')
    .executeTakeFirst();
  return spent?.bank_id;
}

export async function setIdentity(
  tx: Tx,
  bank: string,
  of: NewCertificate & { key: Uint8Array; sealKey: Uint8Array; atMs: number },
): Promise<void> {
  await on(tx)
    .updateTable('banks')
    .set({
      ...{ key: of.key, seal_key: of.sealKey, enrolled_at_ms: of.atMs },
      ...{ certificate: of.certificate, certificate_until_ms: of.untilMs },
    })
    .where('bank_id', '=', bank as BankId)
    .execute();
  await on(tx)
    .updateTable('bank_index')
    .set({ certificate: of.hash, renewed: null })
    .where('bank_id', '=', bank as BankId)
    .execute();
}

/** PEM, its end, and by what hash a connection is known by it. */
export type NewCertificate = { certificate: string; untilMs: number; hash: Uint8Array };

/** The one that was the newest stays good beside it; the one before that has ended by now. */
export async function setRenewed(tx: Tx, bank: BankId, of: NewCertificate): Promise<void> {
  await sql`update banks set certificate = ${of.certificate}, certificate_until_ms = ${of.untilMs}
    where bank_id = ${bank}`.execute(tx);
  await sql`update bank_index set certificate = coalesce(renewed, certificate), renewed = ${of.hash}
    where bank_id = ${bank} and not retired`.execute(tx);
}

export async function setHello(
  tx: Tx,
  bank: string,
  of: { hello: HelloMessage; atMs: number },
): Promise<void> {
  await sql`update banks set hello = ${JSON.stringify(of.hello)}::jsonb, last_heard_ms = ${of.atMs} where bank_id = ${bank}`.execute(
    tx,
  );
}

const HEARD_GRAIN_MS = 10_000;

/** When a bank was last heard, to ten seconds: not every message is worth a write. */
export async function setHeard(tx: Tx, bank: string, atMs: number): Promise<void> {
  await sql`update banks set last_heard_ms = ${atMs}
    where bank_id = ${bank} and (last_heard_ms is null or last_heard_ms < ${atMs - HEARD_GRAIN_MS})`.execute(
    tx,
  );
}

export async function setConnected(tx: Tx, bank: string | null, connected: boolean | null): Promise<void> {
  await sql`update banks set connected = ${connected} where ${bank}::text is null or bank_id = ${bank}`.execute(
    tx,
  );
}

export async function setRosterApplied(
  tx: Tx,
  bank: string,
  of: { version: number; atMs: number },
): Promise<void> {
  await sql`update banks set roster_applied = ${of.version}, roster_applied_at_ms = ${of.atMs}, roster_refused = null where bank_id = ${bank}`.execute(
    tx,
  );
}

export async function setRosterRefused(tx: Tx, bank: string, reason: string): Promise<void> {
  await sql`update banks set roster_refused = ${reason} where bank_id = ${bank}`.execute(tx);
}

/** Whoever asks something of a bank that may be asked once waits here for the one before. */
export async function lockBank(tx: Tx, bank: BankId): Promise<void> {
  await sql`select 1 from banks where bank_id = ${bank} for no key update`.execute(tx);
}

/** Never less than before. */
export async function setForgetTo(tx: Tx, bank: string, upTo: number): Promise<void> {
  await sql`update banks set forget_to = greatest(forget_to, ${upTo}::bigint) where bank_id = ${bank}`.execute(
    tx,
  );
}

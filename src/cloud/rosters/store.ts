/** All SQL about rosters. */
import { sql } from 'kysely';
import type { BankId, SiteId, TenantId } from '../../domain/ids.ts';
import { type Policy, policySchema } from '../../domain/roster.ts';
import type { Tx } from '../../platform/database.ts';

type Root = { keys: string[]; k: number };
export type SiteTrust = {
  site: SiteId;
  rootKeys: string[];
  rootK: number;
  /** What the next draft names, where somebody has said so. */
  nextRoot?: Root | undefined;
  policy: Policy;
};
type SiteSql = {
  site_id: SiteId;
  root_keys: string[];
  root_k: number;
  next_root_keys: string[] | null;
  next_root_k: number | null;
  policy: unknown;
};

const trustOf = (row: SiteSql): SiteTrust => ({
  site: row.site_id,
  rootKeys: row.root_keys,
  rootK: row.root_k,
  nextRoot:
    row.next_root_keys && row.next_root_k ? { keys: row.next_root_keys, k: row.next_root_k } : undefined,
  policy: policySchema.parse(row.policy),
});

export async function insertSite(tx: Tx, of: SiteTrust): Promise<void> {
  await sql`insert into roster_sites (site_id, root_keys, root_k, policy)
    values (${of.site}, ${JSON.stringify(of.rootKeys)}::jsonb, ${of.rootK}, ${JSON.stringify(of.policy)}::jsonb)`.execute(
    tx,
  );
}

/** Locked until the transaction ends: one draft or signature at a time. */
export async function lockSite(tx: Tx, site: string): Promise<SiteTrust | undefined> {
  const found = await sql<SiteSql>`select * from roster_sites where site_id = ${site} for update`.execute(tx);
  return found.rows[0] && trustOf(found.rows[0]);
}

export async function findSite(tx: Tx, site: string): Promise<SiteTrust | undefined> {
  const found = await sql<SiteSql>`select * from roster_sites where site_id = ${site}`.execute(tx);
  return found.rows[0] && trustOf(found.rows[0]);
}

export async function listSites(tx: Tx): Promise<SiteTrust[]> {
  const found = await sql<SiteSql>`select * from roster_sites order by site_id`.execute(tx);
  return found.rows.map(trustOf);
}

export async function putNextRoot(tx: Tx, site: SiteId, { keys, k }: Root): Promise<void> {
  await sql`update roster_sites set next_root_keys = ${JSON.stringify(keys)}::jsonb, next_root_k = ${k} where site_id = ${site}`.execute(
    tx,
  );
}

/** Works in a transaction without a tenant. */
export async function tenantOfSite(tx: Tx, site: string): Promise<TenantId | undefined> {
  const found = await sql<{
    tenant_id: TenantId;
  }>`select tenant_id from roster_sites where site_id = ${site}`.execute(tx);
  return found.rows[0]?.tenant_id;
}

export type NamedBank = { bank: BankId; key: string; sealKey: string };

export async function putBank(tx: Tx, site: SiteId, of: NamedBank): Promise<void> {
  await sql`insert into roster_banks (bank_id, site_id, key, seal_key) values (${of.bank}, ${site}, ${of.key}, ${of.sealKey})
    on conflict (bank_id) do update set key = excluded.key, seal_key = excluded.seal_key, site_id = excluded.site_id`.execute(
    tx,
  );
}

/** The next draft names it no more. */
export async function removeBank(tx: Tx, bank: BankId): Promise<void> {
  await sql`delete from roster_banks where bank_id = ${bank}`.execute(tx);
}

export async function banksOf(tx: Tx, site: SiteId): Promise<NamedBank[]> {
  const found = await sql<{
    bank_id: BankId;
    key: string;
    seal_key: string;
  }>`select * from roster_banks where site_id = ${site} order by bank_id`.execute(tx);
  return found.rows.map((row) => ({ bank: row.bank_id, key: row.key, sealKey: row.seal_key }));
}

export type DraftRow = { version: number; json: string };

export async function findDraft(tx: Tx, site: SiteId): Promise<DraftRow | undefined> {
  return (await sql<DraftRow>`select version, json from roster_drafts where site_id = ${site}`.execute(tx))
    .rows[0];
}

export async function putDraft(tx: Tx, site: SiteId, of: DraftRow & { atMs: number }): Promise<void> {
  await sql`insert into roster_drafts (site_id, version, json, made_at_ms) values (${site}, ${of.version}, ${of.json}, ${of.atMs})
    on conflict (site_id) do update set version = excluded.version, json = excluded.json, made_at_ms = excluded.made_at_ms`.execute(
    tx,
  );
}

export async function deleteDraft(tx: Tx, site: SiteId): Promise<void> {
  await sql`delete from roster_drafts where site_id = ${site}`.execute(tx);
}

export type SignedRow = { version: number; note: string; json: string; signatures: number };

export async function insertSigned(tx: Tx, site: SiteId, of: SignedRow & { atMs: number }): Promise<void> {
  await sql`insert into rosters (site_id, version, note, json, signatures, received_at_ms)
    values (${site}, ${of.version}, ${of.note}, ${of.json}, ${of.signatures}, ${of.atMs})`.execute(tx);
}

export async function lastSigned(tx: Tx, site: SiteId): Promise<SignedRow | undefined> {
  const found =
    await sql<SignedRow>`select version, note, json, signatures from rosters where site_id = ${site} order by version desc limit 1`.execute(
      tx,
    );
  return found.rows[0];
}

export async function signedNote(tx: Tx, site: SiteId, version: number): Promise<string | undefined> {
  return (
    await sql<{
      note: string;
    }>`select note from rosters where site_id = ${site} and version = ${version}`.execute(tx)
  ).rows[0]?.note;
}

export async function signedOf(tx: Tx, site: SiteId, version: number): Promise<SignedRow | undefined> {
  return (
    await sql<SignedRow>`select version, note, json, signatures from rosters where site_id = ${site} and version = ${version}`.execute(
      tx,
    )
  ).rows[0];
}

/** What each roster from this version on names as its root, as text that two equal roots have in common. */
export async function rootsFrom(
  tx: Tx,
  site: SiteId,
  version: number,
): Promise<{ version: number; root: string }[]> {
  const found = await sql<{
    version: number;
    root: string;
  }>`select version, json::jsonb ->> 'root' as root from rosters
    where site_id = ${site} and version >= ${version} order by version`.execute(tx);
  return found.rows;
}

export async function signedNotesUpTo(tx: Tx, site: SiteId, version: number): Promise<string[]> {
  const found = await sql<{
    note: string;
  }>`select note from rosters where site_id = ${site} and version <= ${version} order by version`.execute(tx);
  return found.rows.map((row) => row.note);
}

/** The newest that names this key for this bank. */
export async function noteNaming(
  tx: Tx,
  site: SiteId,
  { bank, key }: { bank: BankId; key: string },
): Promise<string | undefined> {
  const named = JSON.stringify([{ bank, key }]);
  const found = await sql<{ note: string }>`select note from rosters
    where site_id = ${site} and (json::jsonb -> 'banks') @> ${named}::jsonb order by version desc limit 1`.execute(
    tx,
  );
  return found.rows[0]?.note;
}

/** The newest of a site. */
export async function newestNote(tx: Tx, site: SiteId): Promise<string | undefined> {
  const found = await sql<{ note: string }>`select note from rosters
    where site_id = ${site} order by version desc limit 1`.execute(tx);
  return found.rows[0]?.note;
}

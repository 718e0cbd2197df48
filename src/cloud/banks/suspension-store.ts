/** SQL of suspensions. */
import { sql } from 'kysely';
import type { BankId, PersonId, SiteId } from '../../domain/ids.ts';
import { type Tx, tables } from '../../platform/database.ts';

export type Scope = 'courier' | 'compartment' | 'bank';
export type SuspensionRow = {
  suspension_id: string;
  site_id: SiteId;
  scope: Scope;
  bank_id: BankId | null;
  subject: PersonId | null;
  compartment: number | null;
  asked_at_ms: number;
  until_ms: number;
  lifted_at_ms: number | null;
  asked_by: PersonId | null;
  /** Why the bank refused it, as its own record says. */
  refused: string | null;
};

const on = (tx: Tx) => tables<{ suspensions: SuspensionRow }>(tx);

export async function insertSuspension(tx: Tx, row: SuspensionRow): Promise<void> {
  await on(tx).insertInto('suspensions').values(row).execute();
}

export async function findSuspension(tx: Tx, id: string): Promise<SuspensionRow | undefined> {
  return on(tx)
    .selectFrom('suspensions')
    .selectAll()
    .where('suspension_id', '=', id)
    .forUpdate()
    .executeTakeFirst();
}

export async function openSuspensions(tx: Tx, site: SiteId, nowMs: number): Promise<SuspensionRow[]> {
  return on(tx)
    .selectFrom('suspensions')
    .selectAll()
    .where('site_id', '=', site)
    .where('lifted_at_ms', 'is', null)
    .where('until_ms', '>', nowMs)
    .orderBy('asked_at_ms')
    .execute();
}

export async function setLifted(tx: Tx, id: string, atMs: number): Promise<void> {
  await on(tx)
    .updateTable('suspensions')
    .set({ lifted_at_ms: atMs })
    .where('suspension_id', '=', id)
    .execute();
}

/** Those of one bank and no other, lifted ones too, that are not over yet. */
export async function suspensionsAt(tx: Tx, bank: BankId, nowMs: number): Promise<SuspensionRow[]> {
  return on(tx)
    .selectFrom('suspensions')
    .selectAll()
    .where('bank_id', '=', bank)
    .where('until_ms', '>', nowMs)
    .orderBy('asked_at_ms')
    .execute();
}

export async function setSuspensionRefused(tx: Tx, id: string, reason: string): Promise<void> {
  await on(tx).updateTable('suspensions').set({ refused: reason }).where('suspension_id', '=', id).execute();
}

/** Pauses of a courier, all of them over. */
export async function forgetSuspensionsOf(tx: Tx, person: string): Promise<void> {
  await sql`delete from suspensions where subject = ${person}`.execute(tx);
}

export async function hasSuspension(tx: Tx, person: string, nowMs: number): Promise<boolean> {
  const { rows } = await sql`select 1 from suspensions
    where subject = ${person} and lifted_at_ms is null and until_ms > ${nowMs} limit 1`.execute(tx);
  return rows.length > 0;
}

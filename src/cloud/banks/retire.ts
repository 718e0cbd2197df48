/**
 * A bank leaves service for good: it was stolen, broke, or was taken away. Whoever has its key is that bank as long as
 * anybody goes by it; so in one transaction it loses its certificates and its codes, the next roster's draft names it no
 * more, and nothing that it sends is taken. Its rows and its journal stay, as far as they had come, and verify as before.
 *
 * Parcels that no record of it has ended stay what its records say; who lists them says beside it that it is out of
 * service. No record will ever end them, so they hold up nobody's erasure.
 */
import { sql } from 'kysely';
import { HoldfastError } from '../../domain/errors.ts';
import type { BankId, SiteId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { lockEnd } from '../journal/journal.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

export type Retired = { name: string; site: SiteId; parcels: number; lastSeq: number };

/** Asked for by an operator's command. What was connected is closed by whoever hears of it (`uplink.ts`). */
export async function retire(
  cloud: Cloud,
  tx: Tx,
  { bank, purpose }: { bank: BankId; purpose: string },
): Promise<Retired> {
  const atMs = cloud.clock.nowMs();
  // In the order in which a batch locks, and an enrolment: what had begun is taken whole, and nothing after it.
  const end = await lockEnd(tx, bank);
  await store.spendOpenCodes(tx, bank, atMs);
  const known = await store.lockService(tx, bank);
  if (!known || !end) throw new HoldfastError('not-found', 'there is no bank with this id');
  if (known.retiredAtMs !== null)
    throw new HoldfastError(
      'conflict',
      `${known.name} is out of service already, since ${new Date(known.retiredAtMs).toISOString()}`,
    );
  const parcels = await parcelsInside(tx, bank);
  const { seq } = await cloud.journal.record(tx, {
    kind: 'bank.retired',
    facts: { last: end.lastSeq, head: end.lastHead, lost: parcels },
    fields: { subject: bank, purpose },
  });
  await store.setRetired(tx, bank, { atMs, seq });
  await rosters.dropBank(tx, bank);
  await cloud.tellBanks(tx, known.site);
  await cloud.changed(tx, ['banks', 'rosters', 'parcels', 'couriers', 'attention']);
  return { name: known.name, site: known.site, parcels, lastSeq: end.lastSeq };
}

async function parcelsInside(tx: Tx, bank: BankId): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from compartments
    where bank_id = ${bank} and use <> 'empty'`.execute(tx);
  return rows[0]?.n ?? 0;
}

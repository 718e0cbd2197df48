/** Refused messages of banks: each kept, recorded and raised once, however often it is sent again. */
import { sql } from 'kysely';
import { base64url } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { BankId, TenantId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';

export type Refusal = {
  tenant: TenantId;
  bank: BankId;
  payload: Uint8Array;
  reason: Denial;
  firstMissing: number;
  lastMissing: number;
};

/** A bank that sends rubbish shall not fill the disk. */
const KEPT_BYTES_MAX = 65_536;
const KEPT_A_BANK_MAX = 500;

export const placeOfRefused = (bank: string) => `refused-message\0${bank}`;

const CONDITIONS: readonly (readonly [reason: Denial, condition: string])[] = [
  ['batch-gap', 'gap'],
  ['batch-fork', 'fork'],
  ['batch-rollback', 'rollback'],
];

/** In a transaction of its own: what is refused changes nothing else. */
export async function keepRefusal(cloud: Cloud, of: Refusal): Promise<void> {
  const hash = sha256(of.payload);
  const isNew = await cloud.database.tenant(of.tenant, async (tx) => {
    const kept = await keep(cloud, tx, of, hash);
    // What comes again is no news while its alarm stands or somebody cares for it. Once that was ended, it is.
    const isRaised = await raise(cloud, tx, of, { again: kept !== 'new' });
    // Of a bank that has sent more than is kept of one, only what it has not been blamed for is news.
    if (kept !== 'new' && !isRaised) return false;
    await cloud.journal.record(tx, {
      kind: 'intake.refused',
      facts: {
        reason: of.reason,
        firstMissing: of.firstMissing,
        lastMissing: of.lastMissing,
        hash: base64url(hash),
      },
      fields: { subject: of.bank },
    });
    return true;
  });
  if (isNew)
    cloud.log.warn('a message of a bank was refused', {
      bank: of.bank,
      reason: of.reason,
      firstMissing: of.firstMissing,
      lastMissing: of.lastMissing,
    });
}

/** Keeps the bytes, once; `full` when this bank has had its share of the disk. */
async function keep(cloud: Cloud, tx: Tx, of: Refusal, hash: Uint8Array): Promise<'new' | 'known' | 'full'> {
  const seen =
    await sql`update refused_messages set seen = seen + 1 where bank_id = ${of.bank} and hash = ${hash} and reason = ${of.reason}`.execute(
      tx,
    );
  if (seen.numAffectedRows) return 'known';
  const { rows } = await sql<{
    kept: number;
  }>`select count(*) as kept from refused_messages where bank_id = ${of.bank}`.execute(tx);
  if ((rows[0]?.kept ?? 0) >= KEPT_A_BANK_MAX) return 'full';
  const sealed = await cloud.keys.sealBytesForTenant(
    tx,
    placeOfRefused(of.bank),
    of.payload.subarray(0, KEPT_BYTES_MAX),
  );
  // A second process may have had the same message at the same time.
  const added = await sql`insert into refused_messages (bank_id, hash, reason, sealed, bytes, first_at_ms)
    values (${of.bank}, ${hash}, ${of.reason}, ${sealed}, ${of.payload.length}, ${cloud.clock.nowMs()}) on conflict do nothing`.execute(
    tx,
  );
  return added.numAffectedRows ? 'new' : 'known';
}

/** A bank that has filled its share with rubbish must not silence by it what comes after: a fork, a roll-back. */
function raise(cloud: Cloud, tx: Tx, of: Refusal, { again }: { again: boolean }): Promise<boolean> {
  const names = of.lastMissing > 0 ? { first: of.firstMissing, last: of.lastMissing } : null;
  return banks.raiseAlarm(cloud, tx, { condition: conditionOf(of.reason), bank: of.bank, names, again });
}

/** Which alarm a refusal raises, if none of it stands. */
export function conditionOf(reason: unknown): string {
  const named = CONDITIONS.find(([denial]) => denial === reason);
  return named?.[1] ?? (String(reason).startsWith('batch-') ? 'batch-refused' : 'message-refused');
}

/**
 * Banks as auditors: what the cloud answers a bank that demands a proof from the head that it remembers, and which
 * key the next roster names for it. The answer says plainly what there is; judging is the bank's.
 */
import { LOG_LINKS_MAX, type LogProof } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { TenantId } from '../../domain/ids.ts';
import { LEDGER_KEY_LENGTH_MAX } from '../../domain/roster.ts';
import { proveConsistency } from '../../ledger/log/prove.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { keysOf, vkeyAt } from './keys.ts';
import { tilesOf } from './objects.ts';
import * as store from './store.ts';
import { successionOf } from './succession.ts';

/** The newest checkpoint that was signed, agreed on or not: a signature binds the log from then on. */
export async function answerAuditor(
  cloud: Cloud,
  tenant: TenantId,
  { origin, from }: { origin: string; from: number },
): Promise<Pick<LogProof, 'note' | 'hashes' | 'succession'>> {
  const found = await cloud.database.read(tenant, async (tx) => {
    // By its name: a log that has a successor is vouched for until a roster names the successor.
    const log = await store.logNamed(tx, origin);
    const [last] = log ? await store.lastCheckpoints(tx, log.generation, 1) : [];
    return log && last && { generation: log.generation, last, keys: await keysOf(tx, log) };
  });
  if (!found) return { note: null, hashes: [] };
  const { generation, last, keys } = found;
  const links = await successionOf(cloud, {
    ...{ tenant, generation, keys, size: last.size },
    cosigned: false,
  });
  return {
    ...(await growthFrom(cloud, { tenant, generation, last, from })),
    // A bank of before knows no such part; where the key was never changed none is sent.
    ...(links.length > 0 && { succession: links.slice(-LOG_LINKS_MAX) }),
  };
}

type Growth = { tenant: TenantId; generation: number; last: store.CheckpointRow; from: number };

async function growthFrom(
  cloud: Cloud,
  { tenant, generation, last, from }: Growth,
): Promise<Pick<LogProof, 'note' | 'hashes'>> {
  const { note, size } = last;
  if (from >= size) return { note, hashes: [] };
  const head = { size, root: new Uint8Array(last.root) };
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation });
  const proved = await proveConsistency(tiles, { from, head });
  if (proved.ok) return { note, hashes: proved.value.proof.map(base64url) };
  // Without a proof the bank raises its alarm: that is the truth about a log whose tiles do not lead to its root.
  const { reason } = proved;
  cloud.log.error('the growth of a log cannot be proved to a bank', { generation, from, size, reason });
  return { note, hashes: [] };
}

/** The key of the log that grows, as a roster names it; null before there is a log, or where its name does not fit. */
export async function namedLog(tx: Tx): Promise<string | null> {
  const log = await store.currentLog(tx);
  // Not the key that is named and has signed nothing yet: a bank that knew only that one would believe no checkpoint.
  const vkey = log && vkeyAt(await keysOf(tx, log), log.published_size);
  return vkey !== undefined && vkey.length <= LEDGER_KEY_LENGTH_MAX ? vkey : null;
}

/** Proofs to take away, each checked against the signed root before it is handed out. */
import type { TenantId } from '../../domain/ids.ts';
import { encodeProof } from '../../ledger/log/proof-file.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import { vkeyText } from '../../ledger/log/vkey.ts';
import type { Cloud } from '../deps.ts';
import { tilesOf } from './objects.ts';
import * as store from './store.ts';

export type Proofs = {
  /** Null when the tenant keeps no log. */
  log: { origin: string; vkey: string; size: number } | null;
  proofs: { seq: number; index: number | null; proof: string | null }[];
};

/** For records `seqs` of one journal, under the last checkpoint; a record that it does not cover has no proof yet. */
export async function proofsOf(
  cloud: Cloud,
  { tenant, source, seqs }: { tenant: TenantId; source: string; seqs: readonly number[] },
): Promise<Proofs> {
  const found = await cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    if (!log) return undefined;
    const { generation } = log;
    const [[last], indices] = await Promise.all([
      store.lastCheckpoints(tx, generation, 1),
      store.indicesOf(tx, { generation, source, seqs }),
    ]);
    return last && { log, last, indices };
  });
  if (!found) return { log: null, proofs: seqs.map((seq) => ({ seq, index: null, proof: null })) };
  const { log, last, indices } = found;
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation: log.generation });
  const head = { size: last.size, root: new Uint8Array(last.root) };
  const proofs: Proofs['proofs'] = [];
  for (const seq of seqs) {
    const index = indices.find((one) => one.seq === seq)?.index ?? null;
    const covered = index !== null && index < head.size;
    const proof = covered ? await fileOf({ tiles, index, head, note: last.note }) : null;
    proofs.push({ seq, index, proof });
  }
  const { origin, key } = log;
  const vkey = vkeyText({ type: 'signature', name: origin, publicKey: new Uint8Array(key) });
  return { log: { origin, vkey, size: head.size }, proofs };
}

async function fileOf(of: {
  tiles: Parameters<typeof proveInclusion>[0];
  index: number;
  head: Parameters<typeof proveInclusion>[1]['head'];
  note: string;
}): Promise<string> {
  const { tiles, index, head, note } = of;
  const proved = await proveInclusion(tiles, { index, head });
  // What lies in the store is not what was signed: an operator has to look, and nobody gets a proof of it.
  if (!proved.ok) throw new Error(`entry ${index} of a log cannot be proved: ${proved.reason}`);
  return encodeProof({ index, path: proved.value.path, checkpoint: note });
}

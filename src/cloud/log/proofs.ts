/** Proofs to take away, each checked against the signed root before it is handed out. */
import type { ParcelProofs } from '../../contract/http/proofs.ts';
import type { TenantId } from '../../domain/ids.ts';
import { encodeProof } from '../../ledger/log/proof-file.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import type { Cloud } from '../deps.ts';
import { cosignaturesOf } from './cosignatures.ts';
import { keysOf, vkeyAt } from './keys.ts';
import { tilesOf } from './objects.ts';
import { witnessesOf } from './policy.ts';
import * as store from './store.ts';
import * as witnesses from './witness-store.ts';

export type Proofs = Pick<ParcelProofs, 'log' | 'proofs'>;
type Proof = Proofs['proofs'][number];

/** A checkpoint with its cosignatures, and the names of those who gave them. */
type Candidate = { row: store.CheckpointRow; note: string; cosignedBy: string[] };

/** For records `seqs` of one journal; a record that no checkpoint covers has no proof yet. */
export async function proofsOf(
  cloud: Cloud,
  { tenant, source, seqs }: { tenant: TenantId; source: string; seqs: readonly number[] },
): Promise<Proofs> {
  const found = await cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    if (!log) return undefined;
    const { generation } = log;
    const [rows, indices, keys] = await Promise.all([
      witnesses.checkpointsToProve(tx, generation),
      store.indicesOf(tx, { generation, source, seqs }),
      keysOf(tx, log),
    ]);
    const sizes = rows.map(({ size }) => size);
    return { log, rows, indices, keys, lines: await witnesses.cosignaturesAt(tx, { generation, sizes }) };
  });
  const [newest] = found?.rows ?? [];
  if (!found || !newest) return { log: null, proofs: seqs.map(pending) };
  const { log, rows, indices, lines, keys } = found;
  const vkey = vkeyAt(keys, newest.size);
  // One key is named for all of them: what an earlier key signed alone stands under none that the reader is given.
  const candidates = rows
    .filter(({ size }) => vkeyAt(keys, size) === vkey)
    .map((row) => candidateOf(cloud, row, lines));
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation: log.generation });
  const { quorum = 0 } = cloud.config.witnessing ?? {};
  const proofs: Proof[] = [];
  for (const seq of seqs) {
    const index = indices.find((one) => one.seq === seq)?.index ?? null;
    const best = index === null ? undefined : bestOf(candidates, index);
    if (index === null || !best) {
      proofs.push({ ...pending(seq), index });
      continue;
    }
    const { cosignedBy } = best;
    const state = quorum > 0 && cosignedBy.length >= quorum ? 'cosigned' : 'integrated';
    proofs.push({ seq, index, state, cosignedBy, proof: await fileOf({ tiles, index, of: best }) });
  }
  const of = { size: newest.size, witnesses: witnessesOf(cloud).length, quorum };
  return { log: { origin: log.origin, vkey, ...of }, proofs };
}

function pending(seq: number): Proof {
  return { seq, index: null, state: 'pending', cosignedBy: [], proof: null };
}

/** Lines of witnesses that are not asked any more are handed on: a reader's policy may know them. */
function candidateOf(
  cloud: Cloud,
  row: store.CheckpointRow,
  lines: readonly witnesses.CosignatureRow[],
): Candidate {
  const mine = cosignaturesOf(cloud, row, lines);
  const cosignedBy = witnessesOf(cloud)
    .filter(({ vkey }) => mine.some((one) => one.vkey === vkey))
    .map(({ name }) => name);
  return { row, note: row.note + mine.map(({ line }) => line).join(''), cosignedBy };
}

/** Of those that cover the record the one that most witnesses have cosigned; of as many, the newest. */
function bestOf(candidates: readonly Candidate[], index: number): Candidate | undefined {
  let best: Candidate | undefined;
  for (const one of candidates)
    if (one.row.size > index && (!best || one.cosignedBy.length > best.cosignedBy.length)) best = one;
  return best;
}

async function fileOf(on: {
  tiles: Parameters<typeof proveInclusion>[0];
  index: number;
  of: Candidate;
}): Promise<string> {
  const { tiles, index, of } = on;
  const head = { size: of.row.size, root: new Uint8Array(of.row.root) };
  const proved = await proveInclusion(tiles, { index, head });
  // What lies in the store is not what was signed: an operator has to look, and nobody gets a proof of it.
  if (!proved.ok) throw new Error(`entry ${index} of a log cannot be proved: ${proved.reason}`);
  return encodeProof({ index, path: proved.value.path, checkpoint: of.note });
}

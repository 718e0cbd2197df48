/** How a reader follows from a key of a log to the next: the record that names it, proved by a checkpoint of both keys. */
import type { TenantId } from '../../domain/ids.ts';
import { openCheckpoint } from '../../ledger/log/checkpoint.ts';
import { encodeProof } from '../../ledger/log/proof-file.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import { SUCCESSION_FORMAT, type SuccessionLink } from '../../ledger/log/succession.ts';
import type { LogKey } from '../../ledger/log/vkey.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { cosignaturesOf } from './cosignatures.ts';
import { keysOf, type LogKeys } from './keys.ts';
import { tilesOf } from './objects.ts';
import { witnessesOf } from './policy.ts';
import * as store from './store.ts';
import * as witnesses from './witness-store.ts';

type Of = {
  tenant: TenantId;
  generation: number;
  keys: LogKeys;
  size: number;
  /** Whether the reader counts witnesses. */
  cosigned: boolean;
};

/** A link for each key after the first that has signed up to `size`. */
export async function successionOf(
  cloud: Cloud,
  { tenant, generation, keys, size, cosigned }: Of,
): Promise<SuccessionLink[]> {
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation });
  const links: SuccessionLink[] = [];
  let before = keys.first;
  for (const { record, fromSize, key } of keys.successors) {
    if (fromSize === null || fromSize > size) break;
    const both = [before, key];
    before = key;
    const { row, lines } = await standingOn(cloud, { tenant, generation, fromSize, cosigned, both });
    const index = fromSize - 1;
    const head = { size: row.size, root: new Uint8Array(row.root) };
    const proved = await proveInclusion(tiles, { index, head });
    // What lies in the store is not what was signed: an operator has to look, and nobody gets a proof of it.
    if (!proved.ok) throw new Error(`entry ${index} of a log cannot be proved: ${proved.reason}`);
    const checkpoint = row.note + lines.map(({ line }) => line).join('');
    links.push({ record, proof: encodeProof({ index, path: proved.value.path, checkpoint }) });
  }
  return links;
}

/** The file that is handed to whoever trusts an earlier key; undefined where the tenant keeps no log. */
export async function successionFileOf(cloud: Cloud, tenant: TenantId): Promise<string | undefined> {
  const found = await cloud.database.read(tenant, async (tx) => {
    const log = await store.currentLog(tx);
    return log && { log, keys: await keysOf(tx, log) };
  });
  if (!found) return undefined;
  const { origin, generation, shown_size: size } = found.log;
  const links = await successionOf(cloud, {
    ...{ tenant, generation, size, keys: found.keys },
    cosigned: true,
  });
  return `${JSON.stringify({ format: SUCCESSION_FORMAT, origin, links }, null, 2)}\n`;
}

/** So many that somebody cosigned are looked at behind a change of keys. */
const COSIGNED_MAX = 200;

/**
 * The first checkpoint that the policy is content with, where both keys signed it: nobody follows by another. Where
 * today's witnesses agreed to none of those, because others were asked then, the one that most have cosigned; before
 * anybody did, the first of all, which is always of both.
 */
async function standingOn(
  cloud: Cloud,
  of: Omit<Of, 'keys' | 'size'> & { fromSize: number; both: readonly LogKey[] },
) {
  const { tenant, generation, fromSize, cosigned, both } = of;
  const { quorum = 0 } = cloud.config.witnessing ?? {};
  const vkeys = witnessesOf(cloud).map(({ vkey }) => vkey);
  return cloud.database.read(tenant, async (tx) => {
    const agreed =
      cosigned && quorum > 0
        ? await witnesses.firstAgreed(tx, { generation, fromSize, vkeys, quorum })
        : undefined;
    const first = await store.checkpointFrom(tx, { generation, fromSize: agreed ?? fromSize });
    const row = first && isOf(first.note, both) ? first : await mostCosigned(tx, of);
    if (!row) throw new Error(`no checkpoint of ${fromSize} entries or more is signed by both keys`);
    const sizes = cosigned ? [row.size] : [];
    const lines = await witnesses.cosignaturesAt(tx, { generation, sizes });
    return { row, lines: cosignaturesOf(cloud, row, lines) };
  });
}

/** Of those that both keys signed. The key before signs for a while behind the change, and then no more. */
async function mostCosigned(
  tx: Tx,
  { generation, fromSize, both }: { generation: number; fromSize: number; both: readonly LogKey[] },
): Promise<store.CheckpointRow | undefined> {
  const cosigned = await witnesses.cosignedFrom(tx, { generation, fromSize, limit: COSIGNED_MAX });
  const end = cosigned.findIndex(({ note }) => !isOf(note, both));
  const ofBoth = end < 0 ? cosigned : cosigned.slice(0, end);
  const most = Math.max(...ofBoth.map(({ count }) => count));
  const row =
    ofBoth.find(({ count }) => count === most) ?? (await store.checkpointFrom(tx, { generation, fromSize }));
  return row && isOf(row.note, both) ? row : undefined;
}

/** Whether each of these keys has signed a checkpoint. */
const isOf = (note: string, keys: readonly LogKey[]) =>
  keys.every((key) => openCheckpoint(note, { origin: key.name, logKeys: [key], witnesses: [] }).ok);

/** How a reader follows from a key of a log to the next: the record that names it, proved by a checkpoint of both keys. */
import type { TenantId } from '../../domain/ids.ts';
import { encodeProof } from '../../ledger/log/proof-file.ts';
import { proveInclusion } from '../../ledger/log/prove.ts';
import { SUCCESSION_FORMAT, type SuccessionLink } from '../../ledger/log/succession.ts';
import type { Cloud } from '../deps.ts';
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
  for (const { record, fromSize } of keys.successors) {
    if (fromSize === null || fromSize > size) break;
    const { row, lines } = await standingOn(cloud, { tenant, generation, fromSize, cosigned });
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

/** The first checkpoint under the new key that the policy is content with; before there is one, the first of all. */
async function standingOn(
  cloud: Cloud,
  { tenant, generation, fromSize, cosigned }: Omit<Of, 'keys' | 'size'> & { fromSize: number },
) {
  return cloud.database.read(tenant, async (tx) => {
    const vkeys = witnessesOf(cloud).map(({ vkey }) => vkey);
    const { quorum = 0 } = cloud.config.witnessing ?? {};
    const agreed =
      cosigned && quorum > 0
        ? await witnesses.firstAgreed(tx, { generation, fromSize, vkeys, quorum })
        : undefined;
    const row = await store.checkpointFrom(tx, { generation, fromSize: agreed ?? fromSize });
    if (!row) throw new Error(`there is no checkpoint of ${fromSize} entries or more`);
    const sizes = cosigned ? [row.size] : [];
    return { row, lines: await witnesses.cosignaturesAt(tx, { generation, sizes }) };
  });
}

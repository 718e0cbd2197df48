/** A tenant's log as a checkpoint signed it, with the tiles under it: what is handed out is proved from these. */
import type { TenantId } from '../../domain/ids.ts';
import type { TreeHead } from '../../ledger/log/checkpoint.ts';
import type { SuccessionLink } from '../../ledger/log/succession.ts';
import type { TileReader } from '../../ledger/log/tiles.ts';
import { sleep } from '../../platform/clock.ts';
import type { Cloud } from '../deps.ts';
import { cosignaturesOf } from './cosignatures.ts';
import { keysOf, vkeyAt } from './keys.ts';
import { tilesOf } from './objects.ts';
import { witnessesOf } from './policy.ts';
import * as store from './store.ts';
import { takeTurn } from './submit.ts';
import { successionOf } from './succession.ts';
import { cosignaturesAt } from './witness-store.ts';

export type SignedLog = {
  generation: number;
  origin: string;
  vkey: string;
  /** From the log's first key to that one; empty while it is the first. */
  succession: SuccessionLink[];
  head: TreeHead;
  /** The checkpoint with every cosignature that it has by now. */
  note: string;
  tiles: TileReader;
};

/** Longer than a round in which all are asked about an older checkpoint. */
const COSIGNED_MS_MAX = 15_000;
const AGAIN_MS = 500;

/**
 * Undefined when the tenant keeps no log. What was signed a moment ago has no cosignature yet: so witnesses are asked,
 * and waited for until enough have agreed to all that is in the log now. When they do not, it is the newest all the
 * same, with those that it has: whoever is handed it counts them.
 */
export async function signedLog(cloud: Cloud, tenant: TenantId): Promise<SignedLog | undefined> {
  const log = await cloud.database.read(tenant, (tx) => store.currentLog(tx));
  if (!log) return undefined;
  const { generation, origin, published_size: newest } = log;
  const size = (await agreedFrom(cloud, { tenant, generation, newest })) ?? newest;
  const [row, lines, keys] = await cloud.database.read(tenant, (tx) =>
    Promise.all([
      store.checkpointAt(tx, { generation, size }),
      cosignaturesAt(tx, { generation, sizes: [size] }),
      keysOf(tx, log),
    ]),
  );
  if (!row) throw new Error(`there is no checkpoint of ${size} entries`);
  const sound = cosignaturesOf(cloud, row, lines);
  return {
    ...{ generation, origin, note: row.note + sound.map(({ line }) => line).join('') },
    vkey: vkeyAt(keys, size),
    succession: await successionOf(cloud, { tenant, generation, keys, size, cosigned: true }),
    head: { size, root: new Uint8Array(row.root) },
    tiles: tilesOf(cloud.ledger.objects, { tenant, generation }),
  };
}

/** The size of a checkpoint, of `newest` entries or more, that the policy is content with; undefined in the time there is. */
async function agreedFrom(
  cloud: Cloud,
  { tenant, generation, newest }: { tenant: TenantId; generation: number; newest: number },
): Promise<number | undefined> {
  const { clock, database } = cloud;
  const untilMs = clock.monotonicMs() + COSIGNED_MS_MAX;
  for (;;) {
    const shown = (await database.read(tenant, (tx) => store.logAt(tx, generation)))?.shown_size;
    if (shown !== undefined && shown >= newest) return shown;
    if (clock.monotonicMs() >= untilMs) return undefined;
    // The processes that serve ask as well; whoever comes first has the turn.
    await Promise.all(witnessesOf(cloud).map((witness) => takeTurn(cloud, { tenant, witness })));
    await sleep(clock, AGAIN_MS);
  }
}

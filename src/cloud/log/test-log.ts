/** What the tests of the log share: a tenant with records in several journals, and a reader who believes nothing. */
import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { fromUtf8 } from '../../crypto/bytes.ts';
import type { TenantId } from '../../domain/ids.ts';
import { openCheckpoint, type TreeHead } from '../../ledger/log/checkpoint.ts';
import { isConsistent } from '../../ledger/log/consistency.ts';
import { CHECKPOINT_PATH, TILE_WIDTH } from '../../ledger/log/layout.ts';
import { proveConsistency, proveInclusion } from '../../ledger/log/prove.ts';
import { readBundle } from '../../ledger/log/tiles.ts';
import { leafHash, parseRecord } from '../../ledger/record.ts';
import { treeHash } from '../../ledger/tree.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { tilesOf } from './objects.ts';

/** Records of the tenant's own, `count` of them in one transaction. */
export async function record(cloud: Cloud, tenant: TenantId, count: number): Promise<void> {
  const draft = { kind: 'backup.made', facts: { bytes: count, hash: 'A'.repeat(43) } } as const;
  const all = Array.from({ length: count }, () => ({ draft, owners: {} }));
  await cloud.database.tenant(tenant, (tx) => cloud.journal.recordAll(tx, all));
}

export async function recordsIn(cloud: Cloud, tenant: TenantId): Promise<number> {
  const query = sql<{ n: number }>`select count(*)::int as n from records`;
  const { rows } = await cloud.database.tenant(tenant, (tx) => query.execute(tx));
  return rows[0]?.n ?? 0;
}

/** What a stranger sees: the shown checkpoint, verified with the public key alone. */
export async function shownHead(cloud: Cloud, tenant: TenantId, generation = 1): Promise<TreeHead> {
  const note = await cloud.ledger.objects.read({ tenant, generation }, CHECKPOINT_PATH);
  assert.ok(note, 'a checkpoint is shown');
  const origin = `ledger.example.org/log/${tenant}/${generation}`;
  const key = { type: 'signature', name: origin, publicKey: cloud.ledger.key.publicKey } as const;
  const opened = openCheckpoint(fromUtf8(note), { origin, logKeys: [key], witnesses: [] });
  assert.ok(opened.ok, 'the checkpoint verifies');
  return opened.value.checkpoint;
}

/**
 * Reads the whole log from its objects, as a stranger does, and holds it against the records: each of them is
 * in it once, those of a journal in their order, and the root is the one over these very bytes.
 */
export async function readWhole(cloud: Cloud, tenant: TenantId, generation = 1): Promise<TreeHead> {
  const head = await shownHead(cloud, tenant, generation);
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation });
  const entries: Uint8Array[] = [];
  for (let index = 0; index * TILE_WIDTH < head.size; index++) {
    const width = Math.min(TILE_WIDTH, head.size - index * TILE_WIDTH);
    const bundle = await readBundle(tiles, { of: 'entries', index, width });
    assert.ok(bundle.ok, 'a bundle is there');
    entries.push(...bundle.value);
  }
  assert.deepEqual(treeHash(entries.map(leafHash)), head.root, 'the root is over these entries');
  const ends = new Map<string, number>();
  for (const entry of entries) {
    const parsed = parseRecord(entry);
    assert.ok(parsed.ok);
    const { source, seq } = parsed.record;
    assert.equal(seq, (ends.get(source) ?? 0) + 1, `${source} is there without gap and without a double`);
    ends.set(source, seq);
  }
  for (const index of [0, head.size - 1]) {
    if (head.size === 0) break;
    const proof = await proveInclusion(tiles, { index, head });
    assert.ok(proof.ok, `entry ${index} can be proved`);
  }
  return head;
}

/** Each head continues the one before it, by a proof made of the tiles. */
export async function assertGrew(
  cloud: Cloud,
  tenant: TenantId,
  { from, to }: { from: TreeHead; to: TreeHead },
): Promise<void> {
  assert.ok(to.size >= from.size, 'a log does not become shorter');
  const proved = await proveConsistency(tilesOf(cloud.ledger.objects, { tenant, generation: 1 }), {
    from: from.size,
    head: to,
  });
  assert.ok(proved.ok, 'the growth can be proved');
  assert.ok(isConsistent({ from, to, proof: proved.value.proof }), `${to.size} continues ${from.size}`);
}

export class Died extends Error {}

export type Fault = { at: number; applied: boolean };

/** A process that dies at its n-th durable write; it is counted, too, how many there are. */
export function dying(cloud: Cloud, fault: Fault): { cloud: Cloud; writes(): number } {
  let writes = 0;
  const isNow = () => ++writes === fault.at;
  const { objects } = cloud.ledger;
  async function durably<T>(write: () => Promise<T>): Promise<T> {
    const dies = isNow();
    if (dies && !fault.applied) throw new Died();
    const done = await write();
    if (dies) throw new Died();
    return done;
  }
  return {
    writes: () => writes,
    cloud: {
      ...cloud,
      database: {
        ...cloud.database,
        async tenant<T>(tenant: TenantId, run: (tx: Tx) => Promise<T>): Promise<T> {
          const dies = isNow();
          const done = await cloud.database.tenant(tenant, async (tx) => {
            const result = await run(tx);
            if (dies && !fault.applied) throw new Died();
            return result;
          });
          if (dies) throw new Died();
          return done;
        },
        // A transaction of one round trip has no moment before its end.
        once: (tenant, run) => durably(() => cloud.database.once(tenant, run)),
      },
      ledger: {
        ...cloud.ledger,
        objects: {
          ...objects,
          write: (place, object) => durably(() => objects.write(place, object)),
          async stage(place, object) {
            const staged = await objects.stage(place, object);
            return { ...staged, settle: () => durably(staged.settle) };
          },
        },
      },
    },
  };
}

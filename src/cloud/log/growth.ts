/** Where the log stands, and how far records have come into it: what is shown beside them. */
import type { Agreement, LogDays, LogHead, ProofState } from '../../contract/http/proofs.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import { momentOf } from './cosignatures.ts';
import { keysOf, vkeyAt } from './keys.ts';
import { witnessesOf } from './policy.ts';
import * as store from './store.ts';
import { lastCosignatures } from './witness-store.ts';

type LogStands = { generation: number; head: LogHead };

/** As the last checkpoint has it; undefined when the tenant keeps no log. */
export async function headOfLog(cloud: Cloud, tx: Tx): Promise<LogStands | undefined> {
  const log = await store.currentLog(tx);
  if (!log) return undefined;
  const { generation, origin } = log;
  const [[last], agreed, keys] = await Promise.all([
    store.lastCheckpoints(tx, generation, 1),
    lastCosignatures(tx, generation),
    keysOf(tx, log),
  ]);
  if (!last) return undefined;
  const witnesses = witnessesOf(cloud).map(({ name, vkey }) => {
    const one = agreed.find((row) => row.vkey === vkey);
    return { witness: name, size: one?.size ?? null, atMs: one ? momentOf(one) : null };
  });
  return {
    generation,
    head: { origin, vkey: vkeyAt(keys, last.size), size: last.size, atMs: last.at_ms, witnesses },
  };
}

/**
 * A record stands in the log when a signed checkpoint covers it: an index alone is a promise, and waits still. A
 * witness has agreed to it when it agreed to a tree that is larger than its index.
 */
export function proofStateOf(
  index: number | null,
  log: { size: number; witnesses: readonly Agreement[] } | undefined,
): ProofState {
  if (!log) return { is: 'no-log' };
  if (index === null || index >= log.size) return { is: 'pending' };
  const n = log.witnesses.filter(({ size }) => size !== null && index < size).length;
  return n === 0 ? { is: 'integrated', index } : { is: 'cosigned', index, n, of: log.witnesses.length };
}

/** How far each of these records has come, in their order. */
export async function proofStates(
  cloud: Cloud,
  tx: Tx,
  records: readonly { source: string; seq: number }[],
): Promise<{ log: LogHead | null; states: ProofState[] }> {
  const standing = await headOfLog(cloud, tx);
  if (!standing) return { log: null, states: records.map(() => proofStateOf(null, undefined)) };
  const { generation, head } = standing;
  const places = await store.placesOf(tx, { generation, records });
  return { log: head, states: places.map((index) => proofStateOf(index, head)) };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS: Readonly<Record<LogDays, number>> = { 1: HOUR_MS, 7: 6 * HOUR_MS, 30: DAY_MS, 90: DAY_MS };
const CHECKPOINTS_SHOWN = 10;

/** How large the log was at the end of each step up to now. */
export async function growthOf(cloud: Cloud, tx: Tx, days: LogDays) {
  const nowMs = cloud.clock.nowMs();
  const stepMs = STEP_MS[days];
  const steps = (days * DAY_MS) / stepMs;
  const fromMs = nowMs - steps * stepMs;
  const standing = await headOfLog(cloud, tx);
  if (!standing) return { log: null, waiting: 0, fromMs, stepMs, steps: [], checkpoints: [] };
  const { generation, head } = standing;
  const moments = Array.from({ length: steps }, (_, step) => fromMs + (step + 1) * stepMs);
  const [sizes, waiting, checkpoints] = await Promise.all([
    store.sizesAt(tx, { generation, moments }),
    store.numberWaiting(tx, generation),
    store.lastCheckpoints(tx, generation, CHECKPOINTS_SHOWN),
  ]);
  return {
    log: head,
    ...{ waiting, fromMs, stepMs },
    steps: moments.map((toMs, step) => ({ toMs, size: sizes[step] ?? 0 })),
    checkpoints: checkpoints.map(({ size, at_ms, root }) => ({ size, atMs: at_ms, root: base64url(root) })),
  };
}

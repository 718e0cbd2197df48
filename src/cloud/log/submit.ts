/**
 * How a checkpoint gets the cosignature of one witness (C2SP tlog-witness, section "add-checkpoint"), in three steps,
 * each of which may be the last before the process dies:
 *
 *   1. one transaction says that this witness is being asked, and reads what about;
 *   2. it is asked, outside any transaction: a stranger may take his time;
 *   3. one transaction keeps the verified cosignature and, when it makes enough of them, has readers given the
 *      checkpoint; or it keeps why there is none.
 *
 * A death between 2 and 3 loses a line that the witness gives again. All witnesses are asked about the same
 * checkpoint until enough have cosigned it: a log that grows all the time would else get each cosignature on another.
 */
import type { WitnessError } from '../../contract/http/witnesses.ts';
import type { TenantId } from '../../domain/ids.ts';
import { proveConsistency } from '../../ledger/log/prove.ts';
import { parseVkey } from '../../ledger/log/vkey.ts';
import { addCheckpointBody } from '../../ledger/log/witness.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import type { WitnessConfig } from '../witnessing.ts';
import { readAnswer, type Said } from './answer.ts';
import { ASK_MS_MAX, askWitness } from './ask.ts';
import { tilesOf } from './objects.ts';
import * as store from './store.ts';
import * as witnesses from './witness-store.ts';

/** How often one turn asks: once, and again with the size that the witness named, which others may move meanwhile. */
const ASKS_MAX = 3;
/** Longer than a turn can take. So long a witness waits for a process that died with it in hand. */
const CLAIM_MS = ASKS_MAX * ASK_MS_MAX + 5_000;
/** So long all are asked about one checkpoint, though it does not get enough cosignatures. */
const ROUND_MS = 10_000;
const BACKOFF_MS_MAX = 60_000;

export type Turn = { tenant: TenantId; witness: WitnessConfig };

type Task = {
  generation: number;
  target: store.CheckpointRow;
  /** The last that this witness is known to have cosigned; 0 when there is none. */
  oldSize: number;
};

/** What the turn came to. `not-now`: somebody else asks it, or it has done what it was asked. */
export type Turned = 'not-now' | 'cosigned' | WitnessError | 'elsewhere';

export async function takeTurn(cloud: Cloud, turn: Turn): Promise<Turned> {
  const task = await cloud.database.tenant(turn.tenant, (tx) => begin(cloud, tx, turn));
  if (!task) return 'not-now';
  const said = await exchange(cloud, turn, task);
  return cloud.database.tenant(turn.tenant, (tx) => settle(cloud, tx, { ...turn, ...task, said }));
}

/** The last time that a witness can be due at, by this clock. */
export function dueMsMax(cloud: Cloud): number {
  const { pauseMs = 0 } = cloud.config.witnessing ?? {};
  return cloud.clock.nowMs() + Math.max(CLAIM_MS, BACKOFF_MS_MAX, pauseMs);
}

async function begin(cloud: Cloud, tx: Tx, { witness }: Turn): Promise<Task | undefined> {
  const { vkey } = witness;
  const nowMs = cloud.clock.nowMs();
  // Whoever else wants to ask waits here, and then finds that the witness is not due.
  const log = await store.lockLog(tx);
  if (!log) return undefined;
  const { generation } = log;
  const due = await witnesses.dueWitnesses(tx, { vkeys: [vkey], nowMs, untilMs: dueMsMax(cloud) });
  if (due.length === 0) return undefined;
  const target = await targetOf(cloud, tx, log);
  const has = await witnesses.cosignaturesAt(tx, { generation, sizes: [target.size] });
  if (has.some((one) => one.vkey === vkey)) return undefined;
  await witnesses.setDue(tx, { generation, vkey, atMs: nowMs + CLAIM_MS });
  const last = (await witnesses.lastCosignatures(tx, generation)).find((one) => one.vkey === vkey);
  // It may have cosigned a later one already, in the turn of another configuration.
  return { generation, target, oldSize: Math.min(last?.size ?? 0, target.size) };
}

/** What all are asked about: the checkpoint of before until it is agreed on or its time is over, then the newest. */
async function targetOf(cloud: Cloud, tx: Tx, log: store.LogRow): Promise<store.CheckpointRow> {
  const { generation, published_size: newest, asked_size: asked, asked_at_ms: askedAtMs } = log;
  const nowMs = cloud.clock.nowMs();
  const ageMs = nowMs - (askedAtMs ?? 0);
  const isOpen = asked !== null && asked > log.shown_size && ageMs >= 0 && ageMs < ROUND_MS;
  const size = isOpen ? asked : newest;
  if (size !== asked) await store.setAsked(tx, { generation, size, atMs: nowMs });
  const target = await store.checkpointAt(tx, { generation, size });
  if (!target) throw new Error(`there is no checkpoint of ${size} entries`);
  return target;
}

/** Asks, and once the witness has named another size than we thought, asks with the proof from there. */
async function exchange(cloud: Cloud, { tenant, witness }: Turn, task: Task): Promise<Said> {
  const { generation, target } = task;
  const key = parseVkey(witness.vkey);
  if (!key.ok) throw new Error(`the key of ${witness.name} is none`);
  const { size, note } = target;
  const head = { size, root: new Uint8Array(target.root) };
  const tiles = tilesOf(cloud.ledger.objects, { tenant, generation });
  let said: Said = { is: 'elsewhere', size: task.oldSize };
  for (let asks = 0; asks < ASKS_MAX && said.is === 'elsewhere' && said.size <= size; asks++) {
    const oldSize = said.size;
    const proved = await proveConsistency(tiles, { from: oldSize, head });
    // What lies in the store is not what was signed: no stranger is sent a proof of it.
    if (!proved.ok) throw new Error(`the growth from ${oldSize} cannot be proved: ${proved.reason}`);
    const body = addCheckpointBody({ oldSize, proof: proved.value.proof, checkpoint: note });
    const answer = await askWitness({ ...witness, caPem: witness.caPem, body, clock: cloud.clock });
    said = readAnswer(answer, { note, size, oldSize, witness: key.value, nowMs: cloud.clock.nowMs() });
  }
  return said;
}

type Settled = Turn & Task & { said: Said };

async function settle(cloud: Cloud, tx: Tx, of: Settled): Promise<Turned> {
  const { generation, target, witness, said } = of;
  if (said.is === 'failed') return keepError(cloud, tx, of, said.error);
  if (said.is === 'elsewhere') {
    // It was asked from each size that it named, and named another.
    if (said.size <= target.size) return keepError(cloud, tx, of, 'answer-malformed');
    const log = await store.logAt(tx, generation);
    // It remembers more entries than this log ever signed. Who is only behind asks again about a newer one.
    if (said.size > (log?.published_size ?? 0)) return keepError(cloud, tx, of, 'conflict');
    await keepRow(cloud, tx, of, null);
    return 'elsewhere';
  }
  const { vkey } = witness;
  const { line, atS } = said;
  const row = { generation, size: target.size, vkey, line, at_s: atS, at_ms: cloud.clock.nowMs() };
  await store.lockLog(tx);
  await witnesses.insertCosignature(tx, row);
  await showAgreed(cloud, tx, generation);
  await keepRow(cloud, tx, of, null);
  return 'cosigned';
}

/**
 * Has readers given the newest checkpoint that the policy is content with, or without a policy the newest. They are
 * never given an earlier one than they had: a reader who remembers takes that for a roll-back, and rightly.
 */
export async function showAgreed(cloud: Cloud, tx: Tx, generation: number): Promise<void> {
  const { witnessing } = cloud.config;
  const size = witnessing
    ? await witnesses.newestAgreed(tx, {
        generation,
        vkeys: witnessing.witnesses.map(({ vkey }) => vkey),
        quorum: witnessing.quorum,
      })
    : (await store.logAt(tx, generation))?.published_size;
  if (size !== undefined) await store.raiseShown(tx, { generation, size });
}

async function keepError(cloud: Cloud, tx: Tx, of: Settled, error: WitnessError): Promise<WitnessError> {
  await keepRow(cloud, tx, of, error);
  return error;
}

async function keepRow(cloud: Cloud, tx: Tx, of: Settled, error: WitnessError | null): Promise<void> {
  const { generation, witness } = of;
  const { vkey } = witness;
  const nowMs = cloud.clock.nowMs();
  const before = await witnesses.witnessRow(tx, { generation, vkey });
  const failures = error === null ? 0 : (before?.failures ?? 0) + 1;
  await witnesses.setOutcome(tx, {
    generation,
    vkey,
    due_at_ms: nowMs + pauseAfter(cloud, failures),
    failures,
    error,
    error_since_ms: error === null ? null : (before?.error_since_ms ?? nowMs),
    conflict_at_ms: error === 'conflict' ? nowMs : (before?.conflict_at_ms ?? null),
  });
  if ((before?.error ?? null) !== error) await cloud.changed(tx, ['attention']);
}

/** Doubles while it does not cosign, up to a minute, and is never shorter than what was set. */
function pauseAfter(cloud: Cloud, failures: number): number {
  const pauseMs = cloud.config.witnessing?.pauseMs ?? 0;
  return Math.max(pauseMs, Math.min(pauseMs * 2 ** Math.min(failures, 30), BACKOFF_MS_MAX));
}

/**
 * How a plan becomes records in a chain, and what a journal knows of its own end. Pure, and apart from the
 * database, so that every journal, the model disk of the simulator included, chains with the same lines.
 */
import type { BatchOpenings, NoticeWish, SealedBox } from '../contract/uplink.ts';
import { SALT_BYTES, type WrittenRecord, writeRecord } from '../ledger/record.ts';
import type { Random } from '../platform/random.ts';
import type { Planned } from './plan/draft.ts';

export type JournalTip = {
  lastSeq: number;
  lastHash: string;
  lastMs: number;
  acknowledgedSeq: number;
  lastHead: string;
  headSeq: number;
};

/** A signed head with everything that travels with it. */
export type SignedBatch = {
  first: number;
  last: number;
  note: string;
  hash: string;
  records: Uint8Array[];
  openings: BatchOpenings;
  wishes: NoticeWish[];
};

/** One that was acknowledged before, for a cloud that lost it; null: what was sealed for it is not kept any more. */
export type AgainBatch = Omit<SignedBatch, 'openings' | 'wishes'> & { box: SealedBox | null };

/** The records of a plan in their places after `tip`. Throws when the plan counted otherwise (a bug). */
export function chainPlan(of: {
  planned: Planned;
  bank: string;
  tip: JournalTip;
  random: Random;
}): WrittenRecord[] {
  const { planned, bank, tip, random } = of;
  const written: WrittenRecord[] = [];
  let { lastSeq, lastHash } = tip;
  // The journal's time never runs backwards, whatever was planned; what that hides shows as uncertainty.
  const { atMs, uncertaintyMs } = planned.time;
  const backMs = Math.max(0, tip.lastMs - atMs);
  const time = { ...planned.time, atMs: atMs + backMs, uncertaintyMs: uncertaintyMs + backMs };
  const salts = drawSalts(planned, random);
  let drawn = 0;
  const drawSalt = () => salts.subarray(SALT_BYTES * drawn, SALT_BYTES * ++drawn);
  for (const draft of planned.records) {
    const entry = writeRecord({ draft, source: bank, seq: lastSeq + 1, prev: lastHash, time, drawSalt });
    written.push(entry);
    lastSeq = entry.record.seq;
    lastHash = entry.hash;
  }
  if (planned.state.lastSeq !== lastSeq)
    throw new Error(`the plan counts to ${planned.state.lastSeq}, the journal to ${lastSeq}`);
  return written;
}

/** One draw for all the salts of a plan: asking the generator costs more than what it gives. */
export function drawSalts(planned: Planned, random: Random): Uint8Array {
  const fields = planned.records.reduce((sum, record) => sum + Object.keys(record.fields ?? {}).length, 0);
  return random.bytes(SALT_BYTES * fields);
}

/** The end of the journal once `written` is durable. */
export function tipAfter(tip: JournalTip, written: readonly WrittenRecord[]): JournalTip {
  const last = written.at(-1);
  if (!last) return tip;
  return { ...tip, lastSeq: last.record.seq, lastHash: last.hash, lastMs: last.record.time.atMs };
}

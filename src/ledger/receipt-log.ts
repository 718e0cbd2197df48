/**
 * The log's part of a receipt: from each record, by its tlog-proof (C2SP tlog-proof, section "Format"),
 * to a checkpoint that the log signed and that witnesses cosigned. Most records of a receipt stand under one checkpoint,
 * which is judged once.
 */
import { judgeCheckpoint } from './export/checkpoint.ts';
import { BundleRefused, need, needValue, type Say } from './export/refusal.ts';
import type { TreeHead } from './log/checkpoint.ts';
import { isIncluded } from './log/inclusion.ts';
import type { PolicyFile } from './log/policy-file.ts';
import { parseProof } from './log/proof-file.ts';
import type { SuccessionLink } from './log/succession.ts';
import { parseVkey } from './log/vkey.ts';

/** Stands where a proof will be, once a checkpoint covers the record. */
export const PROOF_TO_COME = 'to come: fetch this receipt again';

/** `holds` is null for what was not checked, or is worth less than it may seem. */
export type Verdict = { check: string; holds: boolean | null; says: string };

export type Provable = { seq: number; leaf: Uint8Array; proof: string | null };
type LogTrust = {
  log: string | null;
  policy: PolicyFile | undefined;
  succession?: readonly SuccessionLink[] | undefined;
};

/** The first that does not hold ends the others: they stand on the same log. */
export function judgeProofs(records: readonly Provable[], trust: LogTrust): Verdict[] {
  const verdicts: Verdict[] = [];
  const say: Say = (says, holds = true) => void verdicts.push({ check: 'log', holds, says });
  try {
    if (trust.log === null) sayNoLog(records, trust, say);
    else proveEach(records, { ...trust, log: trust.log, say });
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error;
    verdicts.push({ check: 'log', holds: false, says: error.message });
  }
  return verdicts;
}

/** Who gives a policy asks for proofs: a receipt from which they were taken out must not pass for one that has them. */
function sayMissing(says: string, { policy, say }: { policy: PolicyFile | undefined; say: Say }): void {
  need(policy === undefined, says);
  say(says, null);
}

function sayNoLog(records: readonly Provable[], { policy }: LogTrust, say: Say): void {
  need(
    records.every(({ proof }) => proof === null),
    'there is a proof, and no log is named',
  );
  sayMissing('not shown: that the records stand in a log; this receipt names none', { policy, say });
}

/** Says of which record it is that something is wrong. */
function of<T>(seq: number, judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof BundleRefused)) throw error;
    throw new BundleRefused(`record ${seq}: ${error.message}`);
  }
}

function proveEach(
  records: readonly Provable[],
  { log, policy, succession = [], say }: LogTrust & { log: string; say: Say },
): void {
  const own = needValue(parseVkey(log), 'the key of the log');
  const heads = new Map<string, TreeHead>();
  for (const { seq, leaf, proof } of records) {
    if (proof === PROOF_TO_COME) {
      const says = `record ${seq}: the log’s proof is still to come; fetch the receipt again`;
      sayMissing(says, { policy, say });
      continue;
    }
    const {
      index,
      path,
      checkpoint: note,
    } = needValue(parseProof(proof ?? ''), `the proof of record ${seq}`);
    const judging = { own, policy, namedBy: 'the receipt', succession };
    const head = heads.get(note) ?? of(seq, () => judgeCheckpoint(note, judging, say).checkpoint);
    heads.set(note, head);
    need(
      isIncluded({ leaf, index, head, path }),
      `record ${seq}: its proof does not lead from entry ${index} to the signed root`,
    );
    say(`record ${seq}: entry ${index} of the ${head.size} that the log signed`);
  }
}

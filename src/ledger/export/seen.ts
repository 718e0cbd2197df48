/**
 * What banks recorded that they had seen of the log (`log.seen` and its kin), against the log of this bundle: a log with
 * two faces has to carry what the banks of the other face saw. A head is compared where every entry before it is here;
 * and no bank has seen more entries than stand before its own word, wherever that can be told.
 */
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { appendLeaves, EMPTY_RANGE, rangeRoot } from '../log/range.ts';
import { namesOfLog } from '../log/succession.ts';
import { parseVkey } from '../log/vkey.ts';
import { type LedgerRecord, NO_HASH, parseRecord } from '../record.ts';
import { type BundleKeys, parseRecordLine } from './format.ts';
import { need, type Say } from './refusal.ts';
import type { Steps } from './steps.ts';

type Seen = { index: number; where: string; size: number; root: string };

const KINDS: readonly string[] = ['log.seen', 'log.left', 'log.disputed', 'log.settled'];
/** `log`: the key by which the bank knew the log then. */
type Told = Seen & { log: string };
type Reading = { rotations: LedgerRecord[]; told: Told[] };

const recordIn = (text: string): LedgerRecord | undefined => {
  const parsed = parseRecord(utf8(text));
  return parsed.ok ? parsed.record : undefined;
};

/** Undefined also for what is no record: the reading of records says so. */
function readLine(line: string): { index: number; record: LedgerRecord } | undefined {
  if (!line.includes('"kind":"log.')) return undefined;
  const { index, record: text } = parseRecordLine(line) ?? {};
  const record = recordIn(text ?? '');
  return record && { index: Number(index), record };
}

/** A bank says it about daily; of more than these the rest is said to be uncompared. */
const HEADS_MAX = 100_000;
const LINES_A_STEP = 1_024;

export class SeenHeads {
  #heads: readonly Seen[] = [];
  #range = EMPTY_RANGE;
  #compared = 0;
  #uncounted = 0;
  /** Of another log; or of this one, by a key that nothing here says was its. */
  #others = 0;

  /** `lines` are those of records.jsonl, which are read for themselves before anything is grown. */
  static *in(lines: Iterator<string | undefined>, log: BundleKeys['log']): Steps<SeenHeads> {
    const seen = new SeenHeads();
    const rotations = (log.succession ?? []).flatMap(({ record }) => recordIn(record) ?? []);
    const told: Told[] = [];
    while (seen.#readStep(lines, { rotations, told })) yield;
    const key = parseVkey(log.vkey);
    const inOrder = rotations.toSorted((a, b) => a.seq - b.seq);
    const names = key.ok ? namesOfLog(key.value, inOrder) : new Set();
    seen.#others = told.filter((one) => !names.has(one.log)).length;
    seen.#heads = told.filter((one) => names.has(one.log)).sort((a, b) => a.size - b.size);
    return seen;
  }

  /** False behind the last line. */
  #readStep(lines: Iterator<string | undefined>, { rotations, told }: Reading): boolean {
    for (let count = 0; count < LINES_A_STEP; count++) {
      const line = lines.next();
      if (line.done === true) return false;
      const { index, record } = readLine(line.value ?? '') ?? {};
      if (record?.kind === 'log.key-rotated') rotations.push(record);
      if (!record || !KINDS.includes(record.kind) || record.facts.root === NO_HASH) continue;
      const { source, seq, facts } = record;
      if (told.length === HEADS_MAX) this.#uncounted += 1;
      else
        told.push({
          ...{ index: Number(index), where: `record ${seq} of ${source}`, log: String(facts.log) },
          ...{ size: Number(facts.size), root: String(facts.root) },
        });
    }
    return true;
  }

  /** The entries in their order, as they come by; what comes behind a gap grows nothing. */
  grow(index: number, leaf: Uint8Array): void {
    this.#compare();
    if (this.#compared < this.#heads.length && index === this.#range.size)
      this.#range = appendLeaves(this.#range, [leaf]);
  }

  #compare(): void {
    for (let head = this.#heads[this.#compared]; head?.size === this.#range.size; ) {
      need(
        head.root === base64url(rangeRoot(this.#range)),
        `${head.where} says that the log had another root at ${head.size} entries`,
      );
      this.#compared += 1;
      head = this.#heads[this.#compared];
    }
  }

  end(say: Say): void {
    this.#compare();
    const ahead = this.#heads.find(({ size, index }) => size > index);
    need(
      ahead === undefined,
      `${ahead?.where} saw ${ahead?.size} entries of this log, and is itself entry ${ahead?.index}`,
    );
    const left = this.#heads.length - this.#compared + this.#uncounted;
    if (this.#compared > 0)
      say(`${this.#compared} heads that banks recorded of this log are heads of its tree`);
    if (left > 0)
      say(
        `${left} heads that banks recorded of this log are not compared: not every entry before is here`,
        null,
      );
    if (this.#others > 0)
      say(
        `${this.#others} heads that banks recorded are of another log, or under a key that this bundle does not name: not compared`,
        null,
      );
  }
}

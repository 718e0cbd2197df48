/**
 * What banks recorded that they had seen of the log (`log.seen` and its kin), against the log of this bundle: a log with
 * two faces has to carry what the banks of the other face saw. A head is compared where every entry before it is here;
 * and no bank has seen more entries than stand before its own word, wherever that can be told.
 */
import { base64url, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { appendLeaves, EMPTY_RANGE, rangeRoot } from '../log/range.ts';
import { NO_HASH, parseRecord } from '../record.ts';
import { parseRecordLine } from './format.ts';
import { need, type Say } from './refusal.ts';
import type { Steps } from './steps.ts';

type Seen = { index: number; where: string; size: number; root: string };

const KINDS: readonly string[] = ['log.seen', 'log.left', 'log.disputed', 'log.settled'];
/** A bank says it about daily; of more than these the rest is said to be uncompared. */
const HEADS_MAX = 100_000;
const LINES_A_STEP = 1_024;

export class SeenHeads {
  readonly #heads: Seen[] = [];
  #range = EMPTY_RANGE;
  #compared = 0;
  #uncounted = 0;

  /** `lines` are those of records.jsonl, which are read for themselves before anything is grown. */
  static *in(lines: Iterator<string | undefined>, vkey: string): Steps<SeenHeads> {
    const [seen, log] = [new SeenHeads(), base64url(sha256(utf8(vkey)))];
    while (seen.#readStep(lines, log)) yield;
    seen.#heads.sort((a, b) => a.size - b.size);
    return seen;
  }

  /** False behind the last line. */
  #readStep(lines: Iterator<string | undefined>, log: string): boolean {
    for (let count = 0; count < LINES_A_STEP; count++) {
      const line = lines.next();
      if (line.done === true) return false;
      this.#read(line.value ?? '', log);
    }
    return true;
  }

  #read(line: string, log: string): void {
    if (!line.includes('"kind":"log.')) return;
    const { index, record: text } = parseRecordLine(line) ?? {};
    const parsed = parseRecord(utf8(text ?? ''));
    // Of what is no record the reading of records says so.
    if (!parsed.ok) return;
    const { kind, source, seq, facts } = parsed.record;
    if (!KINDS.includes(kind) || facts.log !== log || facts.root === NO_HASH) return;
    if (this.#heads.length === HEADS_MAX) this.#uncounted += 1;
    else
      this.#heads.push({
        ...{ index: Number(index), where: `record ${seq} of ${source}` },
        ...{ size: Number(facts.size), root: String(facts.root) },
      });
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
  }
}

/**
 * The journals in a bundle, as their records come by in the order of the log: whether numbers and hashes follow each
 * other, whether each bank signed its batches, and whether an opening is what the record committed to. Of each journal
 * one batch at most is held.
 */
import { base64, fromBase64, fromBase64url, isBase64url } from '../../crypto/bytes.ts';
import { BATCH_RECORDS_MAX, type BatchHead, headHash, openHead } from '../batch.ts';
import { HASH_BYTES } from '../record.ts';
import type { RecordPlace } from '../record-form.ts';
import { rootOfShown } from './cover.ts';
import { type HeadLine, headSchema, SOURCES_MAX } from './format.ts';
import { need, type Say } from './refusal.ts';
import type { Steps } from './steps.ts';

type OpenBatch = { head: BatchHead; line: HeadLine; shown: { at: number; leaf: Uint8Array }[] };
type Journal = {
  source: string;
  first: number;
  last: number;
  records: number;
  /** Where numbers are missing between first and last, and the first of them. */
  gaps: number;
  missing: number | undefined;
  /** Leaf hash of the last record. */
  lastLeaf: Uint8Array;
  batch: OpenBatch | undefined;
  batches: number;
};

export type JournalEnd = Pick<Journal, 'source' | 'first' | 'last' | 'records'> & {
  whole: boolean;
  /** The first record that is missing between them. */
  missing?: number | undefined;
};
export type SigningBank = { bank: string; key: string };

export class Journals {
  readonly #known = new Map<string, Journal>();
  readonly #signers = new Map<string, SigningBank>();
  readonly #heads: Iterator<string | undefined>;
  #headLines = 0;

  constructor(heads: Iterator<string | undefined>) {
    this.#heads = heads;
  }

  /** Takes the next record of its journal. */
  add(record: RecordPlace, leaf: Uint8Array): void {
    const { source, seq } = record;
    const about = () => `record ${seq} of ${source}`;
    const journal = this.#known.get(source) ?? this.#begin(source, seq);
    if (journal.records > 0) {
      need(seq > journal.last, () => `${about()} stands behind record ${journal.last}`);
      const follows = seq === journal.last + 1;
      need(
        !follows || isBase64url(record.prev, journal.lastLeaf),
        () => `${about()} names another record before it than record ${journal.last}`,
      );
      if (!follows) journal.gaps += 1;
      if (!follows) journal.missing ??= journal.last + 1;
    }
    journal.last = seq;
    journal.lastLeaf = leaf;
    journal.records += 1;
    if (source.startsWith('bank_')) this.#intoBatch(journal, seq, leaf);
  }

  #begin(source: string, first: number): Journal {
    need(this.#known.size < SOURCES_MAX, `there are more than ${SOURCES_MAX} journals`);
    const fresh = {
      ...{ source, first, last: 0, records: 0, gaps: 0, missing: undefined, batch: undefined, batches: 0 },
      lastLeaf: new Uint8Array(0),
    };
    this.#known.set(source, fresh);
    return fresh;
  }

  #intoBatch(journal: Journal, seq: number, leaf: Uint8Array): void {
    const open =
      journal.batch && seq <= journal.batch.head.last ? journal.batch : this.#nextBatch(journal, seq);
    open.shown.push({ at: seq - open.head.first, leaf });
  }

  #nextBatch(journal: Journal, seq: number): OpenBatch {
    const before = journal.batch;
    if (before) closeBatch(before);
    this.#headLines += 1;
    const line = readHead(this.#heads.next().value, {
      line: this.#headLines,
      by: `record ${seq} of ${journal.source}`,
    });
    need(
      line.bank === journal.source,
      `heads.jsonl has a head of ${line.bank} where record ${seq} of ${journal.source} needs one`,
    );
    const publicKey = fromBase64url(line.key) ?? new Uint8Array(0);
    const head = openHead(line.head, { name: line.bank, publicKey });
    need(head !== undefined, `the batch with record ${seq} of ${journal.source} is not signed by this bank`);
    const { first, last } = head;
    const batch = `batch ${first} to ${last} of ${journal.source}`;
    need(first <= seq && seq <= last, `record ${seq} does not stand in ${batch}`);
    need(last - first < BATCH_RECORDS_MAX, `${batch} is larger than a batch can be`);
    need(!before || first > before.head.last, `${batch} overlaps the batch before`);
    const follows = before !== undefined && first === before.head.last + 1;
    need(!follows || head.previous === headHash(before.head), `${batch} names another batch before it`);
    this.#signers.set(`${line.bank} ${line.key}`, { bank: line.bank, key: line.key });
    const open: OpenBatch = { head, line, shown: [] };
    Object.assign(journal, { batch: open, batches: journal.batches + 1 });
    return open;
  }

  /** Closes what is open. Afterwards no head may be left. */
  *end(): Steps<void> {
    for (const { batch } of this.#known.values()) {
      if (batch) closeBatch(batch);
      yield;
    }
    const more = this.#heads.next();
    need(
      more.done === true,
      () => `line ${this.#headLines + 1} of heads.jsonl has a head that no record needs`,
    );
  }

  ends(): JournalEnd[] {
    return [...this.#known.values()].map(({ source, first, last, records, gaps, missing }) => ({
      missing,
      source,
      first,
      last,
      records,
      whole: gaps === 0,
    }));
  }

  signers(): SigningBank[] {
    return [...this.#signers.values()];
  }

  say(say: Say): void {
    for (const { source, first, last, records, gaps, batches } of this.#known.values()) {
      const range = records === 1 ? `record ${first}` : `records ${first} to ${last}`;
      const said =
        gaps === 0
          ? `${source}: ${range}, none missing; each names the one before${first === 1 ? ', from the first record on' : ''}`
          : `${source}: ${records} records between ${first} and ${last}, in the order of the journal; those between are left out, as the selection says`;
      say(said);
      if (batches > 0)
        say(
          `${source}: each of them stands in one of ${batches} batches that the bank’s key signed, in its place`,
        );
    }
  }
}

function readHead(text: string | undefined, { line, by }: { line: number; by: string }): HeadLine {
  const where = `line ${line} of heads.jsonl`;
  need(text !== undefined, () => `${where}, which ${by} needs, is not there, or is no text`);
  const parsed = headSchema.safeParse(parseJson(text, where));
  need(parsed.success, () => `${where} is malformed`);
  return parsed.data;
}

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    need(false, `${what} is no JSON`);
  }
}

function closeBatch({ head, line, shown }: OpenBatch): void {
  const batch = `batch ${head.first} to ${head.last} of ${head.bank}`;
  let [at, used] = [0, 0];
  const root = rootOfShown(
    {
      next: () => shown[at]?.at,
      leaf: () => shown[at++]?.leaf ?? new Uint8Array(0),
      hash: () => readHash(line.hashes[used++], `heads.jsonl, ${batch}`),
    },
    head.last - head.first + 1,
  );
  need(used === line.hashes.length, `heads.jsonl has more hashes than ${batch} needs`);
  need(
    base64(root) === base64(fromBase64url(head.root) ?? new Uint8Array(0)),
    `the records are not those of the ${batch}, which the bank signed`,
  );
}

export function readHash(text: string | undefined, where: string): Uint8Array {
  const bytes = text === undefined ? undefined : fromBase64(text);
  need(bytes?.length === HASH_BYTES, `${where}: a hash is missing or malformed`);
  return bytes;
}

export function isSame(a: JournalEnd, b: JournalEnd): boolean {
  return (
    a.source === b.source &&
    a.first === b.first &&
    a.last === b.last &&
    a.records === b.records &&
    a.whole === b.whole
  );
}

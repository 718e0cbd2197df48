/**
 * Batches: how a bank hands its journal on. Before upload it signs a *batch head*, a note over bank,
 * range, previous head and the RFC 6962 root of the batch's records. One signature serves the batch; a
 * receipt shows one record by its path to the root, without its neighbours.
 *
 *     holdfast/batch-head/v1
 *     <bank id>
 *     <first seq> <last seq>
 *     <base64 SHA-256 of the previous head's note text, or of nothing for the first>
 *     <base64 RFC 6962 tree hash of records first … last>
 *
 * Everything here is a pure function: the bank signs with it, the cloud judges with it, an auditor
 * verifies with it, and the simulator runs it.
 */
import { base64url, fromBase64, utf8 } from '../crypto/bytes.ts';
import { equalBytes, sha256 } from '../crypto/hash.ts';
import { isId } from '../domain/ids.ts';
import type { Denial } from '../domain/outcome.ts';
import { type NoteVerifier, openNote, signNote } from './note.ts';
import { type LedgerRecord, leafHash, NO_HASH, parseRecord } from './record.ts';
import { treeHash } from './tree.ts';

const HEAD_TITLE = 'holdfast/batch-head/v1';
/** At most this many records a batch, so that a path has at most ten hashes. */
export const BATCH_RECORDS_MAX = 1024;
export const BATCH_BYTES_MAX = 1_048_576;

export type BatchHead = {
  bank: string;
  first: number;
  last: number;
  /** base64url SHA-256 of the text of the head before, `NO_HEAD` for the first. */
  previous: string;
  /** base64url tree hash. */
  root: string;
};

/** What `previous` of a bank's first head is: the hash of no text. */
export const NO_HEAD = base64url(sha256(new Uint8Array(0)));

export type SignHead = { head: BatchHead; key: { privateKey: Uint8Array; publicKey: Uint8Array } };

export function signHead({ head, key }: SignHead): string {
  return signNote(headText(head), [{ name: head.bank, ...key }]);
}

export function headText(head: BatchHead): string {
  const asBase64 = (text: string) => Buffer.from(text, 'base64url').toString('base64');
  return `${HEAD_TITLE}\n${head.bank}\n${head.first} ${head.last}\n${asBase64(head.previous)}\n${asBase64(head.root)}\n`;
}

/** The hash by which the next head names this one. */
export function headHash(head: BatchHead): string {
  return base64url(sha256(utf8(headText(head))));
}

const HEAD =
  /^holdfast\/batch-head\/v1\n(bank_[a-z2-7]{26})\n([1-9][0-9]{0,15}) ([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\n([A-Za-z0-9+/]{43}=)\n$/;

/** The head in a note signed by `bank`'s key, or undefined. */
export function openHead(note: string, key: NoteVerifier): BatchHead | undefined {
  const opened = openNote(note, [key]);
  const match = opened && HEAD.exec(opened.text);
  if (!match) return undefined;
  const [, bank = '', first = '', last = '', previous = '', root = ''] = match;
  const previousBytes = fromBase64(previous);
  const rootBytes = fromBase64(root);
  if (bank !== key.name || !isId('bank', bank) || !previousBytes || !rootBytes) return undefined;
  const head = {
    bank,
    first: Number(first),
    last: Number(last),
    previous: base64url(previousBytes),
    root: base64url(rootBytes),
  };
  const sound =
    Number.isSafeInteger(head.first) && Number.isSafeInteger(head.last) && head.first <= head.last;
  return sound ? head : undefined;
}

/** The root over record bytes, as a head holds it. */
export function batchRoot(records: readonly Uint8Array[]): string {
  return base64url(treeHash(records.map(leafHash)));
}

/** What a receiver of a bank's batches has committed of it so far. */
export type Committed = {
  lastSeq: number;
  /** base64url leaf hash of the last record; `NO_HASH` when there is none. */
  lastHash: string;
  /** Hash of the last head's text; `NO_HEAD` when there is none. */
  lastHead: string;
};

export const NOTHING_COMMITTED: Committed = { lastSeq: 0, lastHash: NO_HASH, lastHead: NO_HEAD };

export type Judgement =
  | { verdict: 'append'; head: BatchHead; records: LedgerRecord[]; next: Committed }
  /** Committed before; acknowledge it again. */
  | { verdict: 'known'; head: BatchHead }
  | { verdict: 'refused'; reason: Denial; firstMissing: number; lastMissing: number };

export type JudgeBatch = {
  note: string;
  records: readonly Uint8Array[];
  key: NoteVerifier;
  committed: Committed;
  /** The hash of the committed head that ended at `last`, where there is one. */
  headAt: (last: number) => string | undefined;
};

/**
 * Judges one batch against what is committed. It continues the chain, or repeats what is known, or is
 * refused by name: a gap (names the missing numbers), a fork (same numbers, other content), a roll-back
 * (the bank went back behind what it had said).
 */
export function judgeBatch(question: JudgeBatch): Judgement {
  const head = openHead(question.note, question.key);
  const isBefore = head !== undefined && head.last <= question.committed.lastSeq;
  return judgeOpened({ ...question, head, known: isBefore ? question.headAt(head.last) : undefined });
}

/** The same question once `openHead` has answered, so that a store can be asked for `known` in between. */
export type JudgeOpened = Pick<JudgeBatch, 'records' | 'committed'> & {
  head: BatchHead | undefined;
  /** The hash of the committed head that ended where this one does, where there is one. */
  known: string | undefined;
};

export function judgeOpened({ committed, records, head, known }: JudgeOpened): Judgement {
  if (!head) return refuse('batch-head-wrong');
  if (head.last <= committed.lastSeq) {
    if (known === headHash(head)) return { verdict: 'known', head };
    return refuse(known === undefined ? 'batch-rollback' : 'batch-fork');
  }
  if (head.first > committed.lastSeq + 1) return refuse('batch-gap', committed.lastSeq + 1, head.first - 1);
  if (head.first <= committed.lastSeq) return refuse('batch-rollback');
  if (head.previous !== committed.lastHead) return refuse('batch-fork');
  return judgeRecords(records, { head, committed });
}

function judgeRecords(
  records: readonly Uint8Array[],
  { head, committed }: { head: BatchHead; committed: Committed },
): Judgement {
  if (records.length !== head.last - head.first + 1 || records.length > BATCH_RECORDS_MAX)
    return refuse('batch-root-wrong');
  const root = Buffer.from(head.root, 'base64url');
  const leaves = records.map(leafHash);
  if (!equalBytes(treeHash(leaves), root)) return refuse('batch-root-wrong');
  const read: LedgerRecord[] = [];
  let prev = committed.lastHash;
  for (const [index, bytes] of records.entries()) {
    const parsed = parseRecord(bytes);
    if (!parsed.ok) return refuse('batch-record-malformed');
    const { record } = parsed;
    if (record.source !== head.bank || record.seq !== head.first + index)
      return refuse('batch-record-malformed');
    if (record.prev !== prev) return refuse('batch-fork');
    prev = base64url(leaves[index] ?? leafHash(bytes));
    read.push(record);
  }
  return {
    verdict: 'append',
    head,
    records: read,
    next: { lastSeq: head.last, lastHash: prev, lastHead: headHash(head) },
  };
}

function refuse(reason: Denial, firstMissing = 0, lastMissing = 0): Judgement {
  return { verdict: 'refused', reason, firstMissing, lastMissing };
}

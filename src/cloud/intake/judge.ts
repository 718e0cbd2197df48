/**
 * The rules of taking a batch, over a store that any database can be: judge it against what is committed of
 * the bank, open and check everything that stands behind its commitments, have it appended, commit, and
 * acknowledge last. So a batch may come any number of times, to any number of processes, and is taken
 * exactly once. `batch.ts` gives these rules PostgreSQL; the simulator gives them a database that fails.
 */
import type { z } from 'zod';
import { readIJson } from '../../contract/json.ts';
import {
  type BatchMessage,
  type BatchOpenings,
  batchOpenings,
  type DownMessage,
  type NoticeWish,
  type SealedBox,
  UPLINK_VERSION,
} from '../../contract/uplink.ts';
import { utf8 } from '../../crypto/bytes.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { Denial } from '../../domain/outcome.ts';
import {
  type Committed,
  headHash,
  type JudgeBatch,
  type Judgement,
  judgeOpened,
  openHead,
} from '../../ledger/batch.ts';
import { type LedgerRecord, type Openings, opens } from '../../ledger/record.ts';

export type Judged = Extract<Judgement, { verdict: 'append' }>;
export type AllOpenings = ReadonlyMap<number, Openings>;

/** A batch that may be appended: it continues what the transaction holds locked. */
export type JudgedBatch = {
  judged: Judged;
  note: string;
  records: readonly Uint8Array[];
  openings: AllOpenings;
  /** Nobody keeps any more what stood behind the commitments: records that came back after a restore. */
  isUnopened: boolean;
  wishes: readonly NoticeWish[];
};

/** One transaction about one bank's journal. */
export type IntakeTx = {
  /**
   * Where the journal ends, the key that signs it, and up to where the bank says that it was acknowledged; locked
   * until the transaction ends.
   */
  lockEnd(): Promise<{ committed: Committed; key: Uint8Array; acknowledgedSeq: number } | undefined>;
  headHashAt(last: number): Promise<string | undefined>;
  /** Opens what was sealed to the intake key; undefined when it was not sealed for us and this head. */
  openBox(of: { box: SealedBox; head: string }): Promise<Uint8Array | undefined>;
  append(batch: JudgedBatch): Promise<void>;
};

export type IntakeStore = {
  /** Answers when what `run` did is committed; throws when it may not be. */
  transaction<T>(run: (tx: IntakeTx) => Promise<T>): Promise<T>;
  /** Keeps a refused batch, in a transaction of its own. */
  refuse(refusal: { reason: Denial; firstMissing: number; lastMissing: number }): Promise<void>;
};

export type Taken =
  | { taken: true; lastSeq: number; head: string }
  | { taken: false; reason: Denial; lastSeq: number; firstMissing: number; lastMissing: number };

/** Takes a batch and answers it. The acknowledgement is made after the commit and of nothing else. */
export async function answerBatch(
  store: IntakeStore,
  of: { bank: string; message: BatchMessage },
): Promise<DownMessage> {
  const taken = await store.transaction((tx) => takeInto(tx, of));
  if (taken.taken) return { v: UPLINK_VERSION, type: 'ack', lastSeq: taken.lastSeq, head: taken.head };
  const { reason, lastSeq, firstMissing, lastMissing } = taken;
  await store.refuse({ reason, firstMissing, lastMissing });
  return { v: UPLINK_VERSION, type: 'batch-refused', reason, lastSeq };
}

/** Judges within a transaction, and appends what continues the chain. */
export async function takeInto(tx: IntakeTx, of: { bank: string; message: BatchMessage }): Promise<Taken> {
  const end = await tx.lockEnd();
  if (!end) return refused('bank-unknown', 0);
  const { committed } = end;
  const { message } = of;
  const records = message.records.map(utf8);
  const judged = await judge(tx, {
    note: message.head,
    records,
    key: { name: of.bank, publicKey: end.key },
    committed,
  });
  if (judged.verdict === 'refused') return { taken: false, lastSeq: committed.lastSeq, ...judged };
  if (judged.verdict === 'known')
    return { taken: true, lastSeq: judged.head.last, head: headHash(judged.head) };
  const opened = await openAll(tx, judged, { message, acknowledgedSeq: end.acknowledgedSeq });
  if (!opened.ok) return refused(opened.reason, committed.lastSeq);
  await tx.append({
    judged,
    note: message.head,
    records,
    openings: opened.openings,
    isUnopened: message.openings === null,
    wishes: message.notices,
  });
  return { taken: true, lastSeq: judged.head.last, head: judged.next.lastHead };
}

/** Only a batch that lies before the end asks for a head of old. */
async function judge(tx: IntakeTx, question: Omit<JudgeBatch, 'headAt'>): Promise<Judgement> {
  const head = openHead(question.note, question.key);
  const isBefore = head !== undefined && head.last <= question.committed.lastSeq;
  return judgeOpened({ ...question, head, known: isBefore ? await tx.headHashAt(head.last) : undefined });
}

function refused(reason: Denial, lastSeq: number): Taken {
  return { taken: false, reason, lastSeq, firstMissing: 0, lastMissing: 0 };
}

type Opened = { ok: true; openings: AllOpenings } | { ok: false; reason: Denial };

/**
 * Every commitment has its opening, every opening its commitment, and each pair fits. Without openings come only
 * records that had been taken before: a bank forgets none of which it was not told that somebody else has it.
 */
async function openAll(
  tx: IntakeTx,
  judged: Judged,
  { message, acknowledgedSeq }: { message: BatchMessage; acknowledgedSeq: number },
): Promise<Opened> {
  if (message.openings === null)
    return judged.head.last <= acknowledgedSeq && message.notices.length === 0
      ? { ok: true, openings: new Map() }
      : { ok: false, reason: 'batch-sealed-wrong' };
  const bytes = await tx.openBox({ box: message.openings, head: judged.next.lastHead });
  const list = bytes && readOpenings(bytes);
  if (!list) return { ok: false, reason: 'batch-sealed-wrong' };
  const bySeq = new Map(list.map((entry) => [entry.seq, entry.openings as Openings]));
  const inBatch = (seq: number) => seq >= judged.head.first && seq <= judged.head.last;
  const strange = bySeq.size !== list.length || ![...bySeq.keys()].every(inBatch);
  if (strange || !judged.records.every((record) => allOpen(record, bySeq.get(record.seq) ?? {})))
    return { ok: false, reason: 'batch-commitment-wrong' };
  if (!message.notices.every((wish) => inBatch(wish.seq))) return { ok: false, reason: 'message-malformed' };
  return { ok: true, openings: bySeq };
}

function readOpenings(bytes: Uint8Array): BatchOpenings | undefined {
  let value: unknown;
  try {
    value = readIJson(bytes);
  } catch {
    // Sealed for us and yet no JSON: foreign input, refused by name.
    return undefined;
  }
  const parsed: z.ZodSafeParseResult<BatchOpenings> = batchOpenings.safeParse(value);
  return parsed.data;
}

function allOpen(record: LedgerRecord, openings: Openings): boolean {
  const fields = Object.keys(record.commitments) as CommittedField[];
  return (
    Object.keys(openings).length === fields.length &&
    fields.every((field) => {
      const opening = openings[field];
      return opening !== undefined && opens(record, field, opening);
    })
  );
}

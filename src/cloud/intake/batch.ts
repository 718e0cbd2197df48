/**
 * Taking a batch: judge it against what is committed of the bank, open and check everything that stands
 * behind its commitments, append, seal again under the persons' own keys, and let every noun follow; all in
 * one transaction, under the lock of the bank's journal. The caller acknowledges after it committed, so a
 * batch may come any number of times, to any number of processes, and is taken exactly once.
 */
import type { z } from 'zod';
import {
  type BatchMessage,
  type BatchOpenings,
  batchOpenings,
  type NoticeWish,
} from '../../contract/uplink.ts';
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import { headHash, type Judgement, judgeBatch, openHead } from '../../ledger/batch.ts';
import { type LedgerRecord, leafHash, type Openings, opens } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { appendBatch, headHashAt, lockEnd, type Owners } from '../journal/journal.ts';
import type { Projection, Told } from '../noun.ts';

export type Taken =
  | { taken: true; lastSeq: number; head: string }
  | { taken: false; reason: Denial; lastSeq: number; firstMissing: number; lastMissing: number };

/** What every noun does about a record of one kind, in the order of the nouns. */
export type Projections = Readonly<Partial<Record<string, readonly Projection[]>>>;

export type TakeBatch = { tenant: TenantId; bank: banks.Bank['bank']; message: BatchMessage };

export async function takeBatch(cloud: Cloud, projections: Projections, of: TakeBatch): Promise<Taken> {
  return cloud.database.tenant(of.tenant, async (tx) => {
    const committed = await lockEnd(tx, of.bank);
    const bank = await banks.findBank(tx, of.bank);
    if (!committed || !bank || bank.key === null) return refused('bank-unknown', 0);
    const key = { name: bank.bank, publicKey: new Uint8Array(bank.key) };
    const records = of.message.records.map(utf8);
    const last = openHead(of.message.head, key)?.last;
    const known = last === undefined ? undefined : await headHashAt(tx, bank.bank, last);
    const judged = judgeBatch({
      note: of.message.head,
      records,
      key,
      committed,
      headAt: (at) => (at === last ? known : undefined),
    });
    if (judged.verdict === 'refused') return { taken: false, lastSeq: committed.lastSeq, ...judged };
    if (judged.verdict === 'known')
      return { taken: true, lastSeq: judged.head.last, head: headHash(judged.head) };
    const opened = await openAll(cloud, tx, judged, of.message);
    if (!opened.ok) return refused(opened.reason, committed.lastSeq);
    await append(cloud, tx, { bank, judged, records, openings: opened.openings, note: of.message.head });
    await follow(cloud, tx, projections, {
      tenant: of.tenant,
      bank,
      judged,
      openings: opened.openings,
      hashes: records.map((bytes) => base64url(leafHash(bytes))),
      wishes: of.message.notices,
    });
    return { taken: true, lastSeq: judged.head.last, head: judged.next.lastHead };
  });
}

function refused(reason: Denial, lastSeq: number): Taken {
  return { taken: false, reason, lastSeq, firstMissing: 0, lastMissing: 0 };
}

type Judged = Extract<Judgement, { verdict: 'append' }>;
type AllOpenings = ReadonlyMap<number, Openings>;
type Opened = { ok: true; openings: AllOpenings } | { ok: false; reason: Denial };

/** Every commitment has its opening, every opening its commitment, and each pair fits. */
async function openAll(cloud: Cloud, tx: Tx, judged: Judged, message: BatchMessage): Promise<Opened> {
  const bytes = await cloud.keys.openForIntake(tx, { box: message.openings, head: judged.next.lastHead });
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
    value = JSON.parse(fromUtf8(bytes));
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

type Append = {
  bank: banks.Bank;
  judged: Judged;
  records: readonly Uint8Array[];
  openings: AllOpenings;
  note: string;
};

async function append(
  cloud: Cloud,
  tx: Tx,
  { bank, judged, records, openings, note }: Append,
): Promise<void> {
  await appendBatch(tx, {
    source: bank.bank,
    note,
    head: { first: judged.head.first, last: judged.head.last, hash: judged.next.lastHead },
    key: bank.key ?? new Uint8Array(0),
    next: judged.next,
    records: judged.records.map((record, index) => {
      const bytes = records[index] ?? new Uint8Array(0);
      return {
        seq: record.seq,
        kind: record.kind,
        atMs: record.time.atMs,
        hash: base64url(leafHash(bytes)),
        bytes,
      };
    }),
  });
  // One query for the keys of everybody in the batch, instead of one a record.
  await cloud.keys.subjects(
    tx,
    judged.records.flatMap((record) => Object.values(ownersOf(record.kind, openings.get(record.seq) ?? {}))),
  );
  for (const record of judged.records) {
    const own = openings.get(record.seq) ?? {};
    await cloud.journal.keepOpenings(
      tx,
      { source: bank.bank, seq: record.seq },
      own,
      ownersOf(record.kind, own),
    );
  }
  for (const condition of ['gap', 'batch-refused'])
    await banks.endAlarm(cloud, tx, { condition, bank: bank.bank, atMs: cloud.clock.nowMs() });
}

/**
 * Whose data a field is. What tells of a parcel is its recipient's: on a drop-off the counterpart, on a
 * pick-up the person who acts. What belongs to nobody is the tenant's.
 */
function ownersOf(kind: LedgerRecord['kind'], openings: Openings): Owners {
  const person = openings.person?.value as PersonId | undefined;
  const counterpart = openings.counterpart?.value as PersonId | undefined;
  const recipient = kind === 'parcel.collected' ? (person ?? counterpart) : (counterpart ?? undefined);
  return {
    ...(person === undefined ? {} : { person }),
    ...(counterpart === undefined ? {} : { counterpart }),
    ...(recipient === undefined ? {} : { tracking: recipient, parcel: recipient }),
    ...(openings.subject === undefined ? {} : { subject: openings.subject.value as PersonId }),
  };
}

type Follow = {
  tenant: TenantId;
  bank: banks.Bank;
  judged: Judged;
  openings: AllOpenings;
  hashes: readonly string[];
  wishes: readonly NoticeWish[];
};

async function follow(cloud: Cloud, tx: Tx, projections: Projections, of: Follow): Promise<void> {
  const wishes = new Map(of.wishes.map((wish) => [wish.seq, wish]));
  for (const [index, record] of of.judged.records.entries()) {
    const entries = Object.entries(of.openings.get(record.seq) ?? {}).map(([field, opening]) => [
      field,
      opening.value,
    ]);
    const told: Told = {
      tenant: of.tenant,
      site: of.bank.site,
      bank: of.bank.bank,
      record,
      hash: of.hashes[index] ?? '',
      fields: Object.fromEntries(entries) as Told['fields'],
      wish: wishes.get(record.seq),
    };
    for (const project of projections[record.kind] ?? []) await project(cloud, tx, told);
  }
  await cloud.changed(tx, ['journal']);
}

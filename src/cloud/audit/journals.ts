/**
 * The journals of a tenant, record by record from their bytes: its own, and each bank's under the signed heads of
 * its batches. What holds is handed on, batch by batch, to whoever folds it; nothing is kept longer than that.
 */
import type { Roster } from '../../domain/roster.ts';
import { NO_HEAD } from '../../ledger/batch.ts';
import { type LedgerRecord, NO_HASH, type Openings } from '../../ledger/record.ts';
import type { HeadRow, RecordRow } from '../journal/journal.ts';
import type { Told } from '../noun.ts';
import {
  allOpened,
  type Beside,
  checkChain,
  checkHead,
  countGone,
  type Finding,
  saidGone,
} from '../parcels/parcels.ts';
import type { Check, Findings } from './findings.ts';
import type { OrderTold } from './fold.ts';
import type { AuditRows, BankRow, JournalRow } from './rows.ts';
import { type SeenHead, seenIn } from './seen.ts';

const RECORDS_A_READ = 1_000;
const HEADS_A_READ = 500;

export type Auditing = {
  rows: AuditRows;
  findings: Findings;
  /** What banks recorded of the log; filled while their journals are read. */
  seen: SeenHead[];
  /** What the tenant's own journal says of keys that a log was given; filled while that is read. */
  rotations: LedgerRecord[];
  /** Fields that nothing opens because of an erasure, and how many of them records say that they erased. */
  erased: { gone: number; said: number };
  /** Told how many records, or entries of the log, have been gone through. */
  advance(by: number): void;
  /** Which index a record has in the newest log. */
  indexOf(source: string, seq: number): Promise<number | undefined>;
};

/** What the tenant's own journal says that is needed for judging the rest. */
export type OwnWords = {
  /** Fingerprints of the keys that banks enrolled with, each with the record that says so. */
  enrolled: Map<string, LedgerRecord>;
  /** The same of the hashes of rosters that came back signed. */
  received: Map<string, LedgerRecord>;
  /** By bank, that it left service for good. */
  retired: Map<string, LedgerRecord>;
  /** Where a person answered for a discrepancy, and what persons did about alarms. */
  persons: Record<PersonsKind, Said[]>;
  /** What of banks was not taken. */
  refused: Said[];
  /** By site each root that one of its rosters names, or that it began with; filled when rosters are audited. */
  roots: Map<string, Roster['root'][]>;
  /** Orders that the cloud was given to carry, by the hash of their text. */
  orders: Map<string, OrderTold[]>;
  /** Whether it was ever restored from a backup; while it is read, whether it was up to there. */
  isRestored: boolean;
};

const OF_PERSONS = ['discrepancy.resolved', 'alarm.ended', 'alarm.cared', 'alarm.settled'] as const;
export type PersonsKind = (typeof OF_PERSONS)[number];

/** A record of the cloud's own with what opens of it. Each stands for one row: it is used once. */
export type Said = { record: LedgerRecord; fields: Told['fields']; isUsed: boolean };

async function tell(auditing: Auditing, source: string, check: Check, found: readonly Finding[]) {
  for (const { where, what, seq } of found) {
    const index = seq === undefined ? undefined : await auditing.indexOf(source, seq);
    auditing.findings.add(check, where, what, index ?? null);
  }
}

export async function auditOwnJournal(auditing: Auditing, end: JournalRow): Promise<OwnWords> {
  const { rows } = auditing;
  const { source } = end;
  const words: OwnWords = {
    ...{ enrolled: new Map(), received: new Map(), roots: new Map(), orders: new Map() },
    ...{ persons: { 'discrepancy.resolved': [], 'alarm.ended': [], 'alarm.cared': [], 'alarm.settled': [] } },
    ...{ refused: [], retired: new Map(), isRestored: false },
  };
  let prev = NO_HASH;
  for (let first = 1; first <= end.last_seq; first += RECORDS_A_READ) {
    const range = { first, last: Math.min(first + RECORDS_A_READ - 1, end.last_seq) };
    const records = await rows.records(source, range);
    const segment = checkChain({ source, records, prev, prevSeq: first - 1 });
    prev = segment.end;
    const batched = records.filter((row) => row.batch_last !== null);
    const found = [
      ...segment.findings,
      ...batched.map(strayOf(source, 'names a batch, and the cloud has none')),
    ];
    await tell(auditing, source, 'records', found);
    const openings = await rows.openings(source, range);
    await tellUnopened(auditing, source, segment.read, { openings, gone: await rows.gone(source, range) });
    for (const record of segment.read) {
      auditing.erased.said += saidGone(record);
      hear(words, record, openings.get(record.seq));
      if (record.kind === 'log.key-rotated') auditing.rotations.push(record);
    }
    auditing.advance(records.length);
  }
  await tellEnd(auditing, end, { seq: end.last_seq, hash: prev, head: NO_HEAD });
  if ((await rows.heads(source, 0, 1)).length > 0)
    auditing.findings.add('heads', source, 'has a batch head, and the cloud signs none');
  return words;
}

const strayOf = (source: string, what: string) => (row: RecordRow) => ({
  where: `${source} record ${row.seq}`,
  seq: row.seq,
  what,
});

function hear(words: OwnWords, record: LedgerRecord, openings: Openings = {}): void {
  if (record.kind === 'bank.enrolled') words.enrolled.set(String(record.facts.key), record);
  if (record.kind === 'roster.received') words.received.set(String(record.facts.hash), record);
  const said = { ...toldOf(record, openings), isUsed: false };
  const ofPersons = OF_PERSONS.find((kind) => kind === record.kind);
  if (ofPersons) words.persons[ofPersons].push(said);
  if (record.kind === 'intake.refused') words.refused.push(said);
  if (record.kind === 'bank.retired') words.retired.set(openings.subject?.value ?? '', record);
  if (record.kind === 'backup.restored') words.isRestored = true;
  if (record.kind !== 'order.received') return;
  const hash = String(record.facts.hash);
  const { isRestored } = words;
  const told = { record, order: openings.order?.value, purpose: openings.purpose?.value, isRestored };
  words.orders.set(hash, [...(words.orders.get(hash) ?? []), told]);
}

/** `follow` is given each batch that was read; answers whether all of the journal holds. */
export async function auditBankJournal(
  auditing: Auditing,
  { bank, end }: { bank: BankRow; end: JournalRow },
  follow: (told: readonly Told[]) => Promise<void>,
): Promise<boolean> {
  const { rows, findings } = auditing;
  const before = findings.total;
  const source = bank.bank;
  let prev = NO_HASH;
  let last: HeadRow | undefined;
  for (let more = true; more; ) {
    const heads = await rows.heads(source, last?.last ?? 0, HEADS_A_READ);
    more = heads.length === HEADS_A_READ;
    for (const head of heads) {
      prev = await auditBatch(auditing, { bank, head, last, prev, follow });
      last = head;
    }
  }
  await tellEnd(auditing, end, { seq: last?.last ?? 0, hash: prev, head: last?.hash ?? NO_HEAD });
  return findings.total === before;
}

type OneBatch = {
  bank: BankRow;
  head: HeadRow;
  last: HeadRow | undefined;
  prev: string;
  follow(told: readonly Told[]): Promise<void>;
};

/** Answers the hash of the batch's last record. */
async function auditBatch(auditing: Auditing, of: OneBatch): Promise<string> {
  const { bank, head, last, prev, follow } = of;
  const { rows } = auditing;
  const source = bank.bank;
  const records = await rows.records(source, head);
  const segment = checkChain({ source, records, prev, prevSeq: last?.last ?? 0 });
  const strays = records.filter((row) => row.batch_last !== head.last);
  await tell(auditing, source, 'records', [
    ...segment.findings,
    ...strays.map(strayOf(source, 'names another batch')),
  ]);
  const key = bank.key ?? new Uint8Array(0);
  await tell(auditing, source, 'heads', checkHead({ bank: source, head, before: last, records, key }));
  const openings = await rows.openings(source, head);
  await tellUnopened(auditing, source, segment.read, { openings, gone: await rows.gone(source, head) });
  const told = segment.read.map((record) => toldOf(record, openings.get(record.seq)));
  auditing.seen.push(...seenIn(told));
  await follow(told);
  auditing.advance(records.length);
  return segment.end;
}

function toldOf(record: LedgerRecord, openings: Openings = {}): Told {
  const fields = Object.fromEntries(Object.entries(openings).map(([field, { value }]) => [field, value]));
  return { record, fields, wish: undefined };
}

async function tellUnopened(
  auditing: Auditing,
  source: string,
  read: readonly LedgerRecord[],
  beside: Beside,
): Promise<void> {
  auditing.erased.gone += countGone(read, beside);
  const unopened = read.filter((record) => !allOpened(record, beside));
  await tell(
    auditing,
    source,
    'openings',
    unopened.map(({ seq }) => ({
      where: `${source} record ${seq}`,
      seq,
      what: 'a commitment does not open',
    })),
  );
}

/** Where a journal says that it ends is where its records and heads end, and no record lies behind. */
async function tellEnd(
  { rows, findings, indexOf }: Auditing,
  { source, last_seq, last_hash, last_head }: JournalRow,
  found: { seq: number; hash: string; head: string },
): Promise<void> {
  const highest = await rows.lastRecord(source);
  const first = Math.min(found.seq, last_seq, highest) + 1;
  const index = (await indexOf(source, first)) ?? (await indexOf(source, first - 1)) ?? null;
  if (last_seq !== found.seq || last_hash !== found.hash || last_head !== found.head)
    findings.add(
      'records',
      source,
      `its end is ${last_seq}, and its records end otherwise, at ${found.seq}`,
      index,
    );
  if (highest !== last_seq)
    findings.add('records', source, `its end is ${last_seq}, and its last record is ${highest}`, index);
}

/**
 * The rules of `judge.ts` over PostgreSQL: a batch is judged, appended, sealed again under the persons' own
 * keys, and every noun follows; all in one transaction, under the lock of the bank's journal.
 */
import type { BatchMessage } from '../../contract/uplink.ts';
import type { CommittedField } from '../../domain/facts.ts';
import type { BankId, PersonId, TenantId } from '../../domain/ids.ts';
import type { LedgerRecord, Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { appendBatch, type Gone, headHashAt, lockEnd, type Owners } from '../journal/journal.ts';
import type { AlarmMove, Batch, Projection, Told } from '../noun.ts';
import type { AllOpenings, IntakeStore, IntakeTx, Judged, JudgedBatch } from './judge.ts';
import { type Taken, takeInto } from './judge.ts';
import { keepRefusal } from './refusals.ts';

/** What the nouns do about records, in their order. */
export type Projections = readonly Projection[];

export type TakeBatch = { tenant: TenantId; bank: banks.Bank['bank']; message: BatchMessage };

type Sender = { tenant: TenantId; bank: banks.Bank['bank'] };

/** Takes a batch without answering it. */
export async function takeBatch(cloud: Cloud, projections: Projections, of: TakeBatch): Promise<Taken> {
  return cloud.database.tenant(of.tenant, (tx) => takeInto(intakeTx(cloud, tx, projections, of), of));
}

export function intakeStore(
  cloud: Cloud,
  projections: Projections,
  of: Sender & { payload: Uint8Array; fence(tx: Tx): Promise<void> },
): IntakeStore {
  return {
    transaction: (run) =>
      cloud.database.tenant(of.tenant, async (tx) => {
        await of.fence(tx);
        return run(intakeTx(cloud, tx, projections, of));
      }),
    refuse: (refusal) => keepRefusal(cloud, { ...of, ...refusal }),
  };
}

function intakeTx(cloud: Cloud, tx: Tx, projections: Projections, { tenant, bank: id }: Sender): IntakeTx {
  let locked: banks.Bank | undefined;
  return {
    async lockEnd() {
      const committed = await lockEnd(tx, id);
      locked = await banks.findBank(tx, id);
      if (!committed || !locked || locked.key === null || locked.retired) return undefined;
      const acknowledgedSeq = locked.hello?.acknowledgedSeq ?? 0;
      return { committed, key: new Uint8Array(locked.key), acknowledgedSeq };
    },
    headHashAt: (last) => headHashAt(tx, id, last),
    openBox: (of) => cloud.keys.openForIntake(tx, of),
    async append({ judged, note, records, openings, isUnopened, wishes }) {
      if (!locked) throw new Error('a batch is appended under the lock of its journal');
      const bank = locked;
      const gone = await append(cloud, tx, { bank, judged, records, openings, note });
      if (isUnopened) await tellLost(cloud, tx, bank.bank, judged);
      const told = toldOf({ judged, openings, wishes }, gone);
      await follow(cloud, tx, projections, { tenant, site: bank.site, bank: bank.bank, told });
      // Until then something is missing still, however well this batch fits.
      if (judged.head.last >= (bank.hello?.acknowledgedSeq ?? 0)) await endGap(cloud, tx, bank.bank);
    },
  };
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
): Promise<Gone> {
  await appendBatch(tx, {
    source: bank.bank,
    note,
    head: { first: judged.head.first, last: judged.head.last, hash: judged.next.lastHead },
    key: bank.key ?? new Uint8Array(0),
    next: judged.next,
    records: judged.records.map((record, index) => ({
      seq: record.seq,
      kind: record.kind,
      atMs: record.time.atMs,
      // Judged already: the next record names this one by its hash, and the end names the last.
      hash: judged.records[index + 1]?.prev ?? judged.next.lastHash,
      bytes: records[index] ?? new Uint8Array(0),
    })),
  });
  const gone = await cloud.journal.keepOpenings(
    tx,
    bank.bank,
    judged.records.map(({ seq, kind }) => {
      const own = openings.get(seq) ?? {};
      return { seq, openings: own, owners: ownersOf(kind, own) };
    }),
  );
  // The bank had not heard of it: what it tells of somebody who was erased is dropped unread, and that is said.
  const fields = [...gone.values()].reduce((sum, set) => sum + set.size, 0);
  if (fields > 0) {
    await cloud.journal.record(tx, { kind: 'erasure.done', facts: { fields, exportsOut: 0 } });
    // The bank keeps its box for a week, and is to keep nothing of who was erased.
    await banks.forgetKept(tx, { bank: bank.bank, upTo: judged.head.last });
  }
  return gone;
}

/** What stood behind these records is lost for good: which fields it was is kept, and said. */
async function tellLost(cloud: Cloud, tx: Tx, bank: BankId, { records, head }: Judged): Promise<void> {
  const lost = records.map(({ seq, commitments }): [number, Set<CommittedField>] => [
    seq,
    new Set(Object.keys(commitments) as CommittedField[]),
  ]);
  const fields = await cloud.journal.lose(tx, bank, new Map(lost.filter(([, names]) => names.size > 0)));
  const facts = { fields, first: head.first, last: head.last };
  await cloud.journal.record(tx, { kind: 'openings.lost', facts, fields: { subject: bank } });
}

/**
 * Whose data a field is. A parcel's number is its recipient's: on a drop-off the counterpart, on a
 * pick-up the person who acts. What belongs to nobody is the tenant's, and so are random ids that name nobody: custody
 * of a parcel is told by its id when its recipient is long forgotten.
 */
function ownersOf(kind: LedgerRecord['kind'], openings: Openings): Owners {
  const person = openings.person?.value as PersonId | undefined;
  const counterpart = openings.counterpart?.value as PersonId | undefined;
  const recipient = kind === 'parcel.collected' ? (person ?? counterpart) : (counterpart ?? undefined);
  return {
    ...(person === undefined ? {} : { person }),
    ...(counterpart === undefined ? {} : { counterpart }),
    ...(recipient === undefined ? {} : { tracking: recipient }),
    ...(openings.subject === undefined ? {} : { subject: openings.subject.value as PersonId }),
  };
}

async function endGap(cloud: Cloud, tx: Tx, bank: BankId): Promise<void> {
  const atMs = cloud.clock.nowMs();
  const ends = { move: 'ends', condition: 'gap', seq: 0, compartment: null, names: null, atMs } as const;
  await banks.moveAlarms(cloud, tx, { bank, moves: [ends] });
}

/** Has every noun follow an appended batch. */
export async function follow(cloud: Cloud, tx: Tx, projections: Projections, batch: Batch): Promise<void> {
  const alarm = { seq: 0, compartment: null, names: null, atMs: cloud.clock.nowMs() } as const;
  const moves: AlarmMove[] = [{ ...alarm, move: 'ends', condition: 'batch-refused' }];
  for (const { kinds, follow } of projections) {
    const told = batch.told.filter(({ record }) => kinds.includes(record.kind));
    if (told.length > 0) moves.push(...(await follow(cloud, tx, { ...batch, told })));
  }
  // The order of the records, and for one record that of the nouns: sorting keeps what is equal in its order.
  moves.sort((a, b) => a.seq - b.seq);
  await banks.moveAlarms(cloud, tx, { bank: batch.bank, moves });
  await cloud.changed(tx, ['journal']);
}

type Tell = Pick<JudgedBatch, 'judged' | 'openings' | 'wishes'>;

function toldOf({ judged, openings, wishes }: Tell, gone: Gone): Told[] {
  // Of two wishes about one record the later counts.
  const bySeq = new Map(wishes.map((wish) => [wish.seq, wish]));
  return judged.records.map((record) => {
    const isGone = (field: string) => gone.get(record.seq)?.has(field as CommittedField) === true;
    const entries = Object.entries(openings.get(record.seq) ?? {}).flatMap(([field, opening]) =>
      isGone(field) ? [] : [[field, opening.value]],
    );
    return { record, fields: Object.fromEntries(entries) as Told['fields'], wish: bySeq.get(record.seq) };
  });
}

/**
 * The rules of `judge.ts` over PostgreSQL: a batch is judged, appended, sealed again under the persons' own
 * keys, and every noun follows; all in one transaction, under the lock of the bank's journal.
 */
import type { BatchMessage, NoticeWish } from '../../contract/uplink.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { PersonId, TenantId } from '../../domain/ids.ts';
import { type LedgerRecord, leafHash, type Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { appendBatch, headHashAt, lockEnd, type Owners } from '../journal/journal.ts';
import type { Projection, Told } from '../noun.ts';
import type { AllOpenings, IntakeStore, IntakeTx, Judged } from './judge.ts';
import { type Taken, takeInto } from './judge.ts';
import { keepRefusal } from './refusals.ts';

/** What every noun does about a record of one kind, in the order of the nouns. */
export type Projections = Readonly<Partial<Record<string, readonly Projection[]>>>;

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
      if (!committed || !locked || locked.key === null) return undefined;
      return { committed, key: new Uint8Array(locked.key) };
    },
    headHashAt: (last) => headHashAt(tx, id, last),
    openBox: (of) => cloud.keys.openForIntake(tx, of),
    async append({ judged, note, records, openings, wishes }) {
      if (!locked) throw new Error('a batch is appended under the lock of its journal');
      const bank = locked;
      await append(cloud, tx, { bank, judged, records, openings, note });
      const hashes = records.map((bytes) => base64url(leafHash(bytes)));
      await follow(cloud, tx, projections, { tenant, bank, judged, openings, hashes, wishes });
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
  await cloud.journal.keepOpenings(
    tx,
    bank.bank,
    judged.records.map(({ seq, kind }) => {
      const own = openings.get(seq) ?? {};
      return { seq, openings: own, owners: ownersOf(kind, own) };
    }),
  );
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

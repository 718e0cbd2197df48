/** A parcel's receipt, as `ledger/receipt.ts` verifies it: its records, their paths and proofs, the roster, the openings. */
import { base64url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { HoldfastError } from '../../domain/errors.ts';
import type { TenantId } from '../../domain/ids.ts';
import { isTheirs, mayOpen, type ReceiptReader, recordsFor } from '../../domain/receipt.ts';
import { type Receipt, type ReceiptEntry, receiptPath } from '../../ledger/receipt.ts';
import { PROOF_TO_COME } from '../../ledger/receipt-log.ts';
import { type Openings, parseRecord } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as journal from '../journal/journal.ts';
import { proofsOf } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import { wasLeft } from './custody.ts';
import * as store from './store.ts';

/** What the database has of a receipt; the log's proofs are made of tiles. */
type Unproven = Omit<Receipt, 'log' | 'entries'> & {
  entries: (Omit<ReceiptEntry, 'proof'> & { seq: number })[];
};

/** `role`: as the record of the look names it; an administrator's may be either kind. */
export type AskedReceipt = { tenant: TenantId; reader: ReceiptReader; role: string; parcel: string };

/** Whoever may not have it is told what somebody is told who asks for a parcel that never was. */
const NO_SUCH_PARCEL = 'There is no such parcel here.';

/** The receipt as this reader gets it. That it was handed out is a record, in the transaction that read it. */
export async function handOut(
  cloud: Cloud,
  { tenant, reader, role, parcel }: AskedReceipt,
): Promise<Receipt> {
  const { person } = reader;
  const unproven = await cloud.database.tenant(tenant, async (tx) => {
    const found = await receiptOf(cloud, tx, { reader, parcel });
    if (!found) throw new HoldfastError('not-found', NO_SUCH_PARCEL);
    const fields = { person, parcel: found.parcel };
    await cloud.journal.record(tx, { kind: 'custody.viewed', facts: { role }, fields }, { person });
    return found;
  });
  return withProofs(cloud, tenant, unproven);
}

/** Undefined when there is no such parcel here, or not for this reader. */
async function receiptOf(
  cloud: Cloud,
  tx: Tx,
  { reader, parcel: id }: { reader: ReceiptReader; parcel: string },
): Promise<Unproven | undefined> {
  const parcel = await store.findParcel(tx, id);
  if (!parcel || !isTheirs(reader, parcel)) return undefined;
  // One that never lay in a bank stands in no list of theirs either.
  if (reader.is !== 'admin' && !wasLeft(parcel.state)) return undefined;
  const bank = await banks.findBank(tx, parcel.bank);
  if (!bank) return undefined;
  const entries = await entriesOf(cloud, tx, { reader, parcel });
  // A receipt of nothing would be none: a verifier needs a record that names the parcel.
  if (entries.length === 0) return undefined;
  const roster = (await rosters.currentNote(tx, bank.site)) ?? null;
  const bankKey = bank.key === null ? '' : base64url(bank.key);
  return { v: 2, parcel: parcel.parcel, bank: parcel.bank, roster, bankKey, entries };
}

async function entriesOf(
  cloud: Cloud,
  tx: Tx,
  { reader, parcel }: { reader: ReceiptReader; parcel: store.Parcel },
): Promise<Unproven['entries']> {
  const wanted = new Set(await store.eventsOf(tx, parcel));
  const entries: Unproven['entries'] = [];
  for (const batch of await journal.batchesWith(tx, parcel.bank, [...wanted])) {
    const openings = await cloud.journal.openOpenings(tx, parcel.bank, batch.head);
    const hashes = batch.records.map((row) => new Uint8Array(row.hash));
    for (const [index, row] of batch.records.entries()) {
      if (!wanted.has(row.seq)) continue;
      entries.push({
        seq: row.seq,
        record: fromUtf8(new Uint8Array(row.bytes)),
        openings: openedFor(reader, openings.get(row.seq) ?? {}),
        head: batch.head.note,
        path: receiptPath(hashes, index),
      });
    }
  }
  return entries.slice(0, recordsFor(reader, entries.map(toldBy)));
}

function toldBy({ record }: { record: string }) {
  const parsed = parseRecord(utf8(record));
  if (!parsed.ok) throw new Error(`a record that was taken cannot be read: ${parsed.why}`);
  return parsed.record;
}

/** Each opening that is left out stays a commitment: the record verifies as it is. */
function openedFor(reader: ReceiptReader, all: Openings): Openings {
  const seen = Object.entries(all).filter(([field, { value }]) =>
    mayOpen(reader, field as keyof Openings, value),
  );
  return Object.fromEntries(seen);
}

/** Tiles are read here, after the transaction: nobody waits for a disk under its locks. */
async function withProofs(
  cloud: Cloud,
  tenant: TenantId,
  { entries, ...receipt }: Unproven,
): Promise<Receipt> {
  const seqs = entries.map(({ seq }) => seq);
  const { log, proofs } = await proofsOf(cloud, { tenant, source: receipt.bank, seqs });
  const proofAt = (seq: number) =>
    log === null ? null : (proofs.find((one) => one.seq === seq)?.proof ?? PROOF_TO_COME);
  return {
    ...{ ...receipt, log: log?.vkey ?? null },
    entries: entries.map(({ seq, ...entry }) => ({ ...entry, proof: proofAt(seq) })),
  };
}

/** Which records of its bank are the parcel's; undefined when there is no such parcel here. */
export async function recordsOfParcel(
  tx: Tx,
  id: string,
): Promise<{ parcel: Receipt['parcel']; source: Receipt['bank']; seqs: number[] } | undefined> {
  const parcel = await store.findParcel(tx, id);
  if (!parcel) return undefined;
  const seqs = await store.eventsOf(tx, parcel);
  return { parcel: parcel.parcel, source: parcel.bank, seqs };
}

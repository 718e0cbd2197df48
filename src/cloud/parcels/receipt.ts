/** A parcel's receipt, as `ledger/receipt.ts` verifies it: its records, their paths and proofs, the roster, the openings. */
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import type { TenantId } from '../../domain/ids.ts';
import { type Receipt, type ReceiptEntry, receiptPath } from '../../ledger/receipt.ts';
import { PROOF_TO_COME } from '../../ledger/receipt-log.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as journal from '../journal/journal.ts';
import { proofsOf } from '../log/log.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

/** What the database has of a receipt; the log's proofs are made of tiles. */
type Unproven = Omit<Receipt, 'log' | 'entries'> & {
  entries: (Omit<ReceiptEntry, 'proof'> & { seq: number })[];
};

/** Undefined when there is no such parcel here. */
export async function receiptOf(cloud: Cloud, tx: Tx, id: string): Promise<Unproven | undefined> {
  const parcel = await store.findParcel(tx, id);
  const bank = parcel && (await banks.findBank(tx, parcel.bank));
  if (!parcel || !bank) return undefined;
  const wanted = (await store.eventsOf(tx, parcel.parcel)).map((event) => event.seq);
  const entries: Unproven['entries'] = [];
  for (const batch of await journal.batchesWith(tx, parcel.bank, wanted)) {
    const openings = await cloud.journal.openOpenings(tx, parcel.bank, batch.head);
    const hashes = batch.records.map((row) => new Uint8Array(row.hash));
    for (const [index, row] of batch.records.entries()) {
      if (!wanted.includes(row.seq)) continue;
      entries.push({
        seq: row.seq,
        record: fromUtf8(new Uint8Array(row.bytes)),
        openings: openings.get(row.seq) ?? {},
        head: batch.head.note,
        path: receiptPath(hashes, index),
      });
    }
  }
  const roster = (await rosters.currentNote(tx, bank.site)) ?? null;
  const bankKey = bank.key === null ? '' : base64url(bank.key);
  return { v: 2, parcel: parcel.parcel, bank: parcel.bank, roster, bankKey, entries };
}

/** Tiles are read here, after the transaction: nobody waits for a disk under its locks. */
export async function withProofs(
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
  const seqs = (await store.eventsOf(tx, parcel.parcel)).map(({ seq }) => seq);
  return { parcel: parcel.parcel, source: parcel.bank, seqs };
}

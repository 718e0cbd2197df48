/** A parcel's receipt, as `ledger/receipt.ts` verifies it: its records, their paths, the roster, the openings. */
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import { type Receipt, type ReceiptEntry, receiptPath } from '../../ledger/receipt.ts';
import type { Tx } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import * as journal from '../journal/journal.ts';
import * as rosters from '../rosters/rosters.ts';
import * as store from './store.ts';

/** Undefined when there is no such parcel here. */
export async function receiptOf(cloud: Cloud, tx: Tx, id: string): Promise<Receipt | undefined> {
  const parcel = await store.findParcel(tx, id);
  const bank = parcel && (await banks.findBank(tx, parcel.bank));
  if (!parcel || !bank) return undefined;
  const wanted = (await store.eventsOf(tx, parcel.parcel)).map((event) => event.seq);
  const entries: ReceiptEntry[] = [];
  for (const batch of await journal.batchesWith(tx, parcel.bank, wanted)) {
    const openings = await cloud.journal.openOpenings(tx, parcel.bank, batch.head);
    const hashes = batch.records.map((row) => new Uint8Array(row.hash));
    for (const [index, row] of batch.records.entries()) {
      if (!wanted.includes(row.seq)) continue;
      entries.push({
        record: fromUtf8(new Uint8Array(row.bytes)),
        openings: openings.get(row.seq) ?? {},
        head: batch.head.note,
        path: receiptPath(hashes, index),
      });
    }
  }
  const roster = (await rosters.currentNote(tx, bank.site)) ?? null;
  const bankKey = bank.key === null ? '' : base64url(bank.key);
  return { v: 1, parcel: parcel.parcel, bank: parcel.bank, roster, bankKey, entries };
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

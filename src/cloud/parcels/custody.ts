/**
 * A parcel's custody as a person reads it and as a verifier checks it: the timeline, the receipt, and what
 * of it holds. What is shown as verified was recomputed from the bytes just now.
 */
import type { z } from 'zod';
import { base64url, fromUtf8 } from '../../crypto/bytes.ts';
import type { custodyEvent, parcelDetail } from '../../contract/http/admin.ts';
import { parseId, type PersonId, type SiteId } from '../../domain/ids.ts';
import { kindSpec } from '../../domain/kinds.ts';
import { HoldfastError } from '../../domain/errors.ts';
import { receiptPath, verifyReceipt, type Receipt, type ReceiptEntry } from '../../ledger/receipt.ts';
import { leafHash, opens, parseRecord, type LedgerRecord, type Openings } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as journal from '../journal/journal.ts';
import * as people from '../people/people.ts';
import * as rosters from '../rosters/rosters.ts';
import { TRANSFERS } from './parcels.ts';
import * as store from './store.ts';

type CustodyEvent = z.infer<typeof custodyEvent>;
export type Verified = z.infer<typeof parcelDetail>['verified'];

type Told = { record: LedgerRecord; bytes: Uint8Array; hash: string; openings: Openings; batchLast: number };

async function toldOf(cloud: Cloud, tx: Tx, parcel: string): Promise<Told[]> {
  const told: Told[] = [];
  for (const { source, seq } of await store.linksOf(tx, parcel)) {
    const [row] = await journal.recordsBetween(tx, source, { first: seq, last: seq });
    const parsed = row && parseRecord(row.bytes);
    if (!row || !parsed?.ok || row.batch_last === null) throw new HoldfastError('internal', `record ${seq} of ${source} is missing or malformed`);
    const openings = (await cloud.journal.openOpenings(tx, source, { first: seq, last: seq })).get(seq) ?? {};
    told.push({ record: parsed.record, bytes: row.bytes, hash: base64url(row.hash), openings, batchLast: row.batch_last });
  }
  return told;
}

export async function timelineOf(cloud: Cloud, tx: Tx, parcel: string): Promise<CustodyEvent[]> {
  const events: CustodyEvent[] = [];
  for (const { record, hash, openings } of await toldOf(cloud, tx, parcel)) {
    const who = openings.person?.value;
    events.push({
      kind: record.kind,
      atMs: record.time.atMs,
      timeSource: record.time.source,
      uncertaintyMs: record.time.uncertaintyMs,
      source: record.source,
      seq: record.seq,
      hash,
      compartment: record.compartment ?? null,
      who: who === undefined ? null : await nameOf(cloud, tx, who),
      says: sentence(record),
      custody: TRANSFERS[record.kind]?.custody ?? (record.kind === 'parcel.accepted' ? 'courier' : null),
    });
  }
  return events;
}

async function nameOf(cloud: Cloud, tx: Tx, person: string): Promise<string | null> {
  const id = parseId('person', person);
  return id === undefined ? null : ((await people.findPerson(cloud, tx, id as PersonId))?.profile.name ?? null);
}

/** What a record says, in a sentence for a person who was not there. */
function sentence(record: LedgerRecord): string {
  const door = record.compartment === undefined ? 'the door' : `door ${record.compartment}`;
  const { facts, decision, outcome } = record;
  switch (record.kind) {
    case 'parcel.accepted': return `The courier named the parcel and ${door} was set aside for it.`;
    case 'parcel.deposited': return `The parcel was put behind ${door}${facts['basis'] === 'occupancy' ? ', as the sensor saw' : ', as the courier said'}; the bank answers for it now.`;
    case 'parcel.not-deposited': return `Nothing was put behind ${door} (${facts['why']}).`;
    case 'parcel.collected': return `The parcel was taken from ${door}${facts['basis'] === 'occupancy' ? ', as the sensor saw' : ', as the person said'}; the recipient has it.`;
    case 'parcel.removed': return `The parcel was taken out of ${door} by staff.`;
    case 'parcel.held': return `The parcel behind ${door} is held for staff (${facts['why']}).`;
    case 'grant.issued': return `The bank made pick-up code ${facts['issue']} and had it sent.`;
    case 'grant.reissued': return `A new pick-up code took the place of the old one.`;
    case 'grant.spent': return 'The pick-up code is dead.';
    case 'grant.expired': return 'The pick-up code expired.';
    case 'session.opened': return `A ${facts['work']} session began at ${door}.`;
    case 'session.resumed': return `The ${facts['work']} session at ${door} went on.`;
    case 'session.ended': return `The ${facts['work']} session at ${door} ended (${facts['end']}).`;
    case 'attempt.decided': return decision?.allow === true ? `The code was right for ${door}.` : `The code was refused (${decision?.allow === false ? decision.reason : ''}).`;
    case 'release.decided': return decision?.allow === true ? `The bank decided to release ${door}.` : `The bank refused to release ${door} (${decision?.allow === false ? decision.reason : ''}).`;
    case 'release.answered': return `The latch of ${door}: ${outcome} (by ${facts['by']}).`;
    case 'door.opened': return `${door} was sensed open.`;
    case 'door.closed': return `${door} was sensed shut after ${Math.round(Number(facts['openMs']) / 1000)} s.`;
    case 'door.ajar': return `${door} was left open.`;
    case 'door.forced': return `${door} came open without a release.`;
    default: return `${record.kind.replaceAll('.', ' ')} at ${door}.`;
  }
}

/** A parcel's receipt, with the openings that an administrator may see. */
export async function receiptOf(cloud: Cloud, tx: Tx, parcel: store.StoredParcel): Promise<Receipt> {
  const told = await toldOf(cloud, tx, parcel.parcel_id);
  const heads = new Map<number, { note: string; first: number; key: string; hashes: Uint8Array[] }>();
  const entries: ReceiptEntry[] = [];
  for (const { record, bytes, openings, batchLast } of told) {
    const head = heads.get(batchLast) ?? (await batchOf(tx, record.source, batchLast));
    heads.set(batchLast, head);
    entries.push({ record: fromUtf8(bytes), openings, head: head.note, path: receiptPath(head.hashes, record.seq - head.first) });
  }
  const bankKey = heads.values().next().value?.key ?? '';
  return { v: 1, parcel: parcel.parcel_id, bank: parcel.bank_id, roster: (await rosters.currentNote(tx, parcel.site_id as SiteId)) ?? null, bankKey, entries };
}

async function batchOf(tx: Tx, source: string, last: number) {
  const head = await journal.headAt(tx, source, last);
  if (!head) throw new HoldfastError('internal', `the batch of ${source} that ends at ${last} has no head`);
  const rows = await journal.recordsBetween(tx, source, { first: head.first, last: head.last });
  return { note: head.note, first: head.first, key: base64url(head.key), hashes: rows.map((row) => leafHash(row.bytes)) };
}

/** Recomputes what can be recomputed of a parcel's records: their places in the chain, the heads, the openings. */
export async function verifyCustody(cloud: Cloud, tx: Tx, parcel: store.StoredParcel): Promise<Verified> {
  const receipt = await receiptOf(cloud, tx, parcel);
  const root = (await rosters.sites(tx)).find((known) => known.site === parcel.site_id);
  const { verdicts, records } = verifyReceipt(receipt, { site: parcel.site_id, rootKeys: root?.rootKeys ?? [] });
  const chain = await Promise.all(records.map((record) => continuesChain(tx, record)));
  const everyOpening = receipt.entries.every((entry, index) => {
    const record = records[index];
    if (!record) return false;
    // Openings of an erased person are gone by right; those that are there must fit, and none may be unlisted.
    return Object.entries(entry.openings).every(([field, opening]) => kindSpec(record.kind).commits.includes(field as never) && opening !== undefined && opens(record, field as never, opening));
  });
  const [key, ...lines] = verdicts;
  return {
    chain: records.length === receipt.entries.length && chain.every((holds) => holds),
    head: lines.every((verdict) => verdict.holds),
    commitments: everyOpening,
    vouchedBy: key?.holds === true ? 'site root' : 'the cloud only',
  };
}

async function continuesChain(tx: Tx, record: LedgerRecord): Promise<boolean> {
  if (record.seq === 1) return true;
  const [before] = await journal.recordsBetween(tx, record.source, { first: record.seq - 1, last: record.seq - 1 });
  return before !== undefined && base64url(leafHash(before.bytes)) === record.prev;
}

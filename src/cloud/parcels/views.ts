/** Parcels as people see them: rows, and one parcel's timeline with what checks out of it. */
import type { z } from 'zod';
import type { custodyEvent, parcelDetail, parcelRow } from '../../contract/http/admin.ts';
import { base64url } from '../../crypto/bytes.ts';
import type { ParcelId } from '../../domain/ids.ts';
import { type LedgerRecord, NO_HASH, type Openings, parseRecord } from '../../ledger/record.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import * as banks from '../banks/banks.ts';
import type { Cloud } from '../deps.ts';
import { type Page, type PageAsked, pageOf } from '../http/http.ts';
import * as journal from '../journal/journal.ts';
import * as notices from '../notices/notices.ts';
import * as people from '../people/people.ts';
import { custodyAfter, isInside } from './custody.ts';
import { says } from './says.ts';
import * as store from './store.ts';
import { allOpened, checkChain, checkHead } from './verify.ts';

type ParcelRow = z.infer<typeof parcelRow>;

export const trackingPlace = (parcel: string) => `parcels/tracking\0${parcel}`;
const UNKNOWN = '(not known)';

/** What rows name more than once is looked up once. */
type Names = {
  person(id: string | null): Promise<people.Profile | undefined>;
  carrier(id: string | null): string;
};

/** `named`: persons whom rows are known to name; anybody else is looked up when asked for. */
async function namesIn(cloud: Cloud, tx: Tx, named: readonly (string | null)[]): Promise<Names> {
  const ids = named.filter((id) => id !== null);
  const [all, persons] = await Promise.all([people.carriers(tx), people.findPersons(cloud, tx, ids)]);
  const carriers = new Map(all.map((carrier) => [carrier.carrier as string, carrier.name]));
  const known = new Map(ids.map((id) => [id, persons.get(id)?.profile]));
  return {
    carrier: (id) => (id === null ? UNKNOWN : (carriers.get(id) ?? UNKNOWN)),
    async person(id) {
      if (id === null) return undefined;
      if (!known.has(id)) known.set(id, (await people.findPerson(cloud, tx, id))?.profile);
      return known.get(id);
    },
  };
}

type Out = Awaited<ReturnType<typeof store.retiredOf>>;
const isLost = (of: store.Parcel, out: Out) => isInside(of) && out.has(of.bank);

async function rowOf(
  cloud: Cloud,
  tx: Tx,
  { names, out }: { names: Names; out: Out },
  of: store.Parcel,
): Promise<ParcelRow> {
  const recipient = await names.person(of.recipient);
  return {
    id: of.parcel,
    tracking: await trackingOf(cloud, tx, of),
    carrier: names.carrier(of.carrier),
    courier: (await names.person(of.courier))?.name ?? UNKNOWN,
    recipient: recipient?.name ?? UNKNOWN,
    flat: recipient?.flat ?? UNKNOWN,
    bank: of.bank,
    compartment: of.compartment,
    size: of.size,
    state: isLost(of, out) ? 'lost' : of.state,
    custody: of.custody,
    depositedAtMs: of.depositedAtMs,
    untilMs: of.untilMs,
    endedAtMs: of.endedAtMs,
  };
}

/** Of each of these parcels in their order. Keys are fetched at once; each would otherwise be a query of its own. */
export async function trackingsOf(cloud: Cloud, tx: Tx, list: readonly store.Parcel[]): Promise<string[]> {
  await cloud.keys.subjects(
    tx,
    list.flatMap(({ recipient }) => recipient ?? []),
  );
  return await Promise.all(list.map((parcel) => trackingOf(cloud, tx, parcel)));
}

/** The tracking number as it was scanned, while its key lives. */
async function trackingOf(cloud: Cloud, tx: Tx, of: store.Parcel): Promise<string> {
  return (
    (of.tracking !== null && (await openTracking(cloud, tx, { ...of, tracking: of.tracking }))) || UNKNOWN
  );
}

/** Which records of its bank tell of a parcel, and its number in words; undefined when there is no such parcel here. */
export async function recordsOf(
  cloud: Cloud,
  tx: Tx,
  id: string,
): Promise<{ parcel: ParcelId; tracking: string; source: string; seqs: number[] } | undefined> {
  const parcel = await store.findParcel(tx, id);
  if (!parcel) return undefined;
  const seqs = await store.eventsOf(tx, parcel);
  const tracking = await trackingOf(cloud, tx, parcel);
  return { parcel: parcel.parcel, tracking, source: parcel.bank, seqs };
}

export async function openTracking(
  cloud: Cloud,
  tx: Tx,
  of: Pick<store.Parcel, 'parcel' | 'recipient'> & { tracking: Uint8Array },
): Promise<string | undefined> {
  const own = of.recipient !== null && (await cloud.keys.subjects(tx, [of.recipient])).has(of.recipient);
  const place = trackingPlace(of.parcel);
  return own && of.recipient !== null
    ? cloud.keys.openFor(tx, of.recipient, place, of.tracking)
    : cloud.keys.openForTenant(tx, place, of.tracking);
}

async function rowsOf(cloud: Cloud, tx: Tx, list: readonly store.Parcel[]): Promise<ParcelRow[]> {
  const named = list.flatMap(({ recipient, courier }) => [recipient, courier]);
  const [names, out] = await Promise.all([
    namesIn(cloud, tx, named),
    store.retiredOf(
      tx,
      list.map(({ bank }) => bank),
    ),
  ]);
  return await Promise.all(list.map((parcel) => rowOf(cloud, tx, { names, out }, parcel)));
}

type Asking = { of: store.ParcelQuery; asked: PageAsked };

/** Newest first. What was asked for is a part of the cursor, and whose parcels they are above all. */
export function pageOfParcels(cloud: Cloud, tx: Tx, { of, asked }: Asking): Promise<Page<store.Parcel>> {
  return pageOf<store.Parcel>(cloud, tx, {
    name: 'parcels',
    filter: [of.bank, of.recipient, of.courier, of.states?.join(), of.sinceMs?.toString()],
    asked,
    read: (after, limit) => store.listParcels(tx, of, { before: after && Number(after[0]), limit }),
    position: ({ ord }) => [ord],
  });
}

/** Inside although their time is over, the longest over first. */
export async function pageOfOverdue(
  cloud: Cloud,
  tx: Tx,
  { bank, asked }: { bank: string | undefined; asked: PageAsked },
) {
  const { rows, nextCursor } = await pageOf<store.Parcel>(cloud, tx, {
    name: 'parcels-overdue',
    filter: [bank],
    asked,
    read: (after, limit) =>
      store.overdueParcels(
        tx,
        { bank, nowMs: cloud.clock.nowMs() },
        { after: after && { untilMs: Number(after[0]), ord: Number(after[1]) }, limit },
      ),
    position: ({ untilMs, ord }) => [untilMs ?? 0, ord],
  });
  return { items: await rowsOf(cloud, tx, rows), nextCursor };
}

export async function pageOfRows(cloud: Cloud, tx: Tx, asking: Asking) {
  const { rows, nextCursor } = await pageOfParcels(cloud, tx, asking);
  return { items: await rowsOf(cloud, tx, rows), nextCursor };
}

export async function detail(
  cloud: Cloud,
  tx: Tx,
  id: string,
): Promise<z.infer<typeof parcelDetail> | undefined> {
  const parcel = await store.findParcel(tx, id);
  if (!parcel) return undefined;
  const names = await namesIn(cloud, tx, [parcel.recipient, parcel.courier]);
  const out = await store.retiredOf(tx, [parcel.bank]);
  const { timeline, verified } = await timelineOf(cloud, tx, {
    names,
    bank: parcel.bank,
    seqs: await store.eventsOf(tx, parcel),
  });
  const sent = await notices.ofParcel(tx, parcel.parcel);
  const lost = isLost(parcel, out) ? await retirementOf(tx, names, out.get(parcel.bank)?.seq ?? 0) : [];
  return {
    ...(await rowOf(cloud, tx, { names, out }, parcel)),
    timeline: [...timeline, ...lost],
    notices: sent.map(({ channel, what, state, tries, atMs }) => ({ channel, what, state, tries, atMs })),
    verified,
  };
}

type Timeline = {
  timeline: z.infer<typeof custodyEvent>[];
  verified: z.infer<typeof parcelDetail>['verified'];
};

async function timelineOf(
  cloud: Cloud,
  tx: Tx,
  of: { names: Names; bank: string; seqs: readonly number[] },
): Promise<Timeline> {
  const wanted = new Set(of.seqs);
  const bank = await banks.findBank(tx, of.bank);
  const result: Timeline = {
    timeline: [],
    verified: {
      chain: true,
      head: true,
      commitments: true,
      vouchedBy: bank ? await banks.vouchedBy(tx, bank) : 'the cloud only',
    },
  };
  for (const batch of await journal.batchesWith(tx, of.bank, of.seqs)) {
    const before = await journal.recordAndHeadBefore(tx, of.bank, batch.head.first);
    const chain = checkChain({
      source: of.bank,
      records: batch.records,
      prev: before.record ? base64url(before.record.hash) : NO_HASH,
      prevSeq: batch.head.first - 1,
    });
    const head = checkHead({
      bank: of.bank,
      head: batch.head,
      before: before.head,
      records: batch.records,
      key: bank?.key ?? new Uint8Array(0),
    });
    result.verified.chain &&= chain.findings.length === 0;
    result.verified.head &&= head.length === 0;
    const openings = await cloud.journal.openOpenings(tx, of.bank, batch.head);
    const gone = await cloud.journal.goneIn(tx, of.bank, batch.head);
    for (const row of batch.records) {
      if (!wanted.has(row.seq)) continue;
      const parsed = parseRecord(new Uint8Array(row.bytes));
      if (!parsed.ok) continue;
      result.verified.commitments &&= allOpened(parsed.record, { openings, gone });
      result.timeline.push(
        await eventOf(of.names, {
          record: parsed.record,
          hash: base64url(row.hash),
          openings: openings.get(row.seq),
        }),
      );
    }
  }
  // No record that should be there may be missing from what was verified.
  result.verified.chain &&= result.timeline.length === wanted.size;
  return result;
}

/** The end of a parcel that no record of its bank will end: the cloud's own word that the bank is out of service. */
async function retirementOf(tx: Tx, names: Names, seq: number): Promise<Timeline['timeline']> {
  const [row] = await journal.recordsBetween(tx, tenantOf(tx), { first: seq, last: seq });
  const parsed = row && parseRecord(new Uint8Array(row.bytes));
  if (!row || !parsed?.ok) return [];
  return [await eventOf(names, { record: parsed.record, hash: base64url(row.hash), openings: undefined })];
}

async function eventOf(
  names: Names,
  of: { record: LedgerRecord; hash: string; openings: Openings | undefined },
): Promise<z.infer<typeof custodyEvent>> {
  const { record } = of;
  const who = (await names.person(of.openings?.person?.value ?? null))?.name ?? null;
  return {
    kind: record.kind,
    atMs: record.time.atMs,
    timeSource: record.time.source,
    uncertaintyMs: record.time.uncertaintyMs,
    source: record.source,
    seq: record.seq,
    hash: of.hash,
    compartment: record.compartment ?? null,
    who,
    says: says(record, who),
    custody: custodyAfter(record.kind),
  };
}

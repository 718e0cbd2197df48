/**
 * The journals that the cloud keeps: each bank's, as the bank wrote it, and the tenant's own, of what the
 * cloud itself did. A change of state and its record are one transaction: either both are there or neither.
 *
 * Salts and values behind commitments are sealed beside the records, under the key of the person they
 * tell of, and otherwise under the tenant's.
 */
import { base64url, fromBase64url } from '../../crypto/bytes.ts';
import type { CommittedField } from '../../domain/facts.ts';
import { isId, type PersonId } from '../../domain/ids.ts';
import { type Committed, NOTHING_COMMITTED } from '../../ledger/batch.ts';
import {
  type Opening,
  type Openings,
  type RecordDraft,
  SALT_BYTES,
  writeRecord,
} from '../../ledger/record.ts';
import type { Clock } from '../../platform/clock.ts';
import { type Tx, tenantOf } from '../../platform/database.ts';
import type { Random } from '../../platform/random.ts';
import { type Keys, sealedColumn } from '../keys/keys.ts';
import type { Noun } from '../noun.ts';
import {
  forgetOpenings,
  type Gone,
  goneIn,
  keepGone,
  namesNobody,
  type Told as ToldOf,
  toldOf,
} from './erased.ts';
import { migrations } from './migrations.ts';
import { routes } from './routes.ts';
import {
  type Mention,
  type MentionsAsked,
  mentionsOf,
  openPart,
  type Part,
  placeOfOpening,
  placeOfOpenings,
} from './sealed.ts';
import * as store from './store.ts';

export type Owners = Readonly<Partial<Record<CommittedField, PersonId>>>;

/** What stands behind one record's commitments, and whose each field is. */
export type ToKeep = { seq: number; openings: Openings; owners: Owners };

/** What of a record can be opened, and whose it is; a field that is nobody's is the organisation's. */
export type Owned = { openings: Openings; owners: Owners };

export type ToRecord = { draft: RecordDraft; owners: Owners };

type Range = { first: number; last: number };
type Recorded = { seq: number; hash: string };

export type Journal = {
  /** Begins a journal: the tenant's own, or that of a bank just registered. */
  begin(tx: Tx, source: string): Promise<void>;
  /**
   * Appends to the tenant's own journal. `owners` says whose data a field is; what belongs to nobody is
   * the tenant's. Call it in the transaction of the change that it records.
   */
  record(tx: Tx, draft: RecordDraft, owners?: Owners): Promise<Recorded>;
  /** The same for several, in their order, in a few statements. */
  recordAll(tx: Tx, all: readonly ToRecord[]): Promise<Recorded[]>;
  /** Where a journal ends; undefined when there is no such journal. */
  endOf(tx: Tx, source: string): Promise<Committed | undefined>;
  /**
   * Seals what stands behind a bank's commitments. Whom nobody knows owns nothing; what is of somebody who was erased
   * comes too late, is not kept, and is answered.
   */
  keepOpenings(tx: Tx, source: string, all: readonly ToKeep[]): Promise<Gone>;
  /** Opens what is kept; a field whose key was destroyed is absent. */
  openOpenings(tx: Tx, source: string, range: Range): Promise<Map<number, Openings>>;
  /** The same, with the persons whose the fields are. */
  openOwned(tx: Tx, source: string, range: Range): Promise<Map<number, Owned>>;
  /** Which fields of these records nothing opens any more, because their person was erased. */
  goneIn(tx: Tx, source: string, range: Range): Promise<Gone>;
  /** Every record that has something of a person's, with the fields that it is. */
  toldOf(tx: Tx, person: PersonId): Promise<ToldOf[]>;
  /** Keeps that nobody keeps any more what stood behind these; answers how many fields it is. */
  lose(tx: Tx, source: string, lost: Gone): Promise<number>;
  /** Removes what stands behind commitments about a person; answers how many fields it was. */
  forget(tx: Tx, person: PersonId): Promise<number>;
  /** Which records hold something of a person's, newest first. */
  mentionsOf(tx: Tx, asked: MentionsAsked): Promise<Mention[]>;
};

/** How far a cloud machine's own clock may be off; operators run a time service. */
const CLOUD_UNCERTAINTY_MS = 1_000;

export function openJournal(config: { keys: Keys; clock: Clock; random: Random }): Journal {
  const { keys, clock, random } = config;

  const keepAll = async (tx: Tx, source: string, all: readonly ToKeep[]): Promise<void> => {
    // One query for the keys of everybody, and one for the rows, instead of two a record.
    const known = await keys.subjects(
      tx,
      all.flatMap(({ owners }) => Object.values(owners)),
    );
    const [first, last] = [all[0]?.seq ?? 0, all.at(-1)?.seq ?? 0];
    const at = placeOfOpenings({ source, seq: first, last });
    const rows: store.NewOpenings[] = [];
    for (const [owner, part] of partsOf(all, known)) {
      const text = JSON.stringify(part);
      const sealed =
        owner === null ? await keys.sealForTenant(tx, at, text) : await keys.sealFor(tx, owner, at, text);
      rows.push({ source, seq: first, last, subject_id: owner, sealed });
    }
    await store.insertOpenings(tx, rows);
  };

  const keepOpenings: Journal['keepOpenings'] = async (tx, source, all) => {
    const gone = await goneOf(keys, tx, all);
    if (gone.size > 0) await keepGone(tx, source, gone);
    await keepAll(tx, source, gone.size === 0 ? all : all.map((one) => without(one, gone.get(one.seq))));
    return gone;
  };

  const recordAll: Journal['recordAll'] = async (tx, all) => {
    const source = tenantOf(tx);
    const end = await store.lockEnd(tx, source);
    if (!end) throw new Error('the tenant has no journal');
    const time = { atMs: clock.nowMs(), source: 'clock', uncertaintyMs: CLOUD_UNCERTAINTY_MS } as const;
    const rows: store.NewRecord[] = [];
    const kept: ToKeep[] = [];
    let { lastSeq, lastHash } = end;
    for (const { draft, owners } of all) {
      lastSeq += 1;
      const drawSalt = () => random.bytes(SALT_BYTES);
      const place = { source, seq: lastSeq, prev: lastHash };
      const { record, bytes, hash, openings } = writeRecord({ draft, ...place, time, drawSalt });
      lastHash = hash;
      const columns = { seq: lastSeq, kind: record.kind, at_ms: time.atMs, bytes };
      rows.push({ ...columns, hash: fromBase64url(hash) ?? new Uint8Array(0) });
      kept.push({ seq: lastSeq, openings, owners });
    }
    await store.insertRecords(tx, { source, batch_last: null }, rows);
    await keepAll(tx, source, kept);
    await store.moveEnd(tx, source, { ...end, lastSeq, lastHash });
    return rows.map(({ seq, hash }) => ({ seq, hash: base64url(hash) }));
  };

  return {
    begin: (tx, source) => store.insertJournal(tx, source, NOTHING_COMMITTED),
    async record(tx, draft, owners = {}) {
      const [recorded] = await recordAll(tx, [{ draft, owners }]);
      if (!recorded) throw new Error('one record was written');
      return recorded;
    },
    recordAll,
    endOf: store.endOf,
    keepOpenings,
    ...openedBy(keys),
    goneIn,
    lose: keepGone,
    toldOf: (tx, person) => toldOf(keys, tx, person),
    forget: (tx, person) => forgetOpenings(keys, tx, person),
    mentionsOf: (tx, asked) => mentionsOf(keys, tx, asked),
  };
}

function openedBy(keys: Keys): Pick<Journal, 'openOpenings' | 'openOwned'> {
  return {
    openOpenings: (tx, source, range) => openOpenings(keys, tx, source, range),
    openOwned: (tx, source, range) => openOwned(keys, tx, source, range),
  };
}

async function openOpenings(
  keys: Keys,
  tx: Tx,
  source: string,
  range: Range,
): Promise<Map<number, Openings>> {
  const owned = await openOwned(keys, tx, source, range);
  return new Map([...owned].map(([seq, { openings }]) => [seq, openings]));
}

async function openOwned(keys: Keys, tx: Tx, source: string, range: Range): Promise<Map<number, Owned>> {
  const found = new Map<number, { openings: Openings; owners: Owners }>();
  const rows = await store.openingsBetween(tx, source, range);
  // One query for everybody's keys, instead of one a row.
  await keys.subjects(
    tx,
    rows.flatMap((row) => row.subject_id ?? []),
  );
  for (const row of rows) {
    const part = await openPart(keys, tx, row);
    if (part === undefined) continue;
    for (const [seq, openings] of Object.entries(part)) {
      if (Number(seq) < range.first || Number(seq) > range.last) continue;
      const known = found.get(Number(seq)) ?? { openings: {}, owners: {} };
      known.openings = { ...known.openings, ...openings };
      if (row.subject_id !== null)
        known.owners = { ...known.owners, ...ownedBy(openings, row.subject_id as PersonId) };
      found.set(Number(seq), known);
    }
  }
  return found;
}

function ownedBy(openings: Openings, owner: PersonId): Owners {
  return Object.fromEntries(Object.keys(openings).map((field) => [field, owner]));
}

/** What is of somebody whose key was destroyed, but for what names nobody. */
async function goneOf(keys: Keys, tx: Tx, all: readonly ToKeep[]): Promise<Map<number, Set<CommittedField>>> {
  const owners = [...new Set(all.flatMap((one) => Object.values(one.owners)))];
  const known = await keys.subjects(tx, owners);
  const unknown = owners.filter((owner) => !known.has(owner) && isId('person', owner));
  const destroyed: ReadonlySet<string | null> =
    unknown.length === 0 ? new Set() : await keys.destroyed(tx, unknown);
  const gone = new Map<number, Set<CommittedField>>();
  if (destroyed.size === 0) return gone;
  for (const { seq, openings, owners } of all) {
    const fields = (Object.keys(openings) as CommittedField[]).filter(
      (field) => destroyed.has(owners[field] ?? null) && !namesNobody(field),
    );
    if (fields.length > 0) gone.set(seq, new Set(fields));
  }
  return gone;
}

function without(one: ToKeep, gone: ReadonlySet<CommittedField> | undefined): ToKeep {
  if (!gone) return one;
  const stays = Object.entries(one.openings).filter(([field]) => !gone.has(field as CommittedField));
  return { ...one, openings: Object.fromEntries(stays) };
}

/**
 * The openings by owner; null is the tenant. Each part is sealed as one: a batch has thousands of fields and
 * some dozens of owners, and whoever asks for one of its records is shown it with the batch around it.
 */
function partsOf(all: readonly ToKeep[], known: ReadonlySet<string>): Map<PersonId | null, Part> {
  const parts = new Map<PersonId | null, Part>();
  for (const { seq, openings, owners } of all) {
    for (const [field, opening] of Object.entries(openings) as [CommittedField, Opening][]) {
      const owner = owners[field];
      const subject = owner !== undefined && known.has(owner) ? owner : null;
      const part = parts.get(subject) ?? {};
      parts.set(subject, part);
      const own = part[seq] ?? {};
      part[seq] = own;
      own[field] = opening;
    }
  }
  return parts;
}

const PERSON_ROWS_A_QUERY = 200;

/**
 * Which records have a field that is this person's, in the order of their journals; at most `max`, and one more when
 * there are more. Who was forgotten has none: what said which they are was sealed under the key that is gone.
 */
export async function recordsAbout(
  keys: Keys,
  tx: Tx,
  { person, max }: { person: PersonId; max: number },
): Promise<{ source: string; seq: number }[]> {
  const found = new Map<string, { source: string; seq: number }>();
  let after = { source: '', seq: 0, field: '' };
  for (;;) {
    const rows = await store.openingsOfSubject(tx, person, { after, limit: PERSON_ROWS_A_QUERY });
    for (const row of rows) {
      const part = await openPart(keys, tx, row);
      for (const seq of Object.keys(part ?? {}).map(Number))
        found.set(`${row.source} ${seq}`, { source: row.source, seq });
      if (found.size > max) return [...found.values()].slice(0, max + 1);
    }
    const last = rows.at(-1);
    if (!last || rows.length < PERSON_ROWS_A_QUERY) return [...found.values()];
    after = { source: last.source, seq: last.seq, field: last.field ?? '' };
  }
}

export type Appended = {
  source: string;
  note: string;
  head: { first: number; last: number; hash: string };
  key: Uint8Array;
  next: Committed;
  records: readonly { seq: number; kind: string; atMs: number; hash: string; bytes: Uint8Array }[];
};

/** Appends a judged batch. The caller holds the lock of `lockEnd`. */
export async function appendBatch(tx: Tx, batch: Appended): Promise<void> {
  const { source, head } = batch;
  await store.insertRecords(
    tx,
    { source, batch_last: head.last },
    batch.records.map((record) => ({
      seq: record.seq,
      kind: record.kind,
      at_ms: record.atMs,
      hash: fromBase64url(record.hash) ?? new Uint8Array(0),
      bytes: record.bytes,
    })),
  );
  await store.insertHead(tx, {
    source,
    first: head.first,
    last: head.last,
    note: batch.note,
    hash: head.hash,
    key: batch.key,
  });
  await store.moveEnd(tx, source, batch.next);
}

/** The end of a journal, locked until the transaction ends; undefined when there is no such journal. */
export const lockEnd = store.lockEnd;
export const recordsBetween = store.recordsBetween;

export async function headHashAt(tx: Tx, source: string, last: number): Promise<string | undefined> {
  return (await store.headAt(tx, source, last))?.hash;
}

export type { Gone, Told as ToldOf } from './erased.ts';

/** What no person's key seals. */
const openingsUnderTenantKey = sealedColumn({
  table: 'openings',
  column: 'sealed',
  by: { source: 'text', seq: 'bigint', "coalesce(field, '')": 'text', 'coalesce(last, 0)': 'bigint' },
  where: 'subject_id is null',
  place([source, seq, field, last]) {
    const at = { source: String(source), seq: Number(seq) };
    return field === ''
      ? placeOfOpenings({ ...at, last: Number(last) })
      : placeOfOpening({ ...at, field: String(field) });
  },
});

export const journal: Noun = { migrations, routes, underTenantKey: [openingsUnderTenantKey] };

export type { HeadRow, RecordRow } from './store.ts';
export { endOf, headsOf, sources } from './store.ts';

export type Batch = { head: store.HeadRow; records: store.RecordRow[] };

/** The batches that hold these records, each whole, in order. */
export async function batchesWith(tx: Tx, source: string, seqs: readonly number[]): Promise<Batch[]> {
  const batches: Batch[] = [];
  for (const head of await store.headsOver(tx, source, seqs))
    batches.push({ head, records: await store.recordsBetween(tx, source, head) });
  return batches;
}

/** What a batch that begins at `first` has to continue. */
export async function recordAndHeadBefore(
  tx: Tx,
  source: string,
  first: number,
): Promise<{ record: store.RecordRow | undefined; head: store.HeadRow | undefined }> {
  const [record] = await store.recordsBetween(tx, source, { first: first - 1, last: first - 1 });
  return { record, head: await store.headAt(tx, source, first - 1) };
}

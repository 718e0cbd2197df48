/**
 * What stood behind commitments and is gone for good. Records stay as they are, and with them every hash over them;
 * only salts and values go. Which fields of which records are gone is kept, without whose they were: so a verifier
 * can tell an erasure from a loss, and nobody can tell from it which records were of one person.
 */
import type { CommittedField } from '../../domain/facts.ts';
import type { PersonId } from '../../domain/ids.ts';
import { type Openings, parseRecord } from '../../ledger/record.ts';
import type { Tx } from '../../platform/database.ts';
import type { Keys } from '../keys/keys.ts';
import { openPart, type Part, placeOfOpening, placeOfOpenings } from './sealed.ts';
import * as store from './store.ts';

/** By number of the record, the fields that nothing opens any more. */
export type Gone = ReadonlyMap<number, ReadonlySet<CommittedField>>;

/** Random ids that name nobody. What follows from records is told by them, so they outlive the person. */
const NAMES_NOBODY: ReadonlySet<CommittedField> = new Set([
  'parcel',
  'grant',
  'session',
  'order',
  'carrier',
  'notice',
]);

export const namesNobody = (field: CommittedField) => NAMES_NOBODY.has(field);

const ROWS_A_QUERY = 200;

export async function goneIn(
  tx: Tx,
  source: string,
  range: { first: number; last: number },
): Promise<Map<number, Set<CommittedField>>> {
  const gone = new Map<number, Set<CommittedField>>();
  for (const { fields } of await store.erasedBetween(tx, source, range))
    for (const [text, list] of Object.entries(fields)) {
      const seq = Number(text);
      if (seq < range.first || seq > range.last) continue;
      gone.set(seq, new Set([...(gone.get(seq) ?? []), ...list]));
    }
  return gone;
}

/** Keeps that these are gone; answers how many fields it is. */
export async function keepGone(tx: Tx, source: string, gone: Gone): Promise<number> {
  const seqs = [...gone.keys()];
  if (seqs.length === 0) return 0;
  const fields = Object.fromEntries([...gone].map(([seq, set]) => [seq, [...set]]));
  await store.insertErased(tx, { source, first: Math.min(...seqs), last: Math.max(...seqs), fields });
  return [...gone.values()].reduce((sum, set) => sum + set.size, 0);
}

/**
 * Removes everything that is sealed under a person's key; answers how many fields are gone. While the key lives, what
 * names nobody is sealed anew as the tenant's. Where it is gone already nothing of a row can be read: then whatever
 * does not open among the records that the row is of was in it.
 */
export async function forgetOpenings(keys: Keys, tx: Tx, person: PersonId): Promise<number> {
  let fields = 0;
  const after = { source: '', seq: 0, field: '' };
  for (;;) {
    const rows = await store.openingsOfSubject(tx, person, { after, limit: ROWS_A_QUERY });
    if (rows.length === 0) return fields;
    for (const row of rows) {
      const part = await openPart(keys, tx, row);
      await store.deleteOpenings(tx, row);
      const gone = part === undefined ? await unread(keys, tx, row) : await parted(keys, tx, row, part);
      fields += await keepGone(tx, row.source, gone);
    }
  }
}

export type Told = { source: string; seq: number; fields: CommittedField[] };

/** Every record that has something of a person's, with the fields that it is; none once the key is gone. */
export async function toldOf(keys: Keys, tx: Tx, person: PersonId): Promise<Told[]> {
  const told: Told[] = [];
  let after = { source: '', seq: 0, field: '' };
  for (;;) {
    const rows = await store.openingsOfSubject(tx, person, { after, limit: ROWS_A_QUERY });
    for (const row of rows)
      for (const [seq, openings] of Object.entries((await openPart(keys, tx, row)) ?? {}))
        told.push({
          source: row.source,
          seq: Number(seq),
          fields: Object.keys(openings) as CommittedField[],
        });
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_A_QUERY) return told;
    after = { source: last.source, seq: last.seq, field: last.field ?? '' };
  }
}

async function parted(keys: Keys, tx: Tx, row: store.OpeningRow, part: Part): Promise<Gone> {
  const gone = new Map<number, Set<CommittedField>>();
  const stays: Part = {};
  for (const [seq, openings] of Object.entries(part))
    for (const [field, opening] of Object.entries(openings) as [CommittedField, Openings[CommittedField]][])
      if (namesNobody(field)) stays[seq] = { ...stays[seq], [field]: opening };
      else gone.set(Number(seq), new Set([...(gone.get(Number(seq)) ?? []), field]));
  if (Object.keys(stays).length > 0) await giveToTenant(keys, tx, row, stays);
  return gone;
}

async function giveToTenant(keys: Keys, tx: Tx, row: store.OpeningRow, stays: Part): Promise<void> {
  const { source, seq, last, field } = row;
  if (last === null) {
    const opening = stays[seq]?.[field as CommittedField];
    const sealed = await keys.sealForTenant(
      tx,
      placeOfOpening({ source, seq, field }),
      JSON.stringify(opening),
    );
    return await store.insertOpeningOfField(tx, { source, seq, field, sealed });
  }
  const own = await store.openingsOfTenant(tx, { source, seq, last });
  const merged: Part = own ? { ...((await openPart(keys, tx, own)) ?? {}) } : {};
  for (const [at, openings] of Object.entries(stays)) merged[at] = { ...merged[at], ...openings };
  if (own) await store.deleteOpenings(tx, own);
  const sealed = await keys.sealForTenant(tx, placeOfOpenings({ source, seq, last }), JSON.stringify(merged));
  await store.insertOpenings(tx, [{ source, seq, last, subject_id: null, sealed }]);
}

async function unread(keys: Keys, tx: Tx, row: store.OpeningRow): Promise<Gone> {
  const { source } = row;
  const range = { first: row.seq, last: row.last ?? row.seq };
  const known = await goneIn(tx, source, range);
  const opened = new Map<number, Set<string>>();
  for (const other of await store.openingsBetween(tx, source, range))
    for (const [seq, openings] of Object.entries((await openPart(keys, tx, other)) ?? {}))
      opened.set(Number(seq), new Set([...(opened.get(Number(seq)) ?? []), ...Object.keys(openings)]));
  // Of another person whose key is gone as well it is said here too, and then not once more.
  const gone = new Map<number, Set<CommittedField>>();
  for (const { seq, bytes } of await store.recordsBetween(tx, source, range)) {
    const parsed = parseRecord(new Uint8Array(bytes));
    const fields = parsed.ok ? (Object.keys(parsed.record.commitments) as CommittedField[]) : [];
    const lost = fields.filter(
      (field) =>
        !opened.get(seq)?.has(field) &&
        !known.get(seq)?.has(field) &&
        (row.field === null || row.field === field),
    );
    if (lost.length > 0) gone.set(seq, new Set(lost));
  }
  return gone;
}

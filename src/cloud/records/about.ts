/**
 * Records that tell of a person or a parcel. No record says whom it is about, so this is found elsewhere: a parcel's
 * records by what the cloud noted when it followed them, a person's by whose key seals what stands behind them.
 */
import type { PersonId } from '../../domain/ids.ts';
import type { Tx } from '../../platform/database.ts';
import type { Cloud } from '../deps.ts';
import * as store from './store.ts';

/**
 * Sealed parts that are opened at once: few at first, since a page is mostly full after some, and more each time, so that
 * a rare kind is found in few rounds. Of one record there are never more than it has fields.
 */
const PARTS = 16;
const PARTS_MAX = 1_024;

type PersonAsked = {
  person: PersonId;
  filter: store.Filter;
  /** If a parcel is asked for too, only its records. */
  only: readonly store.Named[] | undefined;
  before: number | undefined;
  limit: number;
};

const nameOf = ({ source, seq }: store.Named) => `${source} ${seq}`;

/** In the order of arrival, the last first. */
export async function recordsAbout(cloud: Cloud, tx: Tx, asked: PersonAsked): Promise<store.Row[]> {
  const { person, filter, before, limit } = asked;
  const only = asked.only && new Set(asked.only.map(nameOf));
  const found = new Map<string, store.Row>();
  const seen = new Set<string>();
  let reach: number | undefined;
  for (let parts = PARTS; ; parts = Math.min(2 * parts, PARTS_MAX)) {
    const mentions = await cloud.journal.mentionsOf(tx, {
      ...{ person, before, reach, limit: parts },
      source: filter.source,
    });
    const named = mentions
      .flatMap(({ source, seqs }) => seqs.map((seq) => ({ source, seq })))
      .filter((record) => !seen.has(nameOf(record)) && (only?.has(nameOf(record)) ?? true));
    for (const record of named) seen.add(nameOf(record));
    if (named.length > 0)
      for (const row of await store.among(tx, { filter, records: named, before }))
        found.set(nameOf(row), row);
    const last = mentions.at(-1)?.reach;
    const rows = [...found.values()].sort((a, b) => b.position - a.position);
    // Batches of several banks lie among each other: what lies behind the last reach may still get a neighbour.
    const settled = rows.filter(({ position }) => last !== undefined && position > last);
    if (mentions.length < parts || last === undefined) return rows.slice(0, limit);
    if (settled.length >= limit) return settled.slice(0, limit);
    // As many parts with one reach as are opened at once would be asked for again and again.
    if (last === reach) throw new Error(`${parts} sealed parts reach to one record`);
    reach = last;
  }
}

/** In the order that is asked for, the last first. A parcel has some dozens of records. */
export async function recordsAmong(
  tx: Tx,
  of: { filter: store.Filter; records: readonly store.Named[]; before: number | undefined; limit: number },
): Promise<store.Row[]> {
  const rows = await store.among(tx, of);
  return rows.sort((a, b) => b.position - a.position).slice(0, of.limit);
}

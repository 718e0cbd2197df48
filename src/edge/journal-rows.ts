/** The journal's tables, and which of its rows a plan changes. */
import { type BankState, COLLECTIONS } from './plan/state.ts';

/** Numbered, forward only; `user_version` says how many have run. */
export const MIGRATIONS: readonly string[] = [
  `create table record (seq integer primary key, kind text not null, at_ms integer not null, hash text not null, bytes blob not null) strict;
   create table opening (seq integer primary key, sealed blob not null) strict;
   create table wish (seq integer not null, reference text not null unique, json text not null) strict;
   create table head (last integer primary key, first integer not null, note text not null, hash text not null) strict;
   create table state (collection text not null, key text not null, sealed blob not null, primary key (collection, key)) strict, without rowid;
   create table refused (hash text primary key, at_ms integer not null, sealed blob not null) strict;
   create table meta (name text primary key, value text not null) strict, without rowid;`,
  // What travelled with a batch, as it was sealed to the intake key: nothing that this bank could open again.
  'create table kept (last integer primary key, first integer not null, enc text not null, ciphertext text not null) strict;',
  // What became of orders is asked for at a start, and a bank of some years has a million records.
  `create index record_of_orders on record (seq) where kind in ('order.accepted', 'order.refused');`,
];

/** In the words of the index, by which SQLite knows that it serves. */
export const RECORDS_OF_ORDERS =
  "select seq, bytes from record where kind in ('order.accepted', 'order.refused') order by seq";

export type Change = { collection: string; key: string; entity: unknown };

/** Entities are replaced, never edited, so identity tells what changed. */
export function changedEntities(before: BankState, after: BankState): Change[] {
  const changes: Change[] = [];
  for (const collection of COLLECTIONS) {
    const was: Readonly<Record<string, unknown>> = before[collection];
    const is: Readonly<Record<string, unknown>> = after[collection];
    if (was === is) continue;
    for (const [key, entity] of Object.entries(is))
      if (was[key] !== entity) changes.push({ collection, key, entity });
    for (const key of Object.keys(was))
      if (!Object.hasOwn(is, key)) changes.push({ collection, key, entity: undefined });
  }
  return changes;
}

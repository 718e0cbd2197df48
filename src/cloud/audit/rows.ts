/**
 * What an audit reads, as a port: the rows of one tenant as one moment saw them, and the objects of its logs. The
 * command binds it to the database and the folder (`stored.ts`). Nothing here writes.
 */
import type { BankLayout } from '../../domain/bank.ts';
import type { BankId, SiteId, TenantId } from '../../domain/ids.ts';
import type { Openings } from '../../ledger/record.ts';
import type { Gone, HeadRow, RecordRow } from '../journal/journal.ts';
import type { CheckpointRow, CosignatureRow, EntryRow, LogRow, Span } from '../log/log.ts';

export type JournalRow = { source: string; last_seq: number; last_hash: string; last_head: string };

export type BankRow = {
  bank: BankId;
  site: SiteId;
  layout: BankLayout;
  key: Uint8Array | null;
  seal_key: Uint8Array | null;
  roster_applied: number;
  roster_applied_at_ms: number | null;
  roster_refused: string | null;
  retired_at_ms: number | null;
  retired_seq: number | null;
};

export type SiteRow = { site: SiteId; rootKeys: readonly string[]; k: number };

export type RosterRow = {
  version: number;
  note: string;
  json: string;
  signatures: number;
  received_at_ms: number;
};

/** A row of a table that is folded from records; what no record says of it is left out. */
export type KeptRow = Readonly<Record<string, unknown>>;

/** The tables that are folded from the records, each with its columns that follow from them alone. */
export const FOLDED = {
  parcels: [
    'parcel_id',
    'compartment',
    'size',
    'state',
    'custody',
    'carrier_id',
    'courier_id',
    'recipient_id',
    'accepted_at_ms',
    'deposited_at_ms',
    'until_ms',
    'ended_at_ms',
    'tracking',
  ],
  parcel_events: ['parcel_id', 'seq', 'also'],
  compartments: ['n', 'use', 'withdrawn', 'door', 'parcel_id', 'since_ms'],
  alarms: [
    'condition',
    'compartment',
    'first_seq',
    'last_seq',
    'raised_at_ms',
    'ended_at_ms',
    'cared_at_ms',
    'cared_by',
    'ord',
  ],
  alarm_acts: ['alarm', 'act', 'person_id', 'at_ms', 'reason', 'note'],
  discrepancies: ['seq', 'compartment', 'what', 'parcel_id', 'at_ms', 'resolved_how', 'resolved_at_ms'],
  counts: ['seq', 'compartment', 'found', 'parcel_id', 'at_ms'],
  door_sights: ['compartment', 'occupied', 'occupied_seq', 'occupied_at_ms', 'forced_seq', 'forced_at_ms'],
  waiting_parcels: ['parcel_id', 'person_id', 'compartment', 'until_ms'],
  orders: [
    'order_id',
    'hash',
    'act',
    'compartment',
    'road',
    'signers',
    'signatures',
    'note',
    'purpose',
    'state',
    'reason',
    'received_at_ms',
    'until_ms',
    'settled_at_ms',
  ],
} as const;
export type FoldedTable = keyof typeof FOLDED;
/** What stands beside the row of a journal, by its source. */
export const OF_JOURNALS = ['records', 'heads', 'openings'] as const;
export type SourcedTable = (typeof OF_JOURNALS)[number] | FoldedTable;

export type AuditRows = {
  tenant: TenantId;
  /** Whether this cloud has the key that signs with this public half. */
  holdsKey(publicKey: Uint8Array): boolean;
  journals(): Promise<JournalRow[]>;
  /** Whose rows of this table are, but for these. */
  others(table: SourcedTable, known: readonly string[]): Promise<string[]>;
  banks(): Promise<BankRow[]>;
  sites(): Promise<SiteRow[]>;
  /** The rosters of a site as they were signed, oldest first. */
  rosters(site: string): Promise<RosterRow[]>;
  /** Records `first` to `last` of a journal, by number; those beyond its end too, where somebody put any. */
  records(source: string, range: { first: number; last: number }): Promise<RecordRow[]>;
  /** The highest number that a record of this journal has; 0 where it has none. */
  lastRecord(source: string): Promise<number>;
  /** Heads that end after `after`, in order, at most `limit`. */
  heads(source: string, after: number, limit: number): Promise<HeadRow[]>;
  openings(source: string, range: { first: number; last: number }): Promise<ReadonlyMap<number, Openings>>;
  /** Which fields of these records are said to be gone because their persons were erased. */
  gone(source: string, range: { first: number; last: number }): Promise<Gone>;
  /** Oldest generation first. */
  logs(): Promise<LogRow[]>;
  /** In the order of their indices, from the span that begins at `from` or later. */
  spans(generation: number, from: number, limit: number): Promise<(Span & { first: number })[]>;
  ends(generation: number): Promise<{ source: string; last_seq: number }[]>;
  /** Oldest first, those of more entries than `above`. */
  checkpoints(generation: number, above: number, limit: number): Promise<CheckpointRow[]>;
  /** Of checkpoints with more than `above` and at most `upTo` entries. */
  cosignatures(generation: number, of: { above: number; upTo: number }): Promise<CosignatureRow[]>;
  /** The records with the indices `from` to `to - 1`. */
  entries(generation: number, of: { from: number; to: number }): Promise<EntryRow[]>;
  /** Which index a record has; undefined for one that has none. */
  indexOf(generation: number, source: string, seq: number): Promise<number | undefined>;
  kept(table: FoldedTable, bank: string): Promise<KeptRow[]>;
  /** The bank by whose records a parcel was accepted, by what is kept. */
  bankOfParcel(parcel: string): Promise<string | undefined>;
  /** Now, and not at the moment of the rows. */
  object(generation: number, path: string): Promise<Uint8Array | undefined>;
  /** Of everything that is there of a log. */
  paths(generation: number): AsyncIterable<string>;
  generations(): Promise<number[]>;
  /** The smallest checkpoint of `from` to `to` entries that is signed, now and not at the moment of the rows. */
  signedNow(generation: number, of: { from: number; to: number }): Promise<CheckpointRow | undefined>;
  /** How many records have an index now. */
  sizeNow(generation: number): Promise<number>;
};

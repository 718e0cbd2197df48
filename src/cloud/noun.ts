/** What a noun hands to `cloud.ts`, which only lists them. */
import type { NoticeWish } from '../contract/uplink.ts';
import type { CommittedField } from '../domain/facts.ts';
import type { BankId, SiteId, TenantId } from '../domain/ids.ts';
import type { RecordKind } from '../domain/kinds.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { Tx } from '../platform/database.ts';
import type { Cloud, JobPayload } from './deps.ts';
import type { Route } from './http/http.ts';
import type { UnderTenantKey } from './keys/keys.ts';
import type { Migration } from './migrate.ts';

/** A record of a bank that was just appended, with what stands behind its commitments. */
export type Told = {
  record: LedgerRecord;
  fields: Readonly<Partial<Record<CommittedField, string>>>;
  /** What the bank asked to be told to somebody because of this record. */
  wish: NoticeWish | undefined;
};

/** Records of one bank, in the order of its journal. */
export type Batch = { tenant: TenantId; site: SiteId; bank: BankId; told: readonly Told[] };

/** That a condition of a bank begins or ends, and the number of the record that it follows from. */
export type AlarmMove = {
  move: 'begins' | 'ends';
  seq: number;
  condition: string;
  compartment: number | null;
  /** Numbers of records, where the alarm names some. */
  names: { first: number; last: number } | null;
  atMs: number;
  /** Nothing new, only the same once more: it begins nothing beside an alarm that somebody cares for. */
  again?: boolean;
};

/**
 * What a noun makes of a batch, in the transaction that appended it; what it writes stands or falls with the
 * records. It loads what the records speak of, folds them in memory one after another, and writes the result
 * back, so that a batch costs a noun a handful of statements and not some for each record.
 */
export type Projection = {
  kinds: readonly RecordKind[];
  /**
   * Is given the records of these kinds. The alarms that follow are its answer and not its writing: those of
   * all nouns begin and end in the order of the records.
   */
  follow(cloud: Cloud, tx: Tx, batch: Batch): Promise<readonly AlarmMove[]>;
};

/** Runs outside any transaction; a job that throws is tried again. */
export type JobHandler = (cloud: Cloud, payload: JobPayload) => Promise<void>;

export type Noun = {
  migrations?: readonly Migration[];
  routes?: readonly Route[];
  jobs?: Readonly<Record<string, JobHandler>>;
  /** Jobs that run by the clock: name of a job and a cron pattern (UTC). */
  schedule?: readonly { job: string; cron: string }[];
  projections?: readonly Projection[];
  /** What it keeps sealed or indexed under the tenant's own key: put under the next when that is replaced. */
  underTenantKey?: readonly UnderTenantKey[];
};

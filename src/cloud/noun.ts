/** What a noun hands to `cloud.ts`, which only lists them. */
import type { NoticeWish } from '../contract/uplink.ts';
import type { CommittedField } from '../domain/facts.ts';
import type { BankId, SiteId, TenantId } from '../domain/ids.ts';
import type { RecordKind } from '../domain/kinds.ts';
import type { LedgerRecord } from '../ledger/record.ts';
import type { Tx } from '../platform/database.ts';
import type { Cloud, JobPayload } from './deps.ts';
import type { Route } from './http/http.ts';
import type { Migration } from './migrate.ts';

/** A record of a bank that was just appended, with what stands behind its commitments. */
export type Told = {
  tenant: TenantId;
  site: SiteId;
  bank: BankId;
  record: LedgerRecord;
  /** base64url leaf hash. */
  hash: string;
  fields: Readonly<Partial<Record<CommittedField, string>>>;
  /** What the bank asked to be told to somebody because of this record. */
  wish: NoticeWish | undefined;
};

/** Runs in the transaction that appended the record; what it writes stands or falls with the record. */
export type Projection = (cloud: Cloud, tx: Tx, told: Told) => Promise<void>;

/** Runs outside any transaction; a job that throws is tried again. */
export type JobHandler = (cloud: Cloud, payload: JobPayload) => Promise<void>;

export type Noun = {
  migrations?: readonly Migration[];
  routes?: readonly Route[];
  jobs?: Readonly<Record<string, JobHandler>>;
  /** Jobs that run by the clock: name of a job and a cron pattern (UTC). */
  schedule?: readonly { job: string; cron: string }[];
  projections?: Readonly<Partial<Record<RecordKind, Projection>>>;
};

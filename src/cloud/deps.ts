/** What every noun of the cloud is given: one object, made once at the start of the process. */
import type { Ed25519Key } from '../crypto/ed25519.ts';
import type { SiteId } from '../domain/ids.ts';
import type { Clock } from '../platform/clock.ts';
import type { Database, Tx } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { CloudConfig } from './config.ts';
import type { EvidenceObjects } from './evidence/evidence.ts';
import type { CloudFiles } from './files.ts';
import type { Journal } from './journal/journal.ts';
import type { Keys } from './keys/keys.ts';
import type { LogObjects } from './log/log.ts';

export type JobOptions = {
  /** At once, when unset. */
  runAtMs?: number;
  /** A job that waits under the same key is replaced. */
  key?: string;
  triesMax?: number;
  /** Of the jobs of one lane one runs at a time, in all processes together. */
  lane?: string;
};

export type NewJob = JobOptions & { name: string; payload: JobPayload };

/** Adds jobs inside the caller's transaction: they exist if, and only if, the transaction commits. */
export type AddJobs = (tx: Tx, jobs: readonly NewJob[]) => Promise<void>;
/** Ids and numbers. Nothing personal: the queue is not sealed. */
export type JobPayload = Record<string, string | number | boolean | null>;

/** What changed, so that a page asks again; never what it now says. */
export const TOPICS = [
  'parcels',
  'banks',
  'people',
  'couriers',
  'rosters',
  'notices',
  'journal',
  'attention',
  'reconciliation',
  'exports',
] as const;
export type Topic = (typeof TOPICS)[number];

export type Cloud = {
  config: CloudConfig;
  database: Database;
  keys: Keys;
  journal: Journal;
  clock: Clock;
  random: Random;
  log: Log;
  /** SHA-256 of the TLS server keys that banks pin, base64url: what a roster's `pins` hold. */
  pins: { current: string; next: string; offline: string | null };
  /** Issues banks their client certificates. */
  authority: CloudFiles['authority'];
  /** What signs the tenants' logs, which keys of theirs this cloud has, and where their tiles lie. */
  ledger: {
    key: Ed25519Key;
    keyOf(publicKey: Uint8Array): Ed25519Key | undefined;
    objects: LogObjects;
  };
  /** Where the sealed bytes of evidence lie. */
  evidence: EvidenceObjects;
  addJobs: AddJobs;
  /** Tells the tenant's open pages, when and only if the transaction commits. */
  changed(tx: Tx, topics: readonly Topic[]): Promise<void>;
  /**
   * Has every bank of a site brought up to date (roster, epoch, directory, suspensions), when and only if
   * the transaction commits. Call it after changing anything that a bank is told.
   */
  tellBanks(tx: Tx, site: SiteId): Promise<void>;
};

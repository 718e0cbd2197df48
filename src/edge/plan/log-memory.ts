/** What a bank keeps of its tenant's log, as one of its auditors. The rules stand in `auditor.ts`. */
import type { LogDispute } from '../../domain/conditions.ts';

/** The last head of the tenant's log that this bank was shown and found to continue the one before it. */
export type RememberedLog = {
  /** The log's key as the roster names it; its name is the log's origin. */
  vkey: string;
  /** Keys that the log recorded as successors of that one, oldest first, and the size that each signs from. */
  followed?: readonly { vkey: string; fromSize: number }[];
  size: number;
  root: string;
  note: string;
  /** When it was last shown. */
  atMs: number;
  /** When a record last said what was seen. */
  toldAtMs: number;
};

/** There while what is shown of the log contradicts what is remembered. Each reason has its record once. */
export type StandingDispute = {
  vkey: string;
  sinceMs: number;
  /** The record that began it. */
  seq: number;
  reasons: readonly LogDispute[];
};

/** Both sides as they were, for whoever has to judge: notes are public, and nobody is named in them. */
export type LogEvidence = {
  vkey: string;
  reason: LogDispute;
  seq: number;
  atMs: number;
  remembered: string | null;
  shown: string | null;
  hashes: readonly string[];
};

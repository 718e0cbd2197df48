/** What an alarm can be about. */
export const ALARM_CONDITIONS = [
  'forced',
  'ajar',
  'jammed',
  'tamper',
  'impact',
  'power',
  'clock',
  'journal',
  'board',
  'guessing',
  'override',
  'fork',
  'gap',
  'rollback',
  'key-opening',
  'climate',
  'two-identities',
  'discrepancy',
  'log',
] as const;

/** What a bank finds wrong with what it is shown of the tenant's log, when it remembers a head of it. */
export const LOG_DISPUTES = [
  /** Nothing is shown, though something was before: a log does not vanish. */
  'gone',
  'rolled-back',
  /** As many entries under another root. */
  'forked',
  /** A signed head to which no proof leads from the one remembered. */
  'unproved',
  /** No signature, or a wrong one, of the key that the roster names. */
  'unsigned',
  'malformed',
] as const;
export type LogDispute = (typeof LOG_DISPUTES)[number];

/** What an inquiry into an alarm found. */
export const ALARM_REASONS = [
  /** An old copy or a second agent of our own; it was stopped. */
  'own-copy',
  /** Somebody's attack; that key is in no roster any more. */
  'attack',
  /** The bank was commissioned anew. */
  'commissioned',
  /** A fault of a program or a machine, which is mended. */
  'fault',
  /** A trial that somebody made on purpose. */
  'trial',
  'not-explained',
] as const;

/** How what is there can differ from what is written. */
export const DISCREPANCIES = [
  'not-received',
  'door-did-not-open',
  'not-my-parcel',
  'left-unconfirmed',
  'sensed-against-word',
  'found-empty',
  'found-occupied',
  'missing',
  'damaged',
  'unlabelled',
] as const;

/** How a session at a door can end. */
export const SESSION_ENDS = [
  'confirmed',
  'cancelled',
  'timeout',
  'occupancy',
  'not-received',
  'pulses-spent',
  'next-person',
  'order',
  'fault',
] as const;

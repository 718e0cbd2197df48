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

/** What may be wrong with a bank, and what is said of it by the person who looked into it. */

/** What may be wrong with a bank, as it is known by now. */
export const CONDITIONS = [
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
] as const;

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

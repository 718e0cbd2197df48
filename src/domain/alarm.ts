/** What is said of an alarm by the person who looked into it. */

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

/**
 * Why something of a transparency log is not taken. The list is closed; a refusal names the thing that it is
 * about (a path, a name, a line), so that an operator can go and look. What is no refusal is a bug and throws.
 */

export const LOG_REFUSALS = [
  // Keys and notes.
  'vkey-malformed',
  'vkey-type-unknown',
  'vkey-id-wrong',
  'vkey-key-unfit',
  'note-too-long',
  'note-malformed',
  'note-too-many-signatures',
  'signature-wrong',
  'signature-missing',
  'cosignature-time-wrong',
  // Checkpoints.
  'checkpoint-malformed',
  'checkpoint-extended',
  'checkpoint-origin-other',
  'number-malformed',
  'number-huge',
  'root-malformed',
  'root-of-empty-wrong',
  // Policies.
  'policy-key-type',
  'policy-key-twice',
  'policy-quorum-impossible',
  'quorum-missing',
  // Successions of keys.
  'succession-malformed',
  'succession-unsaid',
  // Tiles and bundles.
  'path-malformed',
  'tile-missing',
  'tile-length-wrong',
  'tiles-disagree',
  'bundle-too-long',
  'bundle-truncated',
  'bundle-trailing-bytes',
  // Proofs.
  'index-outside-tree',
  'size-outside-tree',
  'proof-too-long',
  'proof-malformed',
  'inclusion-wrong',
  'consistency-wrong',
  'log-rolled-back',
  'log-forked',
] as const;
export type LogRefusal = (typeof LOG_REFUSALS)[number];

export type LogRefused = { ok: false; reason: LogRefusal; about: string };
export type LogResult<T> = { ok: true; value: T } | LogRefused;

/** `about` is for the eyes of an operator. It may hold what a stranger wrote, so it goes into no log and no record. */
export function refused(reason: LogRefusal, about: string): LogRefused {
  const line = about.replaceAll(/\s+/g, ' ');
  return { ok: false, reason, about: line.length > 200 ? `${line.slice(0, 200)}…` : line };
}

/**
 * The three kinds of "no". A denial is a value with one reason from a closed list; an unknown is a
 * value; a bug is a crash. `DENIALS` is the closed list, for every journey the house knows. A person at
 * a kiosk is told less than the record is (see `told`): codes are never confirmed to a guesser.
 */

/** What became of a release. A latch that timed out is `unknown`, never `failed`. */
export const OUTCOMES = ['released', 'refused', 'failed', 'unknown'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Every reason for which an attempt, a message, an order or a roster is denied. */
export const DENIALS = [
  // Codes, and the grants they stand for.
  'code-wrong',
  'code-spent',
  'code-expired',
  'code-revoked',
  'grant-not-yet',
  'grant-locked-out',
  'kiosk-guesses-spent',
  'flat-needed',
  'code-not-accepted-now',
  // Sessions and doors.
  'session-of-another',
  'session-pulses-spent',
  'session-over',
  'door-open',
  'door-forced',
  'pulse-rate',
  'held-for-staff',
  'compartment-out-of-service',
  'compartment-occupied',
  'compartment-not-in-session',
  'no-compartment-free',
  'no-larger-compartment',
  'parcel-still-sensed',
  'nothing-sensed',
  // Couriers and recipients.
  'badge-unknown',
  'badge-expired',
  'courier-code-wrong',
  'courier-code-weak',
  'courier-locked-out',
  'courier-suspended',
  'courier-not-of-site',
  'courier-may-not',
  'recipient-unknown',
  'tracking-malformed',
  'tracking-check-wrong',
  'offline-too-long',
  // The bank's own condition.
  'no-roster',
  'lockdown',
  'out-of-service',
  'journal-full',
  'clock-frozen',
  'board-absent',
  'not-commissioned',
  'power-lost',
  'step-out-of-turn',
  // Messages that come down, and what they carry.
  'message-malformed',
  'message-oversized',
  'message-version-unknown',
  'message-kind-unknown',
  'message-wrong-bank',
  'message-replayed',
  'message-out-of-order',
  'signature-wrong',
  'signer-unknown',
  'signer-may-not',
  'roster-malformed',
  'roster-version-old',
  'roster-wrong-site',
  'roster-key-unknown',
  'roster-expired',
  'order-unknown',
  'order-expired',
  'order-nonce-old',
  'order-pointless',
  'order-replayed',
  'order-wrong-bank',
  'order-limit',
  'order-second-signature-needed',
  'suspension-too-long',
  'suspension-untouchable',
  'policy-outside-roster',
  'reissue-limit',
  'presence-missing',
  'device-unknown',
  // Sign-in and the cloud's own gates.
  'sign-in-wrong',
  'sign-in-locked-out',
  'second-factor-wrong',
  'second-factor-used',
  'link-wrong',
  'link-used',
  'session-absent',
  'session-another',
  'role-may-not',
  'tenant-foreign',
  'csrf-missing',
  'rate-limited',
  'enrolment-code-wrong',
  'enrolment-code-used',
  'proof-of-possession-wrong',
  // Intake: why a batch from a bank was not taken.
  'batch-gap',
  'batch-fork',
  'batch-rollback',
  'batch-root-wrong',
  'batch-head-wrong',
  'batch-record-malformed',
  'batch-commitment-wrong',
  'batch-sealed-wrong',
  'bank-unknown',
  // Law and care.
  'legal-hold',
  'second-person-needed',
  'purpose-missing',
] as const;
export type Denial = (typeof DENIALS)[number];

/** What may be done at a bank, and entering an app; a decision allows exactly one of them. */
export const RIGHTS = [
  'pick-up',
  'drop-off',
  'take-back',
  'staff-release',
  'count',
  'override',
  'sign-in',
] as const;
export type Right = (typeof RIGHTS)[number];

export type Decision = { allow: true; right: Right } | { allow: false; reason: Denial };

export type Result<T, E = Denial> = { ok: true; value: T } | { ok: false; reason: E };

export function allowed<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function denied<E = Denial>(reason: E): { ok: false; reason: E } {
  return { ok: false, reason };
}

/** The one sentence that a person gets for each wrong, spent, revoked or unknown code: all alike. */
export const CODE_NOT_ACCEPTED = 'code-not-accepted' as const;

const UNTOLD: ReadonlySet<Denial> = new Set(['code-wrong', 'code-spent', 'code-revoked', 'grant-not-yet']);

/** What the kiosk says for a denial: nothing that helps a guesser tell a spent code from a wrong one. */
export function told(reason: Denial): Denial | typeof CODE_NOT_ACCEPTED {
  return UNTOLD.has(reason) ? CODE_NOT_ACCEPTED : reason;
}

/** By what somebody showed who they are. */
export const METHODS = [
  'pin',
  'qr',
  'flat-and-pin',
  'badge',
  'courier-code',
  'device',
  'order',
  'password',
  'totp',
  'link',
  'passkey',
] as const;

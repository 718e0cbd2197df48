/**
 * Which sentence a person is told for each code, and how grave it is. Every denial that can be told has its
 * sentence; those that stand for the cabinet's own business share one, because a person can do nothing else
 * about them. The sentences themselves stand in `said-messages.ts` and `words/said-<language>.ts`.
 */
import type { CODE_NOT_ACCEPTED, Denial } from '../../src/domain/outcome.ts';
import type { NoticeTone } from '../kit/notice.tsx';
import { type SENTENCES, t } from './said-messages.ts';

export type Said = { tone: NoticeTone; title: string; next: string };

/** Never told apart at a kiosk: see `told` of the domain. */
type Untold = 'code-wrong' | 'code-spent' | 'code-revoked' | 'grant-not-yet';
type Tellable = Exclude<Denial, Untold> | typeof CODE_NOT_ACCEPTED;

type Key = keyof typeof SENTENCES;
/** A key that has both of its halves. */
type Sentence = { [K in Key]: `${K}.next` extends Key ? K : never }[Key];
type Told = { readonly tone: NoticeTone; readonly says: Sentence };

const warn = (says: Sentence): Told => ({ tone: 'warn', says });
const bad = (says: Sentence): Told => ({ tone: 'bad', says });
const info = (says: Sentence): Told => ({ tone: 'info', says });

const CABINET_BUSINESS = bad('cabinet-business');
const APP_BUSINESS = info('app-business');

export const SAID: Readonly<Record<Tellable, Told>> = {
  'code-not-accepted': warn('code-not-accepted'),
  'code-expired': warn('code-expired'),
  'grant-locked-out': warn('grant-locked-out'),
  'kiosk-guesses-spent': warn('kiosk-guesses-spent'),
  'flat-needed': info('flat-needed'),
  'code-not-accepted-now': warn('code-not-accepted-now'),
  'session-of-another': warn('session-of-another'),
  'session-pulses-spent': warn('session-pulses-spent'),
  'session-over': info('session-over'),
  'door-open': info('door-open'),
  'door-forced': bad('door-forced'),
  'pulse-rate': info('pulse-rate'),
  'held-for-staff': warn('held-for-staff'),
  'compartment-out-of-service': warn('compartment-out-of-service'),
  'compartment-occupied': warn('compartment-occupied'),
  'compartment-not-in-session': info('compartment-not-in-session'),
  'no-compartment-free': warn('no-compartment-free'),
  'no-larger-compartment': warn('no-larger-compartment'),
  'parcel-still-sensed': warn('parcel-still-sensed'),
  'nothing-sensed': warn('nothing-sensed'),
  'badge-unknown': warn('badge-unknown'),
  'badge-expired': warn('badge-expired'),
  'courier-code-wrong': warn('courier-code-wrong'),
  'courier-code-weak': warn('courier-code-weak'),
  'courier-locked-out': warn('courier-locked-out'),
  'courier-suspended': warn('courier-suspended'),
  'courier-not-of-site': warn('courier-not-of-site'),
  'courier-may-not': warn('courier-may-not'),
  'recipient-unknown': warn('recipient-unknown'),
  'tracking-malformed': warn('tracking-malformed'),
  'tracking-check-wrong': warn('tracking-check-wrong'),
  'offline-too-long': warn('offline-too-long'),
  'no-roster': bad('no-roster'),
  lockdown: bad('lockdown'),
  'out-of-service': bad('out-of-service'),
  'journal-full': bad('journal-full'),
  'clock-frozen': warn('clock-frozen'),
  'board-absent': bad('board-absent'),
  'not-commissioned': bad('not-commissioned'),
  'power-lost': bad('power-lost'),
  'step-out-of-turn': info('step-out-of-turn'),
  'message-malformed': CABINET_BUSINESS,
  'message-oversized': CABINET_BUSINESS,
  'message-version-unknown': CABINET_BUSINESS,
  'message-kind-unknown': CABINET_BUSINESS,
  'message-wrong-bank': CABINET_BUSINESS,
  'message-replayed': CABINET_BUSINESS,
  'message-out-of-order': CABINET_BUSINESS,
  'signature-wrong': CABINET_BUSINESS,
  'signer-unknown': CABINET_BUSINESS,
  'signer-may-not': CABINET_BUSINESS,
  'roster-malformed': CABINET_BUSINESS,
  'roster-version-old': CABINET_BUSINESS,
  'roster-wrong-site': CABINET_BUSINESS,
  'roster-key-unknown': CABINET_BUSINESS,
  'roster-expired': bad('roster-expired'),
  'order-unknown': warn('order-unknown'),
  'order-nonce-old': warn('order-nonce-old'),
  'order-pointless': info('order-pointless'),
  'order-expired': warn('order-expired'),
  'order-replayed': warn('order-replayed'),
  'order-wrong-bank': warn('order-wrong-bank'),
  'order-limit': warn('order-limit'),
  'order-second-signature-needed': warn('order-second-signature-needed'),
  'suspension-too-long': CABINET_BUSINESS,
  'suspension-untouchable': CABINET_BUSINESS,
  'policy-outside-roster': CABINET_BUSINESS,
  'reissue-limit': warn('reissue-limit'),
  'presence-missing': info('presence-missing'),
  'device-unknown': warn('device-unknown'),
  'sign-in-wrong': APP_BUSINESS,
  'sign-in-locked-out': APP_BUSINESS,
  'second-factor-wrong': APP_BUSINESS,
  'second-factor-used': APP_BUSINESS,
  'link-wrong': APP_BUSINESS,
  'link-used': APP_BUSINESS,
  'session-absent': APP_BUSINESS,
  'session-another': APP_BUSINESS,
  'role-may-not': APP_BUSINESS,
  'tenant-foreign': APP_BUSINESS,
  'csrf-missing': CABINET_BUSINESS,
  'rate-limited': warn('rate-limited'),
  'enrolment-code-wrong': CABINET_BUSINESS,
  'enrolment-code-used': CABINET_BUSINESS,
  'proof-of-possession-wrong': CABINET_BUSINESS,
  'batch-gap': CABINET_BUSINESS,
  'batch-fork': CABINET_BUSINESS,
  'batch-rollback': CABINET_BUSINESS,
  'batch-root-wrong': CABINET_BUSINESS,
  'batch-head-wrong': CABINET_BUSINESS,
  'batch-record-malformed': CABINET_BUSINESS,
  'batch-commitment-wrong': CABINET_BUSINESS,
  'batch-sealed-wrong': CABINET_BUSINESS,
  'bank-unknown': CABINET_BUSINESS,
  'legal-hold': warn('legal-hold'),
  'second-person-needed': warn('second-person-needed'),
  'purpose-missing': CABINET_BUSINESS,
};

/** What is no denial: the agent's remarks on the way. A test finds each of them in the planner. */
export const REMARKS: Readonly<Record<string, Told>> = {
  wait: info('wait'),
  'scans-paused': warn('scans-paused'),
  'codes-differ': warn('codes-differ'),
  'door-not-opened': warn('door-not-opened'),
  'shut-the-door': info('shut-the-door'),
  'scan-not-expected': info('scan-not-expected'),
  'latch-jammed': warn('latch-jammed'),
  'say-what-you-found': warn('say-what-you-found'),
  'release-refused': warn('release-refused'),
  'release-failed': warn('release-failed'),
  'release-unknown': warn('release-unknown'),
  'code-again': info('code-again'),
  'claim-again': info('claim-again'),
};

/** Why the whole cabinet serves nobody: the reasons of `closedReason` in the planner. */
export const CLOSED: Readonly<Record<string, Sentence>> = {
  'no-roster': 'closed.no-roster',
  lockdown: 'closed.lockdown',
  'journal-full': 'closed.journal-full',
  'board-absent': 'closed.board-absent',
};

const UNKNOWN = info('look-at-screen');

function inWords({ tone, says }: Told): Said {
  return { tone, title: t(says), next: t(`${says}.next`) };
}

/** The sentence for a code; a code from a newer agent gets one that is true in any case. */
export function saidFor(code: string): Said {
  if (Object.hasOwn(SAID, code)) return inWords(SAID[code as Tellable]);
  return inWords(Object.hasOwn(REMARKS, code) ? (REMARKS[code] ?? UNKNOWN) : UNKNOWN);
}

/** A reason from a newer agent gets the sentence of its denial, or one that is true in any case. */
export function saidForClosed(reason: string): Pick<Said, 'title' | 'next'> {
  const says = Object.hasOwn(CLOSED, reason) ? CLOSED[reason] : undefined;
  return says === undefined ? saidFor(reason) : inWords(bad(says));
}

/** The agent did not take an action: `status` of its answer, or 0 when none came. */
export function saidForTrouble(status: number): Said {
  return inWords(warn(status === 0 || status >= 500 ? 'no-answer' : 'not-read'));
}

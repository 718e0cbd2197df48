/**
 * What a person is told for each code: what happened, and what to do next. Every denial that can be
 * told has its sentence; those that stand for the cabinet's own business share one, because a person
 * can do nothing else about them.
 */
import type { CODE_NOT_ACCEPTED, Denial } from '../../src/domain/outcome.ts';
import type { NoticeTone } from '../kit/notice.tsx';

export type Said = { tone: NoticeTone; title: string; next: string };

/** Never told apart at a kiosk: see `told` of the domain. */
type Untold = 'code-wrong' | 'code-spent' | 'code-revoked' | 'grant-not-yet';
type Tellable = Exclude<Denial, Untold> | typeof CODE_NOT_ACCEPTED;

const warn = (title: string, next: string): Said => ({ tone: 'warn', title, next });
const bad = (title: string, next: string): Said => ({ tone: 'bad', title, next });
const info = (title: string, next: string): Said => ({ tone: 'info', title, next });

const ASK_STAFF = 'Please ask the building’s staff.';
const CABINET_BUSINESS = bad(
  'That did not work',
  `Nothing was opened. Try once more, or ${lower(ASK_STAFF)}`,
);
const APP_BUSINESS = info(
  'That belongs in the app',
  'Do this in the Holdfast app or web page, not at this screen.',
);

export const SAID: Readonly<Record<Tellable, Said>> = {
  'code-not-accepted': warn(
    'This code was not accepted',
    'Check the digits and type them again. Each parcel has its own code, and each code works once.',
  ),
  'code-expired': warn('This code has expired', `Your parcel is kept for you. ${ASK_STAFF}`),
  'grant-locked-out': warn(
    'Too many wrong tries for this parcel today',
    'Show the QR code from your e-mail, or come back tomorrow.',
  ),
  'kiosk-guesses-spent': warn(
    'Too many wrong codes were typed here today',
    'Show the QR code from your e-mail, or type your flat and your code.',
  ),
  'flat-needed': info(
    'This screen needs your flat too',
    'Type your flat first, then the digits from your message.',
  ),
  'code-not-accepted-now': warn(
    'Codes are paused at this screen',
    'Show the QR code from your e-mail, or try again later.',
  ),

  'session-of-another': warn(
    'Somebody else is using the cabinet',
    'Wait until they have finished, then start again.',
  ),
  'session-pulses-spent': warn(
    'This door was tried as often as it may be',
    'If you are collecting, press “Something is wrong”. If you are leaving a parcel, press “Cancel”.',
  ),
  'session-over': info('Your time at this door is over', 'Go back to the start and type your code again.'),
  'door-open': info('The door is still open', 'Push it shut until it clicks.'),
  'door-forced': bad('This door has to be checked first', `Please leave it as it is. ${ASK_STAFF}`),
  'pulse-rate': info('The locks need a moment', 'Wait half a minute, then try again.'),
  'held-for-staff': warn('Staff keep this parcel for you', ASK_STAFF),
  'compartment-out-of-service': warn(
    'This door is out of service',
    `Your parcel is safe behind it. ${ASK_STAFF}`,
  ),
  'compartment-occupied': warn(
    'Something is already behind this door',
    'Keep your parcel and choose another size.',
  ),
  'compartment-not-in-session': info('That is not your door', 'Use the door that is lit on this screen.'),
  'no-compartment-free': warn(
    'No door of this size is free',
    'Choose a larger size, or take the parcel along.',
  ),
  'no-larger-compartment': warn(
    'No larger door is free',
    'Take the parcel out and shut the door. Then say that you still have it.',
  ),
  'parcel-still-sensed': warn(
    'There is still something behind the door',
    'Open the door again and look. If it is empty, say so once more.',
  ),
  'nothing-sensed': warn(
    'Nothing is sensed behind the door',
    'Look behind the door. If the parcel is inside, press “Yes, it is inside” once more.',
  ),

  'badge-unknown': warn('This badge is not known here', 'Ask your carrier to register it, or scan it again.'),
  'badge-expired': warn('This badge has expired', 'Ask your carrier for a new one.'),
  'courier-code-wrong': warn(
    'That is not your courier code',
    'Type it again. After a few wrong tries the badge is paused until tomorrow.',
  ),
  'courier-code-weak': warn(
    'This code cannot be used',
    'Type 6 or more digits, not a row like 123456 or 111111, the same both times.',
  ),
  'courier-locked-out': warn(
    'This badge is paused after wrong codes',
    'Come back tomorrow, or ask your carrier. Take your parcels along.',
  ),
  'courier-suspended': warn('This badge is suspended', 'Ask your carrier. Take your parcels along.'),
  'courier-not-of-site': warn('This badge is for another site', 'Ask your carrier to add this one.'),
  'courier-may-not': warn('This badge may not do that', 'Ask your carrier, or the building’s staff.'),
  'recipient-unknown': warn(
    'Nobody was found for this flat',
    'Check the flat on the label and type it again. If it is right, cancel and take the parcel along.',
  ),
  'tracking-malformed': warn(
    'That is not a tracking number',
    'Scan the bar code of the label, or type the number beside it.',
  ),
  'tracking-check-wrong': warn(
    'This number does not add up',
    'Scan the longest bar code of the label. If the number on the label is just so, type it by hand.',
  ),
  'offline-too-long': warn(
    'Drop-off is paused',
    'This cabinet has been offline for too long. Take the parcel along. Collecting still works.',
  ),

  'no-roster': bad('This cabinet is not ready yet', ASK_STAFF),
  lockdown: bad('This cabinet is locked down', `No door opens until staff have checked it. ${ASK_STAFF}`),
  'out-of-service': bad('This cabinet is out of service', ASK_STAFF),
  'journal-full': bad(
    'This cabinet cannot write its record',
    `It opens nothing that it cannot record. ${ASK_STAFF}`,
  ),
  'clock-frozen': warn(
    'This cabinet’s clock is being checked',
    `Try again in a few minutes, or ${lower(ASK_STAFF)}`,
  ),
  'board-absent': bad('The lock of this door does not answer', `Your parcel is safe. ${ASK_STAFF}`),
  'not-commissioned': bad('This cabinet is not set up yet', ASK_STAFF),
  'power-lost': bad('The power went off', 'Start again with the same code. It is still good.'),
  'step-out-of-turn': info('That came too late', 'Look at the screen and go on from here.'),

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
  'roster-expired': bad('This cabinet’s list of people has expired', ASK_STAFF),
  'order-unknown': warn('No order waits for this slip', 'Check the slip, or ask for a new order.'),
  'order-nonce-old': warn('This order was signed too long ago', 'Ask for a new one.'),
  'order-pointless': info(
    'There is nothing to do',
    'The cabinet is already as the order wants it. Keep the slip with your papers.',
  ),
  'order-expired': warn('This order has expired', 'Ask for a new one.'),
  'order-replayed': warn('This order was used already', 'Ask for a new one.'),
  'order-wrong-bank': warn('This order is for another cabinet', 'Use it at the cabinet that it names.'),
  'order-limit': warn(
    'The limit for such orders is reached',
    'A second person has to sign, or wait until tomorrow.',
  ),
  'order-second-signature-needed': warn(
    'A second signature is needed',
    'Ask another person to sign the same order.',
  ),
  'suspension-too-long': CABINET_BUSINESS,
  'suspension-untouchable': CABINET_BUSINESS,
  'policy-outside-roster': CABINET_BUSINESS,
  'reissue-limit': warn(
    'A new code was made for this parcel today',
    'Use the newest message, or come back tomorrow.',
  ),
  'presence-missing': info(
    'You have to be here for that',
    'Show the code on this screen to your app, then try again.',
  ),
  'device-unknown': warn('This phone is not known here', 'Use the code from your message.'),

  'sign-in-wrong': APP_BUSINESS,
  'sign-in-locked-out': APP_BUSINESS,
  'second-factor-wrong': APP_BUSINESS,
  'second-factor-used': APP_BUSINESS,
  'link-wrong': APP_BUSINESS,
  'link-used': APP_BUSINESS,
  'session-absent': APP_BUSINESS,
  'role-may-not': APP_BUSINESS,
  'tenant-foreign': APP_BUSINESS,
  'csrf-missing': CABINET_BUSINESS,
  'rate-limited': info('A moment, please', 'Wait a few seconds, then try again.'),
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
  'legal-hold': warn('This parcel is on hold', ASK_STAFF),
  'second-person-needed': warn(
    'A second person is needed',
    'Call them to this screen, then start again together.',
  ),
  'purpose-missing': CABINET_BUSINESS,
};

/** What is no denial: the agent's remarks on the way. A test finds each of them in the planner. */
export const REMARKS: Readonly<Record<string, Said>> = {
  wait: info('One moment', 'The cabinet is still checking. Try again in a second.'),
  'codes-differ': warn('The two codes differ', 'Choose your code again and type it the same both times.'),
  'door-not-opened': warn(
    'The door has not been open yet',
    'Press “Open door … again”. If it stays shut, press “Something is wrong” or “Cancel”.',
  ),
  'shut-the-door': info('The door is still open', 'Push it shut until it clicks.'),
  'scan-not-expected': info('A scan does not belong here', 'Finish this step first, or cancel it.'),
  'latch-jammed': warn(
    'This lock does not move',
    'Staff have been told. A courier can take another door; your own parcel stays locked in: press “Something is wrong”.',
  ),
  'say-what-you-found': warn('The door was open', 'Say what you found inside before you leave.'),
  'release-refused': warn(
    'The lock did not open',
    'Press “Open door … again”. If it stays shut, press “Something is wrong” or “Cancel”.',
  ),
  'release-failed': warn(
    'The lock reported a fault',
    'Press “Open door … again”. If it stays shut, press “Something is wrong” or “Cancel”.',
  ),
  'release-unknown': warn(
    'The lock did not answer',
    'Pull the door. If it is shut, press “Open door … again”.',
  ),
  'code-again': info(
    'Your door was open already',
    'To open it once more, type your code or show your QR code again.',
  ),
  'claim-again': info(
    'This door was open already',
    'To open it once more, show the code on your slip again.',
  ),
};

/** Why the whole cabinet serves nobody: the reasons of `closedReason` in the planner. */
export const CLOSED: Readonly<Record<string, Pick<Said, 'title' | 'next'>>> = {
  'no-roster': {
    title: 'This cabinet is not ready yet',
    next: 'It waits for its first list of people. Nothing is behind its doors. Please come back later.',
  },
  lockdown: {
    title: 'This cabinet is paused',
    next: 'Parcels stay safe behind their doors. Please come back later, or ask the building’s staff.',
  },
  'journal-full': {
    title: 'This cabinet cannot write down what it does',
    next: 'Parcels stay safe behind their doors. Please come back later, or ask the building’s staff.',
  },
  'board-absent': {
    title: 'This cabinet cannot reach its locks',
    next: 'Parcels stay safe behind their doors. Please ask the building’s staff.',
  },
};

const UNKNOWN: Said = info('Please look at the screen', 'If you cannot go on, ask the building’s staff.');

/** The sentence for a code; a code from a newer agent gets one that is true in any case. */
export function saidFor(code: string): Said {
  if (Object.hasOwn(SAID, code)) return SAID[code as Tellable];
  return Object.hasOwn(REMARKS, code) ? (REMARKS[code] ?? UNKNOWN) : UNKNOWN;
}

/** A reason from a newer agent gets the sentence of its denial, or one that is true in any case. */
export function saidForClosed(reason: string): Pick<Said, 'title' | 'next'> {
  return (Object.hasOwn(CLOSED, reason) && CLOSED[reason]) || saidFor(reason);
}

/** The agent did not take an action: `status` of its answer, or 0 when none came. */
export function saidForTrouble(status: number): Said {
  if (status === 0 || status >= 500)
    return warn('The cabinet did not answer', 'Wait a moment, look at this screen, and press again.');
  return warn('That could not be read', `Nothing was opened. Try once more, or ${lower(ASK_STAFF)}`);
}

function lower(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

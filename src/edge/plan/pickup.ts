/**
 * Pick-up: a code opens one session at one door; the person takes the parcel, shuts the door and says so.
 * A closed door alone is never a collection, and time alone frees nothing.
 *
 * The attempt is counted in the journal before the comparison; the session is in the journal before the
 * latch moves. So pulling the plug buys neither a guess nor a second opening.
 */
import type { KioskAction } from '../../contract/kiosk.ts';
import type { GrantId, SessionId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import { flatTyped } from './choosing.ts';
import { dayOf } from './clock.ts';
import { custodyFields, expireIfDue, parcelOf } from './custody.ts';
import { emptied, noteOpen } from './doors.ts';
import { alarmDiscrepancy, endDoubt } from './doubt.ts';
import type { Draft } from './draft.ts';
import { endByOrder, isFruitless } from './fruitless.ts';
import {
  decidePulse,
  endSession,
  latchJammed,
  mayStillOpen,
  pause,
  sessionOf,
  wantsProof,
} from './opening.ts';
import {
  type BankState,
  compartmentOf,
  type Grant,
  isAttended,
  ONLY,
  type Parcel,
  type PickUpSession,
  policyOf,
} from './state.ts';

export type CodeMethod = 'pin' | 'flat-and-pin' | 'qr';

/** True when today's wrong guesses at this kiosk are spent, and a PIN needs the flat beside it. */
export function flatNeeded(state: BankState, nowMs: number): boolean {
  return guessesToday(state, ONLY, nowMs) >= policyOf(state).kioskGuessesPerDay;
}

function guessesToday(state: BankState, key: string, nowMs: number): number {
  const guesses = state.guesses[key];
  return guesses?.day === dayOf(nowMs) ? guesses.count : 0;
}

/**
 * Guesses with a flat are counted for the flat that was typed, whether anything waits for it or not. So
 * each of its grants takes no more than its share, and the answers never tell which flats have a parcel.
 */
function flatKey(flat: string): string {
  return `flat/${flat}`;
}

/** A code was presented: count it, then have it compared with every verifier. */
export function presentCode(
  draft: Draft,
  presented: { method: CodeMethod; code: string; flat?: string },
): void {
  const { state } = draft;
  const { method } = presented;
  if (state.volatile.comparing !== null) return draft.say('wait');
  if (method === 'pin' && flatNeeded(state, draft.nowMs)) return draft.say('flat-needed');
  const flat = presented.flat === undefined ? null : flatTyped(state, presented.flat);
  // Nothing is compared for a flat that is locked out: a right code must not answer otherwise than a wrong one.
  if (flat !== null && isFlatLocked(state, flat, draft.nowMs)) return denyLocked(draft, method);
  // A QR code has 128 bits: guessing it is hopeless, so it spends no budget.
  const key = { pin: ONLY, 'flat-and-pin': flatKey(flat ?? ''), qr: null }[method];
  const guess = key === null ? 0 : guessesToday(state, key, draft.nowMs) + 1;
  if (key !== null) countGuess(draft, key, guess);
  const grants = Object.values(state.grant).filter(
    (grant) => grant.issue > 0 && (flat === null || grant.flat === flat),
  );
  const seq = draft.record({
    kind: 'attempt.counted',
    facts: { method, kioskDay: dayOf(draft.nowMs), guess },
  });
  draft.volatile({ comparing: { seq, flat }, activeMs: draft.moment.monotonicMs });
  draft.effect({ do: 'compare', seq, method, code: presented.code, grants: grants.map((grant) => grant.id) });
}

function countGuess(draft: Draft, key: string, count: number): void {
  const day = dayOf(draft.nowMs);
  for (const [old, guesses] of Object.entries(draft.state.guesses))
    if (guesses.day !== day) draft.drop('guesses', old);
  draft.put('guesses', key, { day, count });
}

function isFlatLocked(state: BankState, flat: string, nowMs: number): boolean {
  return guessesToday(state, flatKey(flat), nowMs) >= policyOf(state).guessesPerGrantDay;
}

function denyLocked(draft: Draft, method: CodeMethod): void {
  draft.record({
    kind: 'attempt.decided',
    facts: { method, work: 'pick-up' },
    decision: { allow: false, reason: 'grant-locked-out' },
  });
  draft.deny('grant-locked-out');
}

/** The rim compared: `grant` is the one whose verifier matched, a live one before one that is over. */
export function codeCompared(
  draft: Draft,
  answer: { seq: number; method: CodeMethod; grant: GrantId | null; session: SessionId },
): void {
  const { comparing } = draft.state.volatile;
  if (comparing?.seq !== answer.seq) return;
  draft.volatile({ comparing: null });
  if (answer.grant !== null) expireIfDue(draft, answer.grant);
  const grant = answer.grant === null ? undefined : draft.state.grant[answer.grant];
  const reason = grant ? grantDenial(draft.state, grant) : 'code-wrong';
  const base = {
    kind: 'attempt.decided',
    cause: answer.seq,
    facts: { method: answer.method, work: 'pick-up' },
    fields: grant ? { grant: grant.id, parcel: grant.parcel, person: grant.recipient } : {},
    ...(grant ? { compartment: grant.compartment } : {}),
  } as const;
  if (!grant || reason !== null) {
    draft.record({ ...base, decision: { allow: false, reason: reason ?? 'code-wrong' } });
    noteLockout(draft, { method: answer.method, flat: comparing.flat, cause: answer.seq });
    // The guess that spent the budget changes what is asked for from now on, so it says so.
    const spent = answer.method === 'pin' && flatNeeded(draft.state, draft.nowMs);
    return draft.deny(spent ? 'kiosk-guesses-spent' : (reason ?? 'code-wrong'));
  }
  const cause = draft.record({ ...base, decision: { allow: true, right: 'pick-up' } });
  forgiveGuess(draft, answer.method, comparing.flat);
  const held = grant.session === null ? undefined : draft.state.session[grant.session];
  // Its pulses were spent before the lock was mended: with those alone the right code would never open it again.
  const isOver = held?.judged !== undefined && isFruitless(draft, held);
  if (isOver) endByOrder(draft, held);
  if (held?.work === 'pick-up' && !isOver) resumePickUp(draft, held, cause);
  else openPickUp(draft, grant, answer.session, cause);
}

/** Why this grant opens nothing now, though its code is right; null when it may. */
function grantDenial(state: BankState, grant: Grant): Denial | null {
  const ended = DENIAL_OF[grant.state];
  if (ended !== null) return ended;
  // Staff stand at that door by order, or were called away from it: they end what they began first.
  const { session } = compartmentOf(state, grant.compartment);
  return session === null || session === grant.session ? null : 'session-of-another';
}

const DENIAL_OF: Readonly<Record<Grant['state'], Denial | null>> = {
  live: null,
  spent: 'code-spent',
  held: 'held-for-staff',
  revoked: 'code-revoked',
};

/** A guess was wrong: when it was the last of its budget, a lockout begins. */
function noteLockout(draft: Draft, guess: { method: CodeMethod; flat: string | null; cause: number }): void {
  const { state, nowMs } = draft;
  const untilMs = (dayOf(nowMs) + 1) * 86_400_000;
  if (guess.method === 'pin' && flatNeeded(state, nowMs)) {
    draft.record({ kind: 'lockout.began', facts: { scope: 'kiosk', untilMs } });
  } else if (guess.flat !== null && isFlatLocked(state, guess.flat, nowMs)) {
    for (const grant of Object.values(state.grant)) {
      if (grant.state !== 'live' || grant.flat !== guess.flat) continue;
      draft.record({
        kind: 'lockout.began',
        compartment: grant.compartment,
        facts: { scope: 'grant', untilMs },
        fields: { grant: grant.id },
      });
    }
  } else return;
  draft.record({ kind: 'alarm.raised', cause: guess.cause, facts: { condition: 'guessing' } });
}

/** A right code was no wrong guess: what was counted before the comparison is given back. */
function forgiveGuess(draft: Draft, method: CodeMethod, flat: string | null): void {
  const key = { pin: ONLY, 'flat-and-pin': flatKey(flat ?? ''), qr: null }[method];
  const guesses = key === null ? undefined : draft.state.guesses[key];
  if (key !== null && guesses)
    draft.put('guesses', key, { ...guesses, count: Math.max(0, guesses.count - 1) });
}

function openPickUp(draft: Draft, grant: Grant, id: SessionId, cause: number): void {
  const { door, occupied } = compartmentOf(draft.state, grant.compartment);
  const untilMs = draft.nowMs + policyOf(draft.state).graceMinutes * 60_000;
  const openedSeq = draft.record({
    kind: 'session.opened',
    cause,
    compartment: grant.compartment,
    facts: { work: 'pick-up', untilMs },
    fields: { session: id, grant: grant.id, parcel: grant.parcel, person: grant.recipient },
  });
  draft.put('session', id, {
    id,
    work: 'pick-up',
    grant: grant.id,
    parcel: grant.parcel,
    compartment: grant.compartment,
    person: grant.recipient,
    state: 'open',
    openedSeq,
    pulses: 0,
    release: null,
    doorSensedOpen: false,
    untilMs,
    said: null,
    insisted: false,
    ...(door === 'closed' && occupied === 'yes' ? { seenInside: true as const } : {}),
  });
  draft.patch('grant', grant.id, { session: id });
  draft.patch('compartment', grant.compartment, { session: id });
  draft.show({ at: 'session', session: id, courier: null });
  noteOpen(draft, id);
  decidePulse(draft, id, openedSeq);
}

/** The same code again: the same session goes on, with the pulses that it has left. */
function resumePickUp(draft: Draft, session: PickUpSession, cause: number): void {
  const resumed = draft.record({
    kind: 'session.resumed',
    cause,
    compartment: session.compartment,
    facts: { work: session.work, pulses: session.pulses },
    fields: { parcel: session.parcel, session: session.id },
  });
  draft.patch('session', session.id, { state: 'open', said: null, insisted: false });
  draft.show({ at: 'session', session: session.id, courier: null });
  noteOpen(draft, session.id);
  if (compartmentOf(draft.state, session.compartment).door !== 'open')
    decidePulse(draft, session.id, resumed);
}

/** What a person does on the pick-up screen. */
export function pickUpAction(draft: Draft, session: PickUpSession, action: KioskAction): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  switch (action.do) {
    case 'again':
      // Once the door was open, the code is asked for again: somebody else may stand here now.
      if (wantsProof(draft, session)) return leavePickUp(draft, session, 'code-again');
      return void decidePulse(draft, session.id, session.openedSeq);
    case 'collected':
      if (!session.doorSensedOpen) return draft.say('door-not-opened');
      if (compartment.door === 'open') {
        draft.patch('session', session.id, { said: 'collected' });
        return draft.say('shut-the-door');
      }
      if (mayStillOpen(draft, session)) return draft.say('wait');
      return confirmCollected(draft, session);
    case 'report':
      return reportPickUp(draft, session, action.what);
    case 'cancel':
      if (compartment.door === 'open') return draft.say('shut-the-door');
      return leavePickUp(draft, session, null);
    default: // closed: every other action belongs to another screen
      return draft.deny('step-out-of-turn');
  }
}

export function pickUpDoorClosed(draft: Draft, session: PickUpSession): void {
  const now = sessionOf(draft.state, session.id);
  if (now.work !== 'pick-up') return;
  if (now.said === 'collected') confirmCollected(draft, now);
  else if (isAttended(draft.state, now)) draft.say(null);
}

function confirmCollected(draft: Draft, session: PickUpSession): void {
  const { occupied } = compartmentOf(draft.state, session.compartment);
  if (occupied === 'yes' && !session.insisted) {
    draft.patch('session', session.id, { said: null, insisted: true });
    if (isAttended(draft.state, session)) draft.deny('parcel-still-sensed');
    return;
  }
  // The door may shut after the person left the screen; then it belongs to somebody else by now.
  const attended = isAttended(draft.state, session);
  if (occupied === 'yes') collectedAgainstSensor(draft, session);
  else collected(draft, session, 'person');
  if (attended) draft.show(occupied === 'yes' ? { at: 'reported', notMine: false } : { at: 'pick-up-done' });
}

/** The one place where a recipient takes custody. */
function collected(draft: Draft, session: PickUpSession, basis: 'person' | 'occupancy'): void {
  const parcel = parcelOf(draft.state, session);
  const { occupied } = compartmentOf(draft.state, session.compartment);
  const cause = draft.record({
    kind: 'parcel.collected',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { basis, occupied },
    fields: custodyFields(parcel, session),
  });
  spendGrant(draft, session, cause);
  if (parcel.doubted) endDoubt(draft, parcel, cause);
  endSession(draft, session, basis === 'person' ? 'confirmed' : 'occupancy', cause);
  draft.drop('parcel', parcel.id);
  emptied(draft, session.compartment);
}

/** The person says it is taken, the sensor says it is not: the door stays out of use until somebody looked. */
function collectedAgainstSensor(draft: Draft, session: PickUpSession): void {
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { what: 'sensed-against-word' },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  alarmDiscrepancy(draft, session.compartment, cause);
  hold(draft, session, parcel, { why: 'discrepancy', cause });
  endSession(draft, session, 'confirmed', cause);
}

function reportPickUp(
  draft: Draft,
  session: PickUpSession,
  what: 'not-received' | 'door-did-not-open' | 'not-my-parcel',
): void {
  if (mayStillOpen(draft, session)) return draft.say('wait');
  if (compartmentOf(draft.state, session.compartment).door === 'open') return draft.say('shut-the-door');
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { what },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  alarmDiscrepancy(draft, session.compartment, cause);
  // The word and the sensor agree that no pulse moved this door.
  if (what === 'door-did-not-open' && !session.doorSensedOpen && session.pulses > 0)
    latchJammed(draft, session, cause);
  hold(draft, session, parcel, { why: 'discrepancy', cause });
  endSession(draft, session, 'not-received', cause);
  draft.show({ at: 'reported', notMine: what === 'not-my-parcel' });
}

function hold(
  draft: Draft,
  session: PickUpSession,
  parcel: Parcel,
  held: { why: 'discrepancy' | 'left-unconfirmed'; cause: number },
): void {
  spendGrant(draft, session, held.cause);
  draft.record({
    kind: 'parcel.held',
    cause: held.cause,
    compartment: session.compartment,
    facts: { why: held.why },
    fields: { parcel: parcel.id, counterpart: parcel.recipient },
  });
  draft.patch('parcel', parcel.id, { state: 'held' });
  draft.patch('compartment', session.compartment, { use: 'held' });
}

function spendGrant(draft: Draft, session: PickUpSession, cause: number): void {
  if (session.grant === null) return;
  draft.record({
    kind: 'grant.spent',
    cause,
    compartment: session.compartment,
    facts: {},
    fields: { grant: session.grant, parcel: session.parcel },
  });
  draft.patch('grant', session.grant, { state: 'spent', session: null, endedAtMs: draft.nowMs });
}

function leavePickUp(draft: Draft, session: PickUpSession, message: string | null): void {
  pause(draft, session.id);
  draft.show({ at: 'home' }, message);
}

/**
 * The grace time ended with nobody's word. Only a sensor that saw the parcel and sees it no more completes it: one
 * that never saw it (something flat or dark, a dirty lens) says nothing about where it is now.
 */
export function pickUpOverdue(draft: Draft, session: PickUpSession): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  // Whose door never opened keeps the session for the same code; whose door is open is an alarm already.
  if (!session.doorSensedOpen || compartment.door === 'open') return;
  if (session.seenInside && compartment.occupied === 'no' && policyOf(draft.state).occupancyConfirms)
    return collected(draft, session, 'occupancy');
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { what: 'left-unconfirmed' },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  hold(draft, session, parcel, { why: 'left-unconfirmed', cause });
  endSession(draft, session, 'timeout', cause);
}

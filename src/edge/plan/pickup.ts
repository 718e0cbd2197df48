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
import { normalFlat } from '../../domain/scan.ts';
import { dayOf, isFrozen } from './clock.ts';
import type { Draft } from './draft.ts';
import { decidePulse, endSession, sessionOf } from './opening.ts';
import { compartmentOf, ONLY, policyOf, type BankState, type Grant, type Parcel, type Session } from './state.ts';

export type CodeMethod = 'pin' | 'flat-and-pin' | 'qr';

/** True when today's wrong guesses at this kiosk are spent, and a PIN needs the flat beside it. */
export function flatNeeded(state: BankState, nowMs: number): boolean {
  return guessesToday(state, nowMs) >= policyOf(state).kioskGuessesPerDay;
}

function guessesToday(state: BankState, nowMs: number): number {
  const guesses = state.guesses[ONLY];
  return guesses?.day === dayOf(nowMs) ? guesses.count : 0;
}

/** A code was presented: count it, then have it compared with every verifier. */
export function presentCode(draft: Draft, presented: { method: CodeMethod; code: string; flat?: string }): void {
  const { state } = draft;
  const { method } = presented;
  if (state.volatile.comparing !== null) return draft.say('wait');
  if (method === 'pin' && flatNeeded(state, draft.nowMs)) return draft.say('flat-needed');
  const today = dayOf(draft.nowMs);
  const flat = presented.flat === undefined ? undefined : normalFlat(presented.flat);
  const grants = Object.values(state.grant).filter((grant) => grant.issue > 0 && (flat === undefined || grant.flat === flat));
  // A QR code has 128 bits: guessing it is hopeless, so it spends no budget.
  const guess = guessesToday(state, draft.nowMs) + (method === 'qr' ? 0 : 1);
  if (method === 'pin') draft.put('guesses', ONLY, { day: today, count: guess });
  if (method === 'flat-and-pin') for (const grant of grants) countAgainst(draft, grant, today);
  const seq = draft.record({ kind: 'attempt.counted', facts: { method, kioskDay: today, guess } });
  draft.volatile({ comparing: seq, activeMs: draft.moment.monotonicMs });
  draft.effect({ do: 'compare', seq, method, code: presented.code, grants: grants.map((grant) => grant.id) });
}

function countAgainst(draft: Draft, grant: Grant, today: number): void {
  const guesses = grant.guessDay === today ? grant.guesses + 1 : 1;
  draft.patch('grant', grant.id, { guessDay: today, guesses });
}

/** The rim compared. `grants` are those whose verifier matched, live ones first. */
export function codeCompared(draft: Draft, answer: { seq: number; method: CodeMethod; grant: GrantId | null; session: SessionId }): void {
  if (draft.state.volatile.comparing !== answer.seq) return;
  draft.volatile({ comparing: null });
  const grant = answer.grant === null ? undefined : draft.state.grant[answer.grant];
  if (grant) expireIfDue(draft, grant.id);
  const reason = grant ? grantDenial(draft.state, draft.state.grant[grant.id] ?? grant, answer, draft.nowMs) : 'code-wrong';
  const fields = grant ? { grant: grant.id, parcel: grant.parcel, person: grant.recipient } : {};
  const base = {
    kind: 'attempt.decided',
    cause: answer.seq,
    facts: { method: answer.method, work: 'pick-up' },
    fields,
    ...(grant ? { compartment: grant.compartment } : {}),
  } as const;
  if (!grant || reason !== undefined) {
    draft.record({ ...base, decision: { allow: false, reason: reason ?? 'code-wrong' } });
    noteGuess(draft, grant, reason ?? 'code-wrong', answer.seq);
    return draft.deny(reason ?? 'code-wrong');
  }
  const cause = draft.record({ ...base, decision: { allow: true, right: 'pick-up' } });
  forgiveGuess(draft, grant, answer.method);
  const held = grant.session === null ? undefined : draft.state.session[grant.session];
  if (held) resumePickUp(draft, held, cause);
  else openPickUp(draft, grant, answer.session, cause);
}

function grantDenial(state: BankState, grant: Grant, answer: { method: CodeMethod }, nowMs: number): Denial | undefined {
  switch (grant.state) {
    case 'spent':
      return 'code-spent';
    case 'held':
      return 'held-for-staff';
    case 'revoked':
      return 'code-revoked';
    case 'live': {
      // The attempt itself was counted before, so the budget is overrun by more than its size.
      const spent = answer.method === 'flat-and-pin' && grant.guessDay === dayOf(nowMs) && grant.guesses > policyOf(state).guessesPerGrantDay;
      return spent ? 'grant-locked-out' : undefined;
    }
  }
}

function noteGuess(draft: Draft, grant: Grant | undefined, reason: Denial, cause: number): void {
  const { state } = draft;
  if (reason === 'grant-locked-out' && grant) {
    draft.record({ kind: 'lockout.began', compartment: grant.compartment, facts: { scope: 'grant', untilMs: endOfDay(draft.nowMs) }, fields: { grant: grant.id } });
  }
  if (guessesToday(state, draft.nowMs) === policyOf(state).kioskGuessesPerDay && reason === 'code-wrong') {
    draft.record({ kind: 'lockout.began', facts: { scope: 'kiosk', untilMs: endOfDay(draft.nowMs) } });
    draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'guessing' } });
  }
}

function endOfDay(nowMs: number): number {
  return (dayOf(nowMs) + 1) * 86_400_000;
}

/** A right code was no wrong guess: what was counted before the comparison is given back. */
function forgiveGuess(draft: Draft, grant: Grant, method: CodeMethod): void {
  const guesses = draft.state.guesses[ONLY];
  if (method === 'pin' && guesses) draft.put('guesses', ONLY, { ...guesses, count: Math.max(0, guesses.count - 1) });
  if (method !== 'flat-and-pin') return;
  for (const other of Object.values(draft.state.grant)) {
    if (other.flat === grant.flat && other.guesses > 0) draft.patch('grant', other.id, { guesses: other.guesses - 1 });
  }
}

function openPickUp(draft: Draft, grant: Grant, id: SessionId, cause: number): void {
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
  });
  draft.patch('grant', grant.id, { session: id });
  draft.patch('compartment', grant.compartment, { session: id });
  draft.show({ at: 'session', session: id, courier: null });
  decidePulse(draft, id, openedSeq);
}

/** The same code again: the same session goes on, with the pulses that it has left. */
function resumePickUp(draft: Draft, session: Session, cause: number): void {
  const resumed = draft.record({
    kind: 'session.resumed',
    cause,
    compartment: session.compartment,
    facts: { work: session.work, pulses: session.pulses },
    fields: { session: session.id },
  });
  draft.patch('session', session.id, { state: 'open', said: null, insisted: false });
  draft.show({ at: 'session', session: session.id, courier: null });
  if (compartmentOf(draft.state, session.compartment).door !== 'open') decidePulse(draft, session.id, resumed);
}

/** What a person does on the pick-up screen. */
export function pickUpAction(draft: Draft, session: Session, action: KioskAction): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  switch (action.do) {
    case 'again':
      // Once the door was open, the code is asked for again: somebody else may stand here now.
      if (session.doorSensedOpen) return leavePickUp(draft, session, 'code-again');
      return void decidePulse(draft, session.id, session.openedSeq);
    case 'collected':
      if (!session.doorSensedOpen) return draft.say('door-not-opened');
      if (compartment.door === 'open') {
        draft.patch('session', session.id, { said: 'collected' });
        return draft.say('shut-the-door');
      }
      return confirmCollected(draft, session);
    case 'report':
      return reportPickUp(draft, session, action.what);
    case 'cancel':
      return leavePickUp(draft, session, null);
    default: // closed: every other action belongs to another screen
      return draft.deny('step-out-of-turn');
  }
}

export function pickUpDoorClosed(draft: Draft, session: Session): void {
  const now = sessionOf(draft.state, session.id);
  if (now.said === 'collected') confirmCollected(draft, now);
  else draft.say(null);
}

function confirmCollected(draft: Draft, session: Session): void {
  const { occupied } = compartmentOf(draft.state, session.compartment);
  if (occupied === 'yes' && !session.insisted) {
    draft.patch('session', session.id, { said: null, insisted: true });
    return draft.deny('parcel-still-sensed');
  }
  if (occupied === 'yes') return collectedAgainstSensor(draft, session);
  collected(draft, session, 'person');
  draft.show({ at: 'pick-up-done' });
}

/** The one place where a recipient takes custody. */
function collected(draft: Draft, session: Session, basis: 'person' | 'occupancy'): void {
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
  endSession(draft, session, basis === 'person' ? 'confirmed' : 'occupancy', cause);
  draft.drop('parcel', parcel.id);
  draft.patch('compartment', session.compartment, { use: 'empty', parcel: null });
}

/** The person says it is taken, the sensor says it is not: the door stays out of use until somebody looked. */
function collectedAgainstSensor(draft: Draft, session: Session): void {
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { what: 'sensed-against-word' },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  hold(draft, session, parcel, { why: 'discrepancy', cause });
  endSession(draft, session, 'confirmed', cause);
  draft.show({ at: 'reported' });
}

function reportPickUp(draft: Draft, session: Session, what: 'not-received' | 'door-did-not-open' | 'not-my-parcel'): void {
  if (compartmentOf(draft.state, session.compartment).door === 'open') return draft.say('shut-the-door');
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { what },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  draft.record({ kind: 'alarm.raised', cause, compartment: session.compartment, facts: { condition: 'discrepancy' } });
  hold(draft, session, parcel, { why: 'discrepancy', cause });
  endSession(draft, session, 'not-received', cause);
  draft.show({ at: 'reported' });
}

function hold(draft: Draft, session: Session, parcel: Parcel, held: { why: 'discrepancy' | 'left-unconfirmed'; cause: number }): void {
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

function spendGrant(draft: Draft, session: Session, cause: number): void {
  if (session.grant === null) return;
  draft.record({ kind: 'grant.spent', cause, compartment: session.compartment, facts: {}, fields: { grant: session.grant } });
  draft.patch('grant', session.grant, { state: 'spent', session: null, endedAtMs: draft.nowMs });
}

function leavePickUp(draft: Draft, session: Session, message: string | null): void {
  draft.patch('session', session.id, { state: 'paused' });
  draft.show({ at: 'home' }, message);
}

/** The grace time ended with nobody's word. Only a sensor that sees an empty compartment completes it. */
export function pickUpOverdue(draft: Draft, session: Session): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  // Whose door never opened keeps the session for the same code; whose door is open is an alarm already.
  if (!session.doorSensedOpen || compartment.door === 'open') return;
  if (compartment.occupied === 'no' && policyOf(draft.state).occupancyConfirms) return collected(draft, session, 'occupancy');
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

/** A grant past its time loses its right; the parcel stays where it is, for staff. */
export function expireIfDue(draft: Draft, id: GrantId): void {
  const grant = draft.state.grant[id];
  if (!grant || grant.state !== 'live' || grant.session !== null || grant.untilMs > draft.nowMs || isFrozen(draft.state)) return;
  const cause = draft.record({ kind: 'grant.expired', compartment: grant.compartment, facts: {}, fields: { grant: grant.id, parcel: grant.parcel } });
  draft.record({
    kind: 'parcel.held',
    cause,
    compartment: grant.compartment,
    facts: { why: 'expired' },
    fields: { parcel: grant.parcel, grant: grant.id, counterpart: grant.recipient },
  });
  draft.patch('grant', id, { state: 'held', endedAtMs: draft.nowMs });
  draft.patch('parcel', grant.parcel, { state: 'held' });
  draft.patch('compartment', grant.compartment, { use: 'held' });
}

export function custodyFields(parcel: Parcel, session: Session) {
  return {
    parcel: parcel.id,
    tracking: parcel.tracking,
    carrier: parcel.carrier,
    person: session.person,
    counterpart: session.work === 'drop-off' ? parcel.recipient : parcel.courier,
    session: session.id,
    ...(session.grant === null ? {} : { grant: session.grant }),
  };
}

export function parcelOf(state: BankState, session: Session): Parcel {
  const parcel = state.parcel[session.parcel];
  if (!parcel) throw new Error('the session has no parcel');
  return parcel;
}

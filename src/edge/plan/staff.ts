/**
 * Staff at the cabinet, by order: the claim on their slip opens the one door that the order names, or lets
 * them say which clock is right. What they find becomes records; the bank never guesses it.
 */
import type { KioskAction } from '../../contract/kiosk.ts';
import type { SessionId } from '../../domain/ids.ts';
import { thawClock } from './clock.ts';
import { emptied, noteOpen } from './doors.ts';
import { alarmDiscrepancy, endDoubt } from './doubt.ts';
import type { Draft } from './draft.ts';
import { endByOrder, isFruitless } from './fruitless.ts';
import { decidePulse, endSession, mayStillOpen, pause, sessionOf, wantsProof } from './opening.ts';
import { closeOrder, isSigned, orderOfClaim, restore, spendRelease } from './orders.ts';
import {
  type BankState,
  compartmentOf,
  type Found,
  isAttended,
  type Parcel,
  policyOf,
  type StaffSession,
  type WaitingOrder,
} from './state.ts';

export function presentClaim(draft: Draft, secret: string, session: SessionId): void {
  // Somebody's code is being compared: what it opens and what the claim opens would meet on one screen.
  if (draft.state.volatile.comparing !== null) return draft.say('wait');
  const found = orderOfClaim(draft.state, secret, draft.nowMs);
  const reason = found.ok ? claimDenial(draft, found.value) : found.reason;
  const base = {
    kind: 'attempt.decided',
    facts: { method: 'order', work: 'staff-release' },
  } as const;
  if (!found.ok || reason !== undefined) {
    draft.record({ ...base, decision: { allow: false, reason: reason ?? 'order-unknown' } });
    return draft.deny(reason ?? 'order-unknown');
  }
  const { value: waiting } = found;
  const { act } = waiting.order;
  if (act.do === 'set-clock') return draft.show({ at: 'clock', order: waiting.order.order });
  if (act.do !== 'staff-release') throw new Error(`an order to ${act.do} waits for nobody`);
  const compartment = act.compartment;
  const cause = draft.record({ ...base, compartment, decision: { allow: true, right: 'staff-release' } });
  if (waiting.session !== null) return resume(draft, waiting.session, cause);
  openStaff(draft, waiting, { id: session, compartment, cause });
}

/** Why this order opens nothing now; spends one of its signers' releases when it may. */
function claimDenial(draft: Draft, { order, signers, session }: WaitingOrder) {
  if (order.act.do !== 'staff-release' || session !== null) return undefined;
  // Whoever's session it is must end it first: two people at one door would each answer for the other.
  const { session: id } = compartmentOf(draft.state, order.act.compartment);
  const begun = id === null ? undefined : sessionOf(draft.state, id);
  if (begun && !isFruitless(draft, begun)) return 'session-of-another' as const;
  const reason = spendRelease(draft, signers);
  if (begun && reason === undefined) endByOrder(draft, begun);
  return reason;
}

function openStaff(
  draft: Draft,
  waiting: WaitingOrder,
  of: { id: SessionId; compartment: number; cause: number },
): void {
  const { order } = waiting;
  const untilMs = draft.nowMs + policyOf(draft.state).graceMinutes * 60_000;
  const parcel = compartmentOf(draft.state, of.compartment).parcel;
  const openedSeq = draft.record({
    kind: 'session.opened',
    cause: of.cause,
    compartment: of.compartment,
    facts: { work: 'staff-release', untilMs },
    fields: { session: of.id, ...(parcel === null ? {} : { parcel }) },
  });
  draft.put('session', of.id, {
    id: of.id,
    work: 'staff-release',
    grant: null,
    parcel,
    compartment: of.compartment,
    person: null,
    order: order.order,
    state: 'open',
    openedSeq,
    pulses: 0,
    release: null,
    doorSensedOpen: false,
    untilMs,
    said: null,
    insisted: false,
  });
  draft.put('order', order.order, { ...waiting, session: of.id });
  draft.patch('compartment', of.compartment, { session: of.id });
  draft.show({ at: 'session', session: of.id, courier: null });
  noteOpen(draft, of.id);
  decidePulse(draft, of.id, openedSeq);
}

function resume(draft: Draft, id: SessionId, cause: number): void {
  const session = sessionOf(draft.state, id);
  const resumed = draft.record({
    kind: 'session.resumed',
    cause,
    compartment: session.compartment,
    facts: { work: session.work, pulses: session.pulses },
    fields: { session: id, ...(session.parcel === null ? {} : { parcel: session.parcel }) },
  });
  draft.patch('session', id, { state: 'open', said: null, insisted: false });
  draft.show({ at: 'session', session: id, courier: null });
  noteOpen(draft, id);
  const { work } = session;
  if (work === 'staff-release' && compartmentOf(draft.state, session.compartment).door !== 'open')
    pulseByOrder(draft, session, resumed);
}

/** What staff do on their screen at the door. */
export function staffAction(draft: Draft, session: StaffSession, action: KioskAction): void {
  const { door } = compartmentOf(draft.state, session.compartment);
  switch (action.do) {
    case 'again':
      return again(draft, session);
    case 'found':
      if (!session.doorSensedOpen) return draft.say('door-not-opened');
      if (door === 'open') {
        draft.patch('session', session.id, { said: action.what });
        return draft.say('shut-the-door');
      }
      if (mayStillOpen(draft, session)) return draft.say('wait');
      return confirmFound(draft, session, action.what);
    case 'cancel':
    case 'leave':
      if (mayStillOpen(draft, session)) return draft.say('wait');
      if (door === 'open') return draft.say('shut-the-door');
      // A door that was open has been looked behind: what was found has to be said.
      if (session.doorSensedOpen) return draft.say('say-what-you-found');
      finish(draft, session, { end: 'cancelled' });
      return draft.show({ at: 'home' });
    default: // closed: every other action belongs to another screen
      return draft.deny('step-out-of-turn');
  }
}

/** One more pulse for who stands at the screen; once the door was open, the claim is asked for anew. */
function again(draft: Draft, session: StaffSession): void {
  if (wantsProof(draft, session)) {
    pause(draft, session.id);
    draft.show({ at: 'home' });
    return draft.say('claim-again');
  }
  pulseByOrder(draft, session, session.openedSeq);
}

/** A pulse that an order still allows: its keys may have left the roster since the door was opened by it. */
function pulseByOrder(draft: Draft, session: StaffSession, cause: number): void {
  const waiting = draft.state.order[session.order];
  if (!waiting || !isSigned(draft.state, waiting)) return draft.deny('signer-may-not');
  decidePulse(draft, session.id, cause);
}

export function staffDoorClosed(draft: Draft, session: StaffSession): void {
  const now = sessionOf(draft.state, session.id);
  if (now.work !== 'staff-release') return;
  const { said } = now;
  if (said === 'removed' || said === 'left' || said === 'empty') confirmFound(draft, now, said);
  else if (isAttended(draft.state, now)) draft.say(null);
}

function confirmFound(draft: Draft, session: StaffSession, found: Found): void {
  const { occupied } = compartmentOf(draft.state, session.compartment);
  const contradicted = (occupied === 'yes' && found !== 'left') || (occupied === 'no' && found === 'left');
  if (contradicted && !session.insisted) {
    draft.patch('session', session.id, { said: null, insisted: true });
    if (isAttended(draft.state, session))
      draft.deny(occupied === 'yes' ? 'parcel-still-sensed' : 'nothing-sensed');
    return;
  }
  const attended = isAttended(draft.state, session);
  const settles = found === 'removed' && !contradicted && isDiscrepant(draft.state, session.parcel);
  const cause = note(draft, session, found);
  const seen = session.parcel === null ? undefined : draft.state.parcel[session.parcel];
  // It is there, as its courier had said.
  if (seen?.doubted && found === 'left' && !contradicted) endDoubt(draft, seen, cause);
  if (contradicted) discrepancy(draft, session, { what: 'sensed-against-word', cause });
  if (settles)
    draft.record({
      kind: 'alarm.ended',
      cause,
      compartment: session.compartment,
      facts: { condition: 'discrepancy' },
      fields: { order: session.order },
    });
  finish(draft, session, { end: 'confirmed', cause, isEmpty: found !== 'left' });
  if (attended) draft.show({ at: 'staff-done', done: found });
}

/** Held because of what somebody said or left unsaid, and not because its time was over. */
function isDiscrepant(state: BankState, id: StaffSession['parcel']): boolean {
  const parcel = id === null ? undefined : state.parcel[id];
  const expired = Object.values(state.grant).some((grant) => grant.parcel === id && grant.state === 'held');
  return parcel?.doubted === true || (parcel?.state === 'held' && !expired);
}

/** Records what was found and lets custody follow. The one place where staff take a parcel. */
function note(draft: Draft, session: StaffSession, found: Found): number {
  const parcel = session.parcel === null ? undefined : draft.state.parcel[session.parcel];
  const looked = draft.record({
    kind: 'count.taken',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { found: countWord(parcel !== undefined, found) },
    fields: { order: session.order, ...(parcel ? { parcel: parcel.id } : {}) },
  });
  if (!parcel) {
    if (found !== 'empty') discrepancy(draft, session, { what: 'found-occupied', cause: looked });
    if (found === 'left') withdrawUnknown(draft, session);
    return looked;
  }
  if (found === 'left') return looked;
  if (found === 'empty') discrepancy(draft, session, { what: 'missing', cause: looked });
  return release(draft, session, { parcel, found, cause: looked });
}

/** Something lies where the bank knows of nothing: no parcel goes in there until an order restores it. */
function withdrawUnknown(draft: Draft, { compartment: n }: StaffSession): void {
  if (compartmentOf(draft.state, n).withdrawn !== null) return;
  draft.record({ kind: 'compartment.withdrawn', compartment: n, facts: { why: 'order' } });
  draft.patch('compartment', n, { withdrawn: 'order' });
}

function countWord(expected: boolean, found: Found): 'as-expected' | 'empty' | 'occupied' {
  if (found === 'empty') return expected ? 'empty' : 'as-expected';
  return expected ? 'as-expected' : 'occupied';
}

/** The parcel is not behind this door any more: its grant ends, its compartment is empty. */
function release(
  draft: Draft,
  session: StaffSession,
  of: { parcel: Parcel; found: 'removed' | 'empty'; cause: number },
): number {
  const { parcel, found } = of;
  const { occupied } = compartmentOf(draft.state, session.compartment);
  const ended = revokeGrant(draft, session, parcel);
  const cause =
    found === 'removed'
      ? draft.record({
          kind: 'parcel.removed',
          cause: of.cause,
          compartment: session.compartment,
          facts: { basis: 'order', work: 'staff-release', occupied },
          fields: {
            parcel: parcel.id,
            tracking: parcel.tracking,
            carrier: parcel.carrier,
            counterpart: parcel.recipient,
            order: session.order,
            session: session.id,
          },
        })
      : draft.record({
          kind: 'compartment.freed',
          cause: hold(draft, session, { parcel, cause: ended ?? of.cause }),
          compartment: session.compartment,
          facts: { basis: 'order' },
          fields: { parcel: parcel.id, order: session.order },
        });
  draft.drop('parcel', parcel.id);
  emptied(draft, session.compartment);
  return cause;
}

function revokeGrant(draft: Draft, session: StaffSession, parcel: Parcel): number | undefined {
  const grant = Object.values(draft.state.grant).find(
    (candidate) => candidate.parcel === parcel.id && candidate.state === 'live',
  );
  if (!grant) return undefined;
  const seq = draft.record({
    kind: 'grant.revoked',
    compartment: session.compartment,
    facts: { by: 'order' },
    fields: { grant: grant.id, parcel: parcel.id, order: session.order },
  });
  draft.patch('grant', grant.id, { state: 'revoked', session: null, endedAtMs: draft.nowMs });
  return seq;
}

/** What was waiting is held first: a compartment is freed only of what staff answer for. */
function hold(draft: Draft, session: StaffSession, of: { parcel: Parcel; cause: number }): number {
  if (of.parcel.state === 'held') return of.cause;
  return draft.record({
    kind: 'parcel.held',
    cause: of.cause,
    compartment: session.compartment,
    facts: { why: 'discrepancy' },
    fields: { parcel: of.parcel.id, counterpart: of.parcel.recipient },
  });
}

function discrepancy(
  draft: Draft,
  session: StaffSession,
  of: { what: 'sensed-against-word' | 'found-occupied' | 'missing' | 'left-unconfirmed'; cause: number },
): number {
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: of.cause,
    compartment: session.compartment,
    facts: { what: of.what },
    fields: { session: session.id, ...(session.parcel === null ? {} : { parcel: session.parcel }) },
  });
  alarmDiscrepancy(draft, session.compartment, cause);
  return cause;
}

function finish(
  draft: Draft,
  session: StaffSession,
  of: { end: 'confirmed' | 'cancelled' | 'timeout'; cause?: number; isEmpty?: boolean },
): void {
  const waiting = draft.state.order[session.order];
  endSession(draft, session, of.end, of.cause);
  closeOrder(draft, session.order);
  const { act } = waiting?.order ?? {};
  // What the bank knows of is not all that may lie there: it serves again by the word of who has looked.
  const { use, door } = compartmentOf(draft.state, session.compartment);
  const servesAgain = of.isEmpty === true && use === 'empty' && door !== 'open';
  if (waiting && act?.do === 'staff-release' && act.restore && servesAgain)
    restore(draft, {
      compartment: session.compartment,
      order: waiting.order,
      cause: of.cause ?? session.openedSeq,
    });
}

/** Staff walked away. Without their word nothing is known of what is inside, so staff have to look again. */
export function staffOverdue(draft: Draft, session: StaffSession): void {
  if (compartmentOf(draft.state, session.compartment).door === 'open') return;
  if (!session.doorSensedOpen) return finish(draft, session, { end: 'timeout' });
  const parcel = session.parcel === null ? undefined : draft.state.parcel[session.parcel];
  const cause = discrepancy(draft, session, { what: 'left-unconfirmed', cause: session.openedSeq });
  // Where the bank knew of nothing, something may lie now: no courier gets that door before staff have looked.
  if (!parcel) withdrawUnknown(draft, session);
  if (parcel && parcel.state !== 'held') {
    revokeGrant(draft, session, parcel);
    hold(draft, session, { parcel, cause });
    draft.patch('parcel', parcel.id, { state: 'held' });
    draft.patch('compartment', session.compartment, { use: 'held' });
  }
  finish(draft, session, { end: 'timeout', cause });
}

/** The person at the kiosk says which clock is right, by an order that lets them. */
export function chooseClock(draft: Draft, use: 'machine' | 'bank'): void {
  const { screen } = draft.state.volatile;
  const waiting = screen.at === 'clock' ? draft.state.order[screen.order] : undefined;
  if (!waiting) return draft.deny('step-out-of-turn');
  thawClock(draft, {
    atMs: use === 'machine' ? draft.moment.wallMs : draft.nowMs,
    order: waiting.order.order,
  });
  closeOrder(draft, waiting.order.order);
  draft.show({ at: 'staff-done', done: 'clock' });
}

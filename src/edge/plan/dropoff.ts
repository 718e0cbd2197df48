/**
 * Drop-off: a signed-in courier names parcel, flat and size; an empty compartment opens; they put the
 * parcel in, shut the door and say so. Then custody passes to the bank, and the bank itself makes the
 * pick-up grant and its code.
 */
import type { KioskAction } from '../../contract/kiosk.ts';
import type { DirectoryEntries } from '../../contract/uplink.ts';
import type { Size } from '../../domain/bank.ts';
import type { GrantId, ParcelId, PersonId, SessionId } from '../../domain/ids.ts';
import { told } from '../../domain/outcome.ts';
import { normalFlat } from '../../domain/scan.ts';
import { chooseCompartment } from './choosing.ts';
import { mayGoOn, standingDenial } from './courier.ts';
import { custodyFields, parcelOf } from './custody.ts';
import { emptied } from './doors.ts';
import { alarmDiscrepancy } from './doubt.ts';
import type { Draft } from './draft.ts';
import { mintFor } from './minting.ts';
import {
  decidePulse,
  endSession,
  isAtWork,
  latchJammed,
  mayHaveLetGo,
  mayStillOpen,
  noteStuck,
  sessionOf,
  stuckLeft,
} from './opening.ts';
import {
  type BankState,
  compartmentOf,
  type DropOffSession,
  isAttended,
  ONLY,
  type Parcel,
  policyOf,
  rosterOf,
} from './state.ts';

const DAY_MS = 86_400_000;

/** What the rim drew for this event, in case a journey begins with it: ids, and the next nonce for orders. */
export type FreshIds = { session: SessionId; parcel: ParcelId; grant: GrantId; nonce: string };

type Wanted = {
  courier: PersonId;
  tracking: string;
  recipient: DirectoryEntries[number];
  size: Size;
  above: Size | null;
  fresh: FreshIds;
};

/** Opens a drop-off session at an empty compartment. False when there is none. */
export function openDropOff(draft: Draft, wanted: Wanted): boolean {
  const { courier, tracking, size, above, fresh } = wanted;
  const entry = rosterOf(draft.state)?.couriers.find((candidate) => candidate.person === courier);
  if (!mayGoOn(draft, courier) || !entry) return false;
  // The screen is as old as the last touch: who has moved away since gets no parcel there any more.
  const recipient = inDirectory(draft.state, wanted.recipient);
  if (!recipient) {
    draft.show({ at: 'flat', courier, tracking }, told('recipient-unknown'));
    return false;
  }
  const compartment = chooseCompartment(draft.state, {
    size,
    above,
    accessible: recipient.accessible,
    monotonicMs: draft.moment.monotonicMs,
  });
  if (!compartment) {
    const none = above === null ? 'no-compartment-free' : 'no-larger-compartment';
    draft.record({
      kind: 'attempt.decided',
      facts: { method: 'courier-code', work: 'drop-off' },
      decision: { allow: false, reason: none },
      fields: { person: courier },
    });
    draft.deny(none);
    return false;
  }
  const parcel: Parcel = {
    id: fresh.parcel,
    tracking,
    carrier: entry.carrier,
    courier,
    recipient: recipient.person as PersonId,
    flat: normalFlat(recipient.flat),
    size,
    compartment: compartment.n,
    state: 'accepted',
  };
  begin(draft, parcel, fresh.session);
  return true;
}

function begin(draft: Draft, parcel: Parcel, id: SessionId): void {
  const untilMs = draft.nowMs + policyOf(draft.state).graceMinutes * 60_000;
  const { compartment } = parcel;
  const openedSeq = draft.record({
    kind: 'session.opened',
    compartment,
    facts: { work: 'drop-off', untilMs },
    fields: { session: id, parcel: parcel.id, person: parcel.courier },
  });
  const session: DropOffSession = {
    id,
    work: 'drop-off',
    grant: null,
    parcel: parcel.id,
    compartment,
    person: parcel.courier,
    state: 'open',
    openedSeq,
    pulses: 0,
    release: null,
    doorSensedOpen: false,
    untilMs,
    said: null,
    insisted: false,
  };
  draft.put('parcel', parcel.id, parcel);
  draft.put('session', id, session);
  draft.patch('compartment', compartment, { use: 'reserved', parcel: parcel.id, session: id });
  draft.record({
    kind: 'parcel.accepted',
    cause: openedSeq,
    compartment,
    facts: { size: parcel.size, offline: draft.state.volatile.heardMs === null },
    fields: custodyFields(parcel, session),
  });
  draft.show({ at: 'session', session: id, courier: parcel.courier });
  decidePulse(draft, id, openedSeq);
}

/** What a courier does on the drop-off screen. */
export function dropOffAction(
  draft: Draft,
  session: DropOffSession,
  action: KioskAction,
  fresh: FreshIds,
): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  switch (action.do) {
    case 'again': {
      // Who was suspended or struck off meanwhile may shut the door and leave; no latch moves for them.
      const reason = standingDenial(draft, session.person);
      if (reason !== undefined) return draft.deny(reason);
      return void decidePulse(draft, session.id, session.openedSeq);
    }
    case 'deposited':
      if (!session.doorSensedOpen) return draft.say('door-not-opened');
      if (compartment.door === 'open') {
        draft.patch('session', session.id, { said: 'deposited' });
        return draft.say('shut-the-door');
      }
      if (mayStillOpen(draft, session)) return draft.say('wait');
      return confirmDeposited(draft, session, fresh.grant);
    case 'larger':
      return takeLarger(draft, session, fresh);
    case 'other-door':
      return takeOtherDoor(draft, session, fresh);
    case 'cancel':
    case 'leave':
      return cancelDropOff(draft, session);
    default: // closed: every other action belongs to another screen
      return draft.deny('step-out-of-turn');
  }
}

export function dropOffDoorClosed(draft: Draft, session: DropOffSession, fresh: FreshIds): void {
  const now = sessionOf(draft.state, session.id);
  if (now.work !== 'drop-off') return;
  if (now.said === 'deposited') confirmDeposited(draft, now, fresh.grant);
  else if (isAttended(draft.state, now)) draft.say(null);
}

function confirmDeposited(draft: Draft, session: DropOffSession, grant: GrantId): void {
  const { occupied } = compartmentOf(draft.state, session.compartment);
  if (occupied === 'no' && !session.insisted) {
    draft.patch('session', session.id, { said: null, insisted: true });
    if (isAttended(draft.state, session)) draft.deny('nothing-sensed');
    return;
  }
  // The door may shut after the courier left the screen; then it belongs to somebody else by now.
  const attended = isAttended(draft.state, session);
  deposit(draft, session, grant, 'person');
  if (attended)
    draft.show({
      at: 'drop-off-done',
      courier: session.person,
      tracking: parcelOfGrant(draft.state, grant).tracking,
    });
}

function parcelOfGrant(state: BankState, id: GrantId): Parcel {
  const parcel = state.parcel[state.grant[id]?.parcel ?? ''];
  if (!parcel) throw new Error('the grant has no parcel');
  return parcel;
}

/** The one place where the bank takes custody, and makes the grant that answers for it. */
function deposit(draft: Draft, session: DropOffSession, id: GrantId, basis: 'person' | 'occupancy'): void {
  const parcel = parcelOf(draft.state, session);
  const compartment = compartmentOf(draft.state, session.compartment);
  const untilMs = draft.nowMs + policyOf(draft.state).holdDays * DAY_MS;
  const cause = draft.record({
    kind: 'parcel.deposited',
    cause: session.openedSeq,
    compartment: compartment.n,
    facts: { size: parcel.size, basis, occupied: compartment.occupied, untilMs },
    fields: { ...custodyFields(parcel, session), grant: id },
  });
  const isDoubted = compartment.occupied === 'no';
  if (isDoubted) {
    const reported = draft.record({
      kind: 'discrepancy.reported',
      cause,
      compartment: compartment.n,
      facts: { what: 'sensed-against-word' },
      fields: { person: session.person, parcel: parcel.id, session: session.id },
    });
    alarmDiscrepancy(draft, compartment.n, reported);
  }
  draft.put('grant', id, {
    id,
    parcel: parcel.id,
    compartment: compartment.n,
    recipient: parcel.recipient,
    flat: parcel.flat,
    issue: 0,
    pinVerifier: null,
    qrVerifier: null,
    untilMs,
    state: 'live',
    session: null,
    endedAtMs: null,
  });
  draft.patch('parcel', parcel.id, { state: 'waiting', ...(isDoubted ? { doubted: true } : {}) });
  draft.patch('compartment', compartment.n, { use: 'occupied' });
  endSession(draft, session, basis === 'person' ? 'confirmed' : 'occupancy', cause);
  mintFor(draft, id);
}

/**
 * A pulse was answered or given up, has had its time, and the door was never sensed open: the courier may try another.
 * Sooner, a sound door would be put out of use, and what then springs open would count as forced.
 */
function mayTakeOther(state: BankState, session: DropOffSession, nowMs: number): boolean {
  return session.pulses > 0 && !isAtWork(state, session, nowMs) && !session.doorSensedOpen;
}

/** This one counts as stuck by it, and there has to be one more that may. */
const hasOtherLeft = (state: BankState, session: DropOffSession, nowMs: number): boolean =>
  stuckLeft(state, session.person, nowMs) >= 2;

/** Whether the screen offers another door: what would be refused is not offered. */
export function offersOther(state: BankState, session: DropOffSession, nowMs: number): boolean {
  return mayTakeOther(state, session, nowMs) && hasOtherLeft(state, session, nowMs);
}

/** Another door of the size. The one that did not open is withdrawn, because nobody knows its latch now. */
function takeOtherDoor(draft: Draft, session: DropOffSession, fresh: FreshIds): void {
  const isAsked = !session.doorSensedOpen;
  if (isAsked && isAtWork(draft.state, session, draft.nowMs)) return draft.say('wait');
  if (!mayTakeOther(draft.state, session, draft.nowMs)) return draft.deny('step-out-of-turn');
  if (!hasOtherLeft(draft.state, session, draft.nowMs)) return draft.deny('courier-may-not');
  const parcel = parcelOf(draft.state, session);
  const recipient = recipientOf(draft.state, parcel);
  if (!recipient) return draft.deny('recipient-unknown');
  const want = {
    size: parcel.size,
    above: null,
    accessible: recipient.accessible,
    monotonicMs: draft.moment.monotonicMs,
  };
  if (!chooseCompartment(draft.state, want)) return draft.deny('no-compartment-free');
  latchJammed(draft, session, session.release?.seq ?? session.openedSeq);
  abandon(draft, session, { why: 'door-did-not-open', end: 'fault' });
  openDropOff(draft, {
    courier: session.person,
    tracking: parcel.tracking,
    recipient,
    size: parcel.size,
    above: null,
    fresh,
  });
}

function recipientOf(state: BankState, parcel: Parcel) {
  return inDirectory(state, { person: parcel.recipient, flat: parcel.flat });
}

/** This person in this flat, by the directory of now. */
function inDirectory(state: BankState, { person, flat }: { person: string; flat: string }) {
  const { entries = [] } = state.directory[ONLY] ?? {};
  return entries.find((entry) => entry.person === person && normalFlat(entry.flat) === normalFlat(flat));
}

function takeLarger(draft: Draft, session: DropOffSession, fresh: FreshIds): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  if (mayStillOpen(draft, session)) return draft.say('wait');
  if (compartment.door === 'open') return draft.say('shut-the-door');
  if (compartment.occupied === 'yes') return draft.deny('parcel-still-sensed');
  const parcel = parcelOf(draft.state, session);
  const recipient = recipientOf(draft.state, parcel);
  if (!recipient) return draft.deny('recipient-unknown');
  const want = {
    size: parcel.size,
    above: compartment.size,
    accessible: recipient.accessible,
    monotonicMs: draft.moment.monotonicMs,
  };
  if (!chooseCompartment(draft.state, want)) return draft.deny('no-larger-compartment');
  abandon(draft, session, { why: 'larger', end: 'cancelled' });
  openDropOff(draft, {
    courier: session.person,
    tracking: parcel.tracking,
    recipient,
    size: parcel.size,
    above: compartment.size,
    fresh,
  });
}

function cancelDropOff(draft: Draft, session: DropOffSession): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  if (mayStillOpen(draft, session)) return draft.say('wait');
  if (compartment.door === 'open') return draft.say('shut-the-door');
  if (compartment.occupied === 'yes') return draft.deny('parcel-still-sensed');
  abandon(draft, session, { why: 'cancelled', end: 'cancelled' });
  if (mayGoOn(draft, session.person)) draft.show({ at: 'tracking', courier: session.person });
}

/** Nothing was put in, by a person's word or a sensor's: the compartment is empty as before. */
function abandon(
  draft: Draft,
  session: DropOffSession,
  of: {
    why: 'cancelled' | 'timeout' | 'larger' | 'door-did-not-open';
    end: 'cancelled' | 'timeout' | 'fault';
  },
): void {
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'parcel.not-deposited',
    cause: session.openedSeq,
    compartment: session.compartment,
    facts: { why: of.why },
    fields: { parcel: parcel.id, session: session.id },
  });
  noteStuck(draft, session);
  endSession(draft, session, of.end, cause);
  draft.drop('parcel', parcel.id);
  emptied(draft, session.compartment);
}

/** The courier walked away. What the sensor sees decides; where nothing is sensed, staff look. */
export function dropOffOverdue(draft: Draft, session: DropOffSession, fresh: FreshIds): void {
  const compartment = compartmentOf(draft.state, session.compartment);
  if (compartment.door === 'open') return;
  // A door that opened and shut between two looks, or while the power or its board was gone, was never sensed
  // open, yet something may be inside. Only a sensor, or a latch that never let go, says that there is nothing.
  const wasShut = !session.doorSensedOpen && !mayHaveLetGo(session);
  const nothingIn = compartment.occupied === 'no' || (compartment.occupied === 'unsensed' && wasShut);
  if (nothingIn) return abandon(draft, session, { why: 'timeout', end: 'timeout' });
  if (session.doorSensedOpen && compartment.occupied === 'yes' && policyOf(draft.state).occupancyConfirms)
    return deposit(draft, session, fresh.grant, 'occupancy');
  const parcel = parcelOf(draft.state, session);
  const cause = draft.record({
    kind: 'discrepancy.reported',
    cause: session.openedSeq,
    compartment: compartment.n,
    facts: { what: 'left-unconfirmed' },
    fields: { person: session.person, parcel: parcel.id, session: session.id },
  });
  draft.record({
    kind: 'parcel.held',
    cause,
    compartment: compartment.n,
    facts: { why: 'left-unconfirmed' },
    fields: { parcel: parcel.id, counterpart: parcel.recipient },
  });
  noteStuck(draft, session);
  endSession(draft, session, 'timeout', cause);
  draft.patch('parcel', parcel.id, { state: 'held' });
  draft.patch('compartment', compartment.n, { use: 'held' });
}

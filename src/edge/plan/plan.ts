/**
 * The planner: `plan(state, event, moment)` answers the next state, the records that explain it and the
 * effects to carry out. It is pure and total: no clock, no randomness, no I/O; every event in every state
 * has an answer. `execute.ts` makes the answer durable first and acts second.
 */
import type { KioskAction } from '../../contract/kiosk.ts';
import type { DirectoryEntries } from '../../contract/uplink.ts';
import type { GrantId, PersonId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import { readScan } from '../../domain/scan.ts';
import { boardGarbled, boardSeen, garbledDue } from './boards.ts';
import { renewBudgets } from './budgets.ts';
import { takeFlat, takeRecipient, takeTracking, takeTyped } from './choosing.ts';
import { frozenAtStart, keepProgress, timeAt, watchClock } from './clock.ts';
import {
  chooseCourierCode,
  courierCodeMade,
  courierCompared,
  mayGoOn,
  presentBadge,
  presentCourierCode,
  signOut,
} from './courier.ts';
import { expireIfDue } from './custody.ts';
import { type DoorEvent, doorSensed, type Sensed, watchDoors } from './doors.ts';
import { directoryOpened, dropEpoch, type Heard, heard, refuseMessage } from './downlink.ts';
import { Draft, type Moment, type Planned } from './draft.ts';
import { dropOffAction, dropOffDoorClosed, dropOffOverdue, type FreshIds, openDropOff } from './dropoff.ts';
import { countDenied, isFlooded } from './flood.ts';
import { idle, isFinished } from './idle.ts';
import { type Minted, minted, mintWaiting } from './minting.ts';
import {
  type BoardAnswer,
  boardAnswered,
  mayStillOpen,
  sessionOf,
  settleAfterRestart,
  watchLatches,
  watchLeft,
} from './opening.ts';
import { takeOrder, tendOrders } from './orders.ts';
import {
  type CodeMethod,
  codeCompared,
  flatNeeded,
  pickUpAction,
  pickUpDoorClosed,
  pickUpOverdue,
  presentCode,
} from './pickup.ts';
import { type Room, roomSeen } from './room.ts';
import { chooseClock, presentClaim, staffAction, staffDoorClosed, staffOverdue } from './staff.ts';
import { attended, type BankState, rosterOf, type Session } from './state.ts';
import { suspensionsOverdue } from './suspensions.ts';

export type Event =
  | { type: 'started'; build: string; first: boolean; layout: string }
  | { type: 'stopping' }
  | { type: 'action'; action: KioskAction; fresh: FreshIds }
  | { type: 'compared'; seq: number; method: CodeMethod; grant: GrantId | null; fresh: FreshIds }
  | { type: 'courier-compared'; seq: number; courier: PersonId; matches: boolean }
  | { type: 'courier-code-made'; courier: PersonId; verifier: string }
  | { type: 'minted'; answer: Minted }
  | { type: 'mint-failed'; epoch: string }
  | { type: 'board-answered'; answer: BoardAnswer }
  | { type: 'sensed'; sensed: Sensed; fresh: FreshIds }
  | { type: 'board'; board: number; present: boolean }
  | { type: 'garbled'; board: number; bytes: number }
  | { type: 'heard'; heard: Heard }
  /** An order that somebody carried here by hand. */
  | { type: 'order'; note: string }
  | { type: 'unheard'; refused: { hash: string; bytes: number; text: string; reason: Denial } }
  | { type: 'directory-opened'; opened: { version: number; entries: DirectoryEntries } }
  | { type: 'directory-refused'; refused: { hash: string; bytes: number; text: string } }
  | { type: 'link'; up: boolean }
  | ({ type: 'room' } & Room)
  | { type: 'tick'; fresh: FreshIds };

/** So long a spent code is known as spent and not just as wrong. Every attempt is compared with it until then. */
const SPENT_GRANTS_KEPT_MS = 2 * 86_400_000;

export function plan(state: BankState, event: Event, moment: Moment): Planned {
  const draft = new Draft(state, timeAt(state.volatile.clock, moment), moment);
  if (event.type !== 'started') watchClock(draft);
  react(draft, event);
  countDenied(draft);
  keepProgress(draft);
  return draft.done();
}

function react(draft: Draft, event: Event): void {
  switch (event.type) {
    case 'started':
      return started(draft, event);
    case 'stopping':
      return void draft.record({ kind: 'agent.stopped', facts: {} });
    case 'action':
      return act(draft, event.action, event.fresh);
    case 'compared':
      return codeCompared(draft, { ...event, session: event.fresh.session });
    case 'courier-compared':
      return courierCompared(draft, event);
    case 'courier-code-made':
      return courierCodeMade(draft, event);
    case 'minted':
      return minted(draft, event.answer);
    case 'mint-failed':
      return dropEpoch(draft, event.epoch);
    case 'board-answered':
      return boardAnswered(draft, event.answer);
    case 'sensed':
      return sensed(draft, event.sensed, event.fresh);
    case 'board':
      return boardSeen(draft, event);
    case 'garbled':
      return boardGarbled(draft, event);
    case 'heard':
      return heard(draft, event.heard);
    case 'order':
      return void takeOrder(draft, { note: event.note, road: 'hand' });
    case 'unheard':
      return refuseMessage(draft, event.refused);
    case 'directory-opened':
      return directoryOpened(draft, event.opened);
    case 'directory-refused':
      return refuseMessage(draft, { ...event.refused, reason: 'signature-wrong' });
    case 'link':
      return linkChanged(draft, event.up);
    case 'room':
      return roomSeen(draft, event);
    case 'tick':
      return tick(draft, event.fresh);
  }
}

function started(draft: Draft, event: { build: string; first: boolean; layout: string }): void {
  const { standing } = draft.state;
  if (event.first) {
    draft.record({ kind: 'journal.created', facts: { key: standing.fingerprint } });
    draft.record({
      kind: 'bank.commissioned',
      facts: {
        layout: event.layout,
        compartments: standing.layout.compartments.length,
        development: standing.development,
      },
    });
  }
  const unanswered = settleAfterRestart(draft);
  draft.record({ kind: 'agent.started', facts: { resumed: !event.first, unanswered, build: event.build } });
  // A parcel taken in just before the power went has a grant and no code yet.
  mintWaiting(draft);
  frozenAtStart(draft);
}

/** Why nobody can be served now, whoever they are; undefined when somebody can. */
export function closedReason(state: BankState): Denial | undefined {
  if (!rosterOf(state)) return 'no-roster';
  if (Object.values(state.suspension).some((suspension) => suspension.scope === 'bank')) return 'lockdown';
  if (state.volatile.full) return 'journal-full';
  const boards = Object.values(state.volatile.boards);
  return boards.length > 0 && boards.every((present) => !present) ? 'board-absent' : undefined;
}

function act(draft: Draft, action: KioskAction, fresh: FreshIds): void {
  if (action.do !== 'scan') draft.volatile({ moves: 0 });
  if (action.do === 'here') return draft.volatile({ activeMs: draft.moment.monotonicMs });
  const closed = closedReason(draft.state);
  if (closed !== undefined && action.do !== 'cancel' && action.do !== 'leave' && !attended(draft.state))
    return draft.deny(closed);
  const session = attended(draft.state);
  if (session && action.do !== 'scan') return actInSession(draft, session, action, fresh);
  switch (action.do) {
    case 'scan':
      return scan(draft, action.text, fresh);
    case 'pin':
      return atHome(draft)
        ? presentCode(draft, { method: 'pin', code: action.pin })
        : draft.deny('step-out-of-turn');
    case 'flat-and-pin':
      if (!atHome(draft)) return draft.deny('step-out-of-turn');
      // Each flat has a budget of its own, and whoever feeds flats without end is given a new one each time.
      if (isFlooded(draft)) return draft.deny('rate-limited');
      return presentCode(draft, { method: 'flat-and-pin', code: action.pin, flat: action.flat });
    case 'cancel':
      return giveUp(draft);
    case 'leave':
      return leave(draft);
    case 'courier-code':
    case 'courier-code-new':
    case 'tracking':
    case 'flat':
    case 'recipient':
    case 'size':
    case 'next-parcel':
      return actAsCourier(draft, action, fresh);
    case 'clock':
      return chooseClock(draft, action.use);
    case 'deposited':
    case 'larger':
    case 'other-door':
    case 'found':
    case 'collected':
    case 'again':
    case 'report':
      return draft.deny('step-out-of-turn');
  }
}

function actInSession(draft: Draft, attended: Session, action: KioskAction, fresh: FreshIds): void {
  // Who only leaves a pick-up has said nothing else.
  const isLeaving = attended.work === 'pick-up' && action.do === 'cancel';
  const session = isLeaving ? attended : takeBack(draft, attended);
  switch (session.work) {
    case 'pick-up':
      return pickUpAction(draft, session, action);
    case 'drop-off':
      return dropOffAction(draft, session, action, fresh);
    case 'staff-release':
      return staffAction(draft, session, action);
  }
}

/** The last word counts: what was said at the open door is off once its person says something else. */
function takeBack(draft: Draft, { id }: Session): Session {
  if (sessionOf(draft.state, id).said !== null) draft.patch('session', id, { said: null });
  return sessionOf(draft.state, id);
}

function atHome(draft: Draft): boolean {
  const { at } = draft.state.volatile.screen;
  return at === 'home' || isFinished(draft.state.volatile.screen);
}

/**
 * A scan that leads nowhere is no sign of a person: a label that is stuck before the scanner would hold an
 * attended door, or a courier's sign-in, for whoever comes next. At home nothing is held.
 */
function scan(draft: Draft, text: string, fresh: FreshIds): void {
  const { screen, activeMs } = draft.state.volatile;
  if (isFlooded(draft)) pausedScans(draft);
  else scanned(draft, text, fresh);
  if (screen.at !== 'home' && draft.state.volatile.screen === screen) draft.volatile({ activeMs });
}

/** A PIN opens all the same, for as long as it is asked for alone. */
function pausedScans(draft: Draft): void {
  if (flatNeeded(draft.state, draft.nowMs)) draft.deny('rate-limited');
  else draft.say('scans-paused');
}

function scanned(draft: Draft, text: string, fresh: FreshIds): void {
  const scan = readScan(text);
  const { screen } = draft.state.volatile;
  if (scan.is === 'label') {
    if (screen.at === 'tracking') return takeTracking(draft, screen.courier, scan.text);
    if (screen.at === 'drop-off-done')
      return mayGoOn(draft, screen.courier) ? takeTracking(draft, screen.courier, scan.text) : undefined;
    return draft.say('scan-not-expected');
  }
  if (!atHome(draft)) return draft.say('scan-not-expected');
  if (scan.is === 'badge') return presentBadge(draft, scan.secret);
  if (scan.is === 'claim') return presentClaim(draft, scan.secret, fresh.session);
  presentCode(draft, { method: 'qr', code: scan.secret });
}

function actAsCourier(draft: Draft, action: KioskAction, fresh: FreshIds): void {
  const { screen } = draft.state.volatile;
  if (screen.at === 'courier-code' && action.do === 'courier-code')
    return presentCourierCode(draft, screen.courier, action.code);
  if (screen.at === 'courier-code' && action.do === 'courier-code-new')
    return chooseCourierCode(draft, screen.courier, action);
  if (screen.at === 'tracking' && action.do === 'tracking')
    return takeTyped(draft, screen.courier, action.text);
  if (screen.at === 'flat' && action.do === 'flat') return takeFlat(draft, screen, action.text);
  if (screen.at === 'recipient' && action.do === 'recipient')
    return takeRecipient(draft, screen, action.index);
  if (screen.at === 'size' && action.do === 'size')
    return void openDropOff(draft, { ...screen, size: action.size, above: null, fresh });
  if (screen.at === 'drop-off-done' && action.do === 'next-parcel')
    return mayGoOn(draft, screen.courier)
      ? draft.show({ at: 'tracking', courier: screen.courier })
      : undefined;
  draft.deny('step-out-of-turn');
}

/** A courier who gives one parcel up has others in the hand: back to the label, and not out. */
function giveUp(draft: Draft): void {
  const { screen } = draft.state.volatile;
  if (screen.at !== 'flat' && screen.at !== 'recipient' && screen.at !== 'size') return leave(draft);
  if (mayGoOn(draft, screen.courier)) draft.show({ at: 'tracking', courier: screen.courier });
}

function leave(draft: Draft): void {
  const { screen } = draft.state.volatile;
  if (screen.at === 'courier-code' || !('courier' in screen) || screen.courier === null)
    return draft.show({ at: 'home' });
  signOut(draft, screen.courier, 'done');
}

/**
 * A door that moves is its person's touch; what a sensor says of the inside is none. Each opening takes a pulse that
 * somebody asked for, so that a door which moves on with nobody at the screen is a loose sensor: it would hold the
 * whole bank for one who has gone.
 */
const MOVES_BY_HAND = 4;

function sensed(draft: Draft, seen: Sensed, fresh: FreshIds): void {
  const { screen, activeMs } = draft.state.volatile;
  const isHere = attended(draft.state)?.compartment === seen.compartment;
  const event = doorSensed(draft, seen);
  followDoor(draft, event, fresh);
  if (!isHere || draft.state.volatile.screen !== screen) return;
  const moves = draft.state.volatile.moves + (event.what === 'none' ? 0 : 1);
  const isTouch = event.what !== 'none' && moves <= MOVES_BY_HAND;
  draft.volatile({ moves, activeMs: isTouch ? draft.moment.monotonicMs : activeMs });
}

function followDoor(draft: Draft, event: DoorEvent, fresh: FreshIds): void {
  const onScreen = attended(draft.state);
  if (event.what === 'opened' && event.session?.id === onScreen?.id) draft.say(null);
  if (event.what !== 'closed' || !event.session) return;
  // A pulse is on its way to the door that has shut: custody does not pass under a latch that moves.
  if (mayStillOpen(draft, event.session)) takeBack(draft, event.session);
  switch (event.session.work) {
    case 'pick-up':
      return pickUpDoorClosed(draft, event.session);
    case 'drop-off':
      return dropOffDoorClosed(draft, event.session, fresh);
    case 'staff-release':
      return staffDoorClosed(draft, event.session);
  }
}

function linkChanged(draft: Draft, up: boolean): void {
  const sinceMs = up ? draft.moment.monotonicMs : null;
  draft.volatile({ heardMs: sinceMs, linkedMs: sinceMs, turn: draft.state.volatile.turn + 1 });
}

function tick(draft: Draft, fresh: FreshIds): void {
  for (const grant of Object.values(draft.state.grant)) {
    expireIfDue(draft, grant.id);
    const ended = draft.state.grant[grant.id];
    if (
      ended?.endedAtMs != null &&
      // One that was held or revoked is known as such while its parcel is here, however long that is.
      (ended.state === 'spent' || !draft.state.parcel[ended.parcel]) &&
      draft.nowMs - ended.endedAtMs > SPENT_GRANTS_KEPT_MS
    )
      draft.drop('grant', grant.id);
  }
  renewBudgets(draft);
  suspensionsOverdue(draft);
  tendOrders(draft, fresh.nonce);
  watchDoors(draft);
  watchLatches(draft);
  watchLeft(draft);
  garbledDue(draft);
  idle(draft);
  // One journey a tick, because each takes the ids drawn for this event.
  const overdue = Object.values(draft.state.session).find(
    (session) => session.state === 'paused' && session.untilMs <= draft.nowMs && canEnd(draft.state, session),
  );
  if (overdue) endOverdue(draft, overdue, fresh);
}

function endOverdue(draft: Draft, session: Session, fresh: FreshIds): void {
  switch (session.work) {
    case 'pick-up':
      return pickUpOverdue(draft, session);
    case 'drop-off':
      return dropOffOverdue(draft, session, fresh);
    case 'staff-release':
      return staffOverdue(draft, session);
  }
}

function canEnd(state: BankState, session: Session): boolean {
  const open = state.compartment[session.compartment]?.door === 'open';
  return !open && (session.work !== 'pick-up' || session.doorSensedOpen);
}

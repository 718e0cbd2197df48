/** What the kiosk's screen shows: a pure picture of the state, with nothing in it that the person may not see. */
import type { KioskScreen, KioskView, Recognised } from '../../contract/kiosk.ts';
import { isOthers, recognise } from '../../domain/tracking.ts';
import { carrierNameOf, freeBySize, ownCarrier } from './choosing.ts';
import { timeAt } from './clock.ts';
import type { Moment } from './draft.ts';
import { offersOther } from './dropoff.ts';
import { idleLimitMs } from './idle.ts';
import { isAtWork } from './opening.ts';
import { flatNeeded } from './pickup.ts';
import { closedReason } from './plan.ts';
import {
  type BankState,
  compartmentOf,
  courierOf,
  ONLY,
  policyOf,
  type Screen,
  type Session,
} from './state.ts';

/** The cloud counts as near when it was heard within this time. */
const ONLINE_MS = 90_000;

export function view(state: BankState, moment: Moment): KioskView {
  const { volatile, standing } = state;
  const { screen } = volatile;
  return {
    v: 1,
    bank: standing.name,
    development: standing.development,
    online: isOnline(state, moment),
    logDisputed: state.logDispute[ONLY] !== undefined,
    turn: volatile.turn,
    message: volatile.message,
    idleMs: idleLeftMs(state, moment),
    show: show(state, screen, moment),
  };
}

/** When the screen goes home by itself; one whose door stands open waits until that door is ajar. */
function idleLeftMs(state: BankState, moment: Moment): number | null {
  const { screen, activeMs, clock } = state.volatile;
  if (screen.at === 'home') return null;
  const quietMs = moment.monotonicMs - activeMs;
  const session = screen.at === 'session' ? state.session[screen.session] : undefined;
  const compartment = session && compartmentOf(state, session.compartment);
  const waitsForDoor = compartment?.door === 'open' && !compartment.ajar;
  const openMs = waitsForDoor ? timeAt(clock, moment).atMs - compartment.doorSinceMs : 0;
  const untilAjarMs = waitsForDoor ? policyOf(state).ajarSeconds * 1000 - openMs : 0;
  return Math.round(Math.max(0, idleLimitMs(state) - quietMs, untilAjarMs));
}

export function isOnline(state: BankState, moment: Moment): boolean {
  const { heardMs } = state.volatile;
  return heardMs !== null && moment.monotonicMs - heardMs < ONLINE_MS;
}

/** Screens of what a person has begun or just finished: a bank that closes meanwhile still tells them so. */
const OWN_SCREENS: ReadonlySet<Screen['at']> = new Set([
  'session',
  'drop-off-done',
  'pick-up-done',
  'reported',
]);

function show(state: BankState, screen: Screen, moment: Moment): KioskScreen {
  const closed = closedReason(state);
  if (closed !== undefined && !OWN_SCREENS.has(screen.at)) return { screen: 'closed', reason: closed };
  switch (screen.at) {
    case 'home':
      return home(state, moment);
    case 'courier-code':
      return {
        screen: 'courier-code',
        carrier: carrierNameOf(state, screen.courier),
        first: courierOf(state, screen.courier).verifier === null,
      };
    case 'tracking':
      return { screen: 'tracking', carrier: carrierNameOf(state, screen.courier) };
    case 'flat':
      return { screen: 'flat', tracking: screen.tracking, recognised: recognisedOn(state, screen) };
    case 'recipient':
      return {
        screen: 'recipient',
        tracking: screen.tracking,
        recognised: recognisedOn(state, screen),
        recipients: screen.choices.map((choice) => choice.label),
      };
    case 'size':
      return {
        screen: 'size',
        tracking: screen.tracking,
        recognised: recognisedOn(state, screen),
        recipient: `${screen.recipient.flat} · ${screen.recipient.label}`,
        free: freeBySize(state, moment.monotonicMs),
      };
    case 'session': {
      const session = state.session[screen.session];
      return session ? atDoor(state, session, moment) : home(state, moment);
    }
    case 'drop-off-done':
      return { screen: 'drop-off-done', tracking: screen.tracking, offline: !isOnline(state, moment) };
    case 'pick-up-done':
      return { screen: 'pick-up-done' };
    case 'reported':
      return { screen: 'reported', offline: !isOnline(state, moment), notMine: screen.notMine };
    case 'clock':
      return {
        screen: 'clock',
        bankMs: timeAt(state.volatile.clock, moment).atMs,
        machineMs: Math.round(moment.wallMs),
        frozen: state.volatile.clock.frozenSinceMs !== null,
      };
    case 'staff-done':
      return { screen: 'staff-done', done: screen.done };
  }
}

function home(state: BankState, moment: Moment): KioskScreen {
  const nowMs = timeAt(state.volatile.clock, moment).atMs;
  const ajar = Object.values(state.compartment).find((compartment) => compartment.ajar)?.n ?? null;
  return { screen: 'home', flatNeeded: flatNeeded(state, nowMs), pinDigits: state.standing.pinDigits, ajar };
}

/** Whose number it is, worked out anew: a rule that is right tomorrow shows it right tomorrow. */
function recognisedOn(
  state: BankState,
  { courier, tracking }: { courier: string; tracking: string },
): Recognised {
  const own = ownCarrier(state, courier);
  const label = recognise(tracking, own);
  if (label === undefined || label.check === 'wrong') return { carrier: null, format: null, others: false };
  return { carrier: label.carrier, format: label.format, others: isOthers(label, own) };
}

/** A sprung door is open within this time after its latch let go, or it is stuck. */
const SPRUNG_MS = 4_000;

function atDoor(state: BankState, session: Session, moment: Moment): KioskScreen {
  const compartment = compartmentOf(state, session.compartment);
  const place = state.standing.layout.compartments.find((candidate) => candidate.n === compartment.n);
  const nowMs = timeAt(state.volatile.clock, moment).atMs;
  const pulsesLeft = Math.max(0, policyOf(state).pulsesPerSession - session.pulses);
  const door = {
    compartment: compartment.n,
    size: compartment.size,
    column: place?.column ?? 0,
    row: place?.row ?? 0,
    latch:
      session.release === null ? ('waiting' as const) : (session.release.outcome ?? ('waiting' as const)),
    opened: session.doorSensedOpen,
    stuck:
      !session.doorSensedOpen &&
      compartment.door !== 'open' &&
      session.release?.outcome === 'released' &&
      nowMs - session.release.atMs > SPRUNG_MS,
    door: compartment.door,
    occupied: compartment.occupied,
    again: pulsesLeft > 0 && compartment.door !== 'open' && !isAtWork(state, session, nowMs),
    pulsesLeft,
  };
  const ask = session.doorSensedOpen && compartment.door === 'closed';
  switch (session.work) {
    case 'pick-up':
      return { screen: 'pick-up', ask, door };
    case 'staff-release':
      return { screen: 'staff', ask, expected: session.parcel === null ? 'nothing' : 'parcel', door };
    case 'drop-off': {
      const tracking = state.parcel[session.parcel]?.tracking ?? '';
      const larger = compartment.size !== 'XL';
      const otherDoor = offersOther(state, session, nowMs);
      return { screen: 'drop-off', tracking, ask, larger, otherDoor, door };
    }
  }
}

/** What the kiosk's screen shows: a pure picture of the state, with nothing in it that the person may not see. */
import type { KioskScreen, KioskView } from '../../contract/kiosk.ts';
import { freeBySize } from './choosing.ts';
import { timeAt } from './clock.ts';
import { courierOf } from './courier.ts';
import type { Moment } from './draft.ts';
import { flatNeeded } from './pickup.ts';
import { closedReason, idleLimitMs } from './plan.ts';
import { type BankState, compartmentOf, policyOf, rosterOf, type Screen, type Session } from './state.ts';

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
        carrier: carrierOf(state, screen.courier),
        first: courierOf(state, screen.courier).verifier === null,
      };
    case 'tracking':
      return { screen: 'tracking', carrier: carrierOf(state, screen.courier) };
    case 'flat':
      return { screen: 'flat', tracking: screen.tracking };
    case 'recipient':
      return {
        screen: 'recipient',
        tracking: screen.tracking,
        recipients: screen.choices.map((choice) => choice.label),
      };
    case 'size':
      return {
        screen: 'size',
        tracking: screen.tracking,
        recipient: `${screen.recipient.flat} · ${screen.recipient.label}`,
        free: freeBySize(state, moment.monotonicMs),
      };
    case 'session': {
      const session = state.session[screen.session];
      return session ? atDoor(state, session) : home(state, moment);
    }
    case 'drop-off-done':
      return { screen: 'drop-off-done', tracking: screen.tracking, offline: !isOnline(state, moment) };
    case 'pick-up-done':
      return { screen: 'pick-up-done' };
    case 'reported':
      return { screen: 'reported' };
  }
}

function home(state: BankState, moment: Moment): KioskScreen {
  const nowMs = timeAt(state.volatile.clock, moment).atMs;
  return { screen: 'home', flatNeeded: flatNeeded(state, nowMs), pinDigits: state.standing.pinDigits };
}

function carrierOf(state: BankState, person: string): string {
  const roster = rosterOf(state);
  const courier = roster?.couriers.find((candidate) => candidate.person === person);
  return roster?.carriers.find((carrier) => carrier.carrier === courier?.carrier)?.name ?? '';
}

function atDoor(state: BankState, session: Session): KioskScreen {
  const compartment = compartmentOf(state, session.compartment);
  const place = state.standing.layout.compartments.find((candidate) => candidate.n === compartment.n);
  const pulsesLeft = Math.max(0, policyOf(state).pulsesPerSession - session.pulses);
  const door = {
    compartment: compartment.n,
    size: compartment.size,
    column: place?.column ?? 0,
    row: place?.row ?? 0,
    latch:
      session.release === null ? ('waiting' as const) : (session.release.outcome ?? ('waiting' as const)),
    door: compartment.door,
    occupied: compartment.occupied,
    again:
      !session.doorSensedOpen || session.work === 'drop-off'
        ? pulsesLeft > 0 && compartment.door !== 'open'
        : compartment.door !== 'open',
    pulsesLeft,
  };
  const ask = session.doorSensedOpen && compartment.door === 'closed';
  if (session.work === 'pick-up') return { screen: 'pick-up', ask, door };
  const tracking = state.parcel[session.parcel]?.tracking ?? '';
  return { screen: 'drop-off', tracking, ask, larger: compartment.size !== 'XL', door };
}

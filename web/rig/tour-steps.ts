/**
 * The guided tour as a pure function of what was seen: the kiosk's screen, the doors, the phone. A step ends when
 * what it waits for has happened and by nothing else; who goes back at the kiosk goes back in the tour.
 */
import type { RigCast, RigDoor, RigKiosk, RigMessage, RigState } from '../../src/contract/rig.ts';

export const STEPS = [
  'badge',
  'code',
  'label',
  'room',
  'put-in',
  'phone',
  'pin',
  'take-out',
  'record',
] as const;
export type Step = (typeof STEPS)[number];

export type Tour = {
  /** Null: skipped or finished. */
  at: Step | null;
  /** What the kiosk had counted when this parcel's drop-off, and its pick-up, began. */
  deposits: number;
  collections: number;
  /** The door that the kiosk named. */
  door: number | null;
  /** When the newest message had come that is not of this parcel. */
  newestMs: number;
};

export const BEGIN: Tour = { at: 'badge', deposits: 0, collections: 0, door: null, newestMs: 0 };

export type Seen = { state: RigState | null; messages: readonly RigMessage[] };

export function tourAfter(tour: Tour, { state, messages }: Seen): Tour {
  if (tour.at === null || tour.at === 'record' || !state) return tour;
  const looked = state.kiosk ? afterKiosk(rebased(tour, state.kiosk), state.kiosk, state.doors) : tour;
  return afterMessages(looked, messages, state.cast);
}

/** A rig that was started anew counts from nothing. */
function rebased(tour: Tour, { deposits, collections }: RigKiosk): Tour {
  return {
    ...tour,
    deposits: Math.min(tour.deposits, deposits),
    collections: Math.min(tour.collections, collections),
  };
}

function afterKiosk(tour: Tour, kiosk: RigKiosk, doors: readonly RigDoor[]): Tour {
  switch (tour.at) {
    case null:
    case 'record':
      return tour;
    case 'badge':
      return droppingOff({ ...tour, deposits: kiosk.deposits }, kiosk, doors);
    case 'code':
    case 'label':
    case 'room':
    case 'put-in':
      if (kiosk.deposits > tour.deposits) return { ...tour, at: 'phone', collections: kiosk.collections };
      return droppingOff(tour, kiosk, doors);
    case 'phone':
    case 'pin':
    case 'take-out':
      return kiosk.collections > tour.collections ? { ...tour, at: 'record' } : pickingUp(tour, kiosk, doors);
  }
}

function droppingOff(tour: Tour, { screen, compartment }: RigKiosk, doors: readonly RigDoor[]): Tour {
  switch (screen) {
    case 'courier-code':
      return { ...tour, at: 'code' };
    case 'tracking':
      return { ...tour, at: 'label' };
    case 'flat':
    case 'recipient':
    case 'size':
      return { ...tour, at: 'room' };
    case 'drop-off':
      return { ...tour, at: 'put-in', door: compartment };
    case 'home':
      // A parcel behind the door may be deposited without our having seen the word; its message tells.
      return tour.at === 'put-in' && isInside(tour, doors) ? tour : { ...tour, at: 'badge' };
    case 'closed':
    case 'drop-off-done':
    case 'pick-up':
    case 'pick-up-done':
    case 'reported':
    case 'staff':
    case 'clock':
    case 'staff-done':
      return tour;
  }
}

function pickingUp(tour: Tour, { screen, compartment }: RigKiosk, doors: readonly RigDoor[]): Tour {
  if (screen === 'pick-up') return { ...tour, at: 'take-out', door: compartment };
  const wentHome = screen === 'home' && tour.at === 'take-out' && isInside(tour, doors);
  return wentHome ? { ...tour, at: 'pin' } : tour;
}

function isInside({ door }: Tour, doors: readonly RigDoor[]): boolean {
  return (doors.find(({ n }) => n === door)?.parcels.length ?? 0) > 0;
}

function afterMessages(tour: Tour, messages: readonly RigMessage[], cast: RigCast | null): Tour {
  switch (tour.at) {
    case 'put-in':
    case 'phone': {
      const isOurs = (message: RigMessage) =>
        message.receivedAtMs > tour.newestMs && cast !== null && bringsCode(message, cast.resident);
      return messages.some(isOurs) ? { ...tour, at: 'pin' } : tour;
    }
    case 'badge':
    case 'code':
    case 'label':
    case 'room':
      return { ...tour, newestMs: Math.max(tour.newestMs, ...messages.map((one) => one.receivedAtMs)) };
    case 'pin':
    case 'take-out':
    case 'record':
    case null:
      return tour;
  }
}

const PIN = /(?<!\d)\d{3}[ -]?\d{3}[ -]?\d{3}(?!\d)/;

function bringsCode(message: RigMessage, { phone, email }: RigCast['resident']): boolean {
  return [phone, email].includes(message.to) && (message.qr !== null || PIN.test(message.text));
}

/** Ids of what the tour can point at; a door has its number. */
export type Target = 'badge' | 'label' | 'phone' | 'authenticator' | `door-${number}`;

/** What to do now; each has its sentence in messages.ts. */
export type Doing =
  | Exclude<Step, 'put-in' | 'take-out'>
  | `${'put-in' | 'take-out'}.${'wait' | 'move' | 'shut' | 'say'}`
  | 'dark';

/** What a hand is to do at the door that is pointed at. */
export type Hand = 'put-in' | 'take-out' | 'close';

export type Prompt = {
  doing: Doing;
  target: Target | null;
  hand?: Hand;
  goTo: 'kiosk' | 'admin' | null;
};

export function promptOf(tour: Tour, { kiosk, doors }: RigState): Prompt | null {
  const { at } = tour;
  if (at !== null && at !== 'record' && kiosk === null) return { doing: 'dark', target: null, goTo: null };
  switch (at) {
    case null:
      return null;
    case 'badge':
    case 'label':
      return { doing: at, target: at, goTo: null };
    case 'code':
    case 'room':
      return { doing: at, target: null, goTo: 'kiosk' };
    case 'phone':
      return { doing: at, target: 'phone', goTo: null };
    case 'pin':
      return { doing: at, target: 'phone', goTo: 'kiosk' };
    case 'record':
      return { doing: at, target: 'authenticator', goTo: 'admin' };
    case 'put-in':
    case 'take-out':
      return atDoor(
        at,
        doors.find(({ n }) => n === tour.door),
      );
  }
}

function atDoor(at: 'put-in' | 'take-out', door: RigDoor | undefined): Prompt {
  if (!door) return { doing: `${at}.wait`, target: null, goTo: 'kiosk' };
  const isMoved = door.parcels.length > 0 === (at === 'put-in');
  const target: Target = `door-${door.n}`;
  if (door.door === 'open' && isMoved) return { doing: `${at}.shut`, target, hand: 'close', goTo: null };
  if (door.door === 'open') return { doing: `${at}.move`, target, hand: at, goTo: null };
  return { doing: `${at}.${isMoved ? 'say' : 'wait'}`, target: null, goTo: 'kiosk' };
}

/** The form in which a browser keeps a tour; what cannot be read is a tour that begins. */
export function written(tour: Tour): string {
  const { at, door, ...numbers } = tour;
  return new URLSearchParams([
    ['at', at ?? ''],
    ['door', String(door ?? '')],
    ...Object.entries(numbers).map(([name, value]) => [name, String(value)]),
  ]).toString();
}

export function readTour(text: string | null): Tour {
  const kept = new URLSearchParams(text ?? '');
  const at = kept.get('at') === '' ? null : STEPS.find((step) => step === kept.get('at'));
  const numberOf = (name: string): number | null => {
    const value = kept.get(name) ?? '';
    return /^\d{1,15}$/.test(value) ? Number(value) : null;
  };
  const [deposits, collections, newestMs] = ['deposits', 'collections', 'newestMs'].map(numberOf);
  if (at === undefined || deposits == null || collections == null || newestMs == null) return BEGIN;
  return { at, deposits, collections, newestMs, door: numberOf('door') };
}

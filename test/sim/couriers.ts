/** Couriers: who they are, what they do right, and everything else that they do. */
import type { KioskView } from '../../src/contract/kiosk.ts';
import { type Here, type Life, press, screenOf, thinks } from './person.ts';
import type { SimCourier, Site } from './site.ts';

export const COURIER_WAYS = {
  plain: 60,
  'leaves it open': 4,
  'puts nothing in': 5,
  'walks away': 5,
  'asks for larger': 6,
  cancels: 6,
  'shuts before it is in': 4,
  'asks again': 5,
  'says it too early': 5,
  'stays at the first door': 5,
} as const;
type Way = keyof typeof COURIER_WAYS;

export type CourierVisit = { site: Site; courier: SimCourier; parcels: number };

/** Signs in. True when the bank lets the courier work. */
function* signIn(here: Here, courier: SimCourier): Generator<number, KioskView | null, void> {
  const { chance } = here;
  let view = press(here, { do: 'scan', text: courier.badge });
  yield thinks(chance);
  const show = screenOf(view);
  if (show?.screen !== 'courier-code') return null;
  if (chance.of(0.04)) {
    press(here, { do: 'cancel' });
    return null;
  }
  if (show.first && chance.of(0.2)) {
    press(here, { do: 'courier-code-new', code: '123456', again: '123456' });
    press(here, { do: 'courier-code-new', code: courier.code, again: '9999999' });
    yield thinks(chance);
  }
  if (!show.first && chance.of(0.12)) {
    press(here, { do: 'courier-code', code: '90817263' });
    yield thinks(chance);
  }
  view = press(
    here,
    show.first
      ? { do: 'courier-code-new', code: courier.code, again: courier.code }
      : { do: 'courier-code', code: courier.code },
  );
  yield thinks(chance);
  return view;
}

export function* courierVisit(here: Here, { site, courier, parcels }: CourierVisit): Life {
  const { bank, chance, census } = here;
  let view = yield* signIn(here, courier);
  // A drop-off that was cut off comes back first.
  if (screenOf(view)?.screen === 'drop-off') yield* atDoor(here, 'plain');
  for (let count = 0; count < parcels; count++) {
    const before = screenOf(bank.view());
    if (before?.screen === 'drop-off-done') view = press(here, { do: 'next-parcel' });
    if (screenOf(bank.view())?.screen !== 'tracking') break;
    if (!(yield* name(here, site))) break;
    const way = chance.weigh(COURIER_WAYS);
    census.count('person', `courier ${way}`);
    census.count('journey', 'drop-off');
    yield* atDoor(here, way);
    if (way === 'walks away') return;
  }
  if (chance.of(0.9)) press(here, { do: 'leave' });
}

/** Tracking, flat, recipient, size. True when a door may have opened. */
function* name(here: Here, site: Site): Generator<number, boolean, void> {
  const { chance, bank } = here;
  if (chance.of(0.05)) press(here, { do: 'tracking', text: '?' });
  press(here, { do: 'tracking', text: `TBA${chance.between(100_000_000, 999_999_999)}` });
  yield thinks(chance);
  if (chance.of(0.05)) press(here, { do: 'flat', text: '999' });
  const view = press(here, { do: 'flat', text: chance.pick(site.residents).flat });
  yield thinks(chance);
  const show = screenOf(view);
  if (show?.screen === 'recipient')
    press(here, { do: 'recipient', index: chance.below(show.recipients.length) });
  yield thinks(chance);
  const size = chance.weigh({ S: 4, M: 5, L: 3, XL: 1 });
  if (screenOf(bank.view())?.screen !== 'size') return false;
  if (chance.of(0.01)) yield 120_000;
  const after = press(here, { do: 'size', size });
  return screenOf(after)?.screen === 'drop-off';
}

const PARCEL = 'a parcel';

/** At an open door, or one that should be. */
function* atDoor(here: Here, way: Way): Life {
  const { bank, chance, census } = here;
  const { metal } = bank;
  const show = screenOf(bank.view());
  if (show?.screen !== 'drop-off') return;
  const n = show.door.compartment;
  if (way === 'says it too early') press(here, { do: 'deposited' });
  yield chance.between(1_200, 4_000);
  for (let tries = 0; tries < 4 && !metal.isOpen(n); tries++) {
    press(here, { do: 'again' });
    yield chance.between(1_500, 6_000);
  }
  if (way === 'walks away') {
    if (chance.of(0.5)) metal.put(n, PARCEL);
    if (chance.of(0.6)) metal.shut(n);
    return;
  }
  if (!metal.isOpen(n)) {
    const shut = screenOf(bank.view());
    if (way === 'stays at the first door' || shut?.screen !== 'drop-off' || !shut.otherDoor)
      return yield* givesUp(here);
    census.count('person', 'courier takes another door');
    press(here, { do: 'other-door' });
    yield thinks(chance);
    const other = screenOf(bank.view());
    if (other?.screen === 'drop-off' && other.door.compartment !== n) return yield* atDoor(here, 'plain');
    return yield* givesUp(here);
  }
  if (way === 'asks for larger' || way === 'cancels') {
    metal.shut(n);
    yield thinks(chance);
    press(here, { do: way === 'cancels' ? 'cancel' : 'larger' });
    if (way === 'cancels') return;
    yield thinks(chance);
    const larger = screenOf(bank.view());
    if (larger?.screen === 'drop-off' && larger.door.compartment !== n) return yield* atDoor(here, 'plain');
    return yield* givesUp(here);
  }
  yield* putsIn(here, way, n);
}

function* putsIn(here: Here, way: Way, n: number): Life {
  const { bank, chance } = here;
  const { metal } = bank;
  if (way === 'shuts before it is in') {
    metal.shut(n);
    yield thinks(chance);
  }
  for (let tries = 0; tries < 3 && !metal.isOpen(n); tries++) {
    press(here, { do: 'again' });
    yield chance.between(1_500, 5_000);
  }
  if (way === 'asks again') {
    press(here, { do: 'again' });
    yield thinks(chance);
  }
  if (way !== 'puts nothing in' && metal.isOpen(n)) metal.put(n, PARCEL);
  yield thinks(chance);
  if (way === 'leaves it open') {
    press(here, { do: 'deposited' });
    yield chance.between(60_000, 200_000);
  }
  metal.shut(n);
  yield thinks(chance);
  press(here, { do: 'deposited' });
  yield thinks(chance);
  // The sensor may have asked once more.
  if (screenOf(bank.view())?.screen === 'drop-off') press(here, { do: 'deposited' });
  yield thinks(chance);
}

function* givesUp(here: Here): Life {
  press(here, { do: 'cancel' });
  yield thinks(here.chance);
  if (here.chance.of(0.5)) press(here, { do: 'leave' });
}

/** Badges that nobody gave out, and codes that are tried. */
export function* strangerVisit(here: Here, of: { badge: string; guesses: number }): Life {
  const { chance } = here;
  press(here, { do: 'scan', text: of.badge });
  yield thinks(chance);
  for (let guess = 0; guess < of.guesses; guess++) {
    press(here, { do: 'courier-code', code: String(chance.between(100_000, 999_999)) });
    // Who pulls the plug hopes that the guess is forgotten.
    if (chance.of(0.2)) here.bank.cut('idle', 15_000);
    yield thinks(chance) + (here.bank.isRunning ? 0 : 20_000);
    if (screenOf(here.bank.view())?.screen === 'home') press(here, { do: 'scan', text: of.badge });
    yield thinks(chance);
  }
  press(here, { do: 'leave' });
}

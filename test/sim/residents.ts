/** Residents with their codes, and people who have none. */
import type { KioskAction, KioskView } from '../../src/contract/kiosk.ts';
import type { Notice } from './observer.ts';
import { type Here, type Life, press, screenOf, thinks } from './person.ts';

export const RESIDENT_WAYS = {
  plain: 58,
  'mistypes first': 7,
  'asks twice at once': 5,
  'walks away from the open door': 4,
  'leaves without a word': 5,
  'takes nothing': 4,
  'pushes it shut': 5,
  'opens it again and again': 5,
  cancels: 3,
  reports: 4,
  'says it and leaves it in': 3,
  'comes back later': 3,
} as const;
type Way = keyof typeof RESIDENT_WAYS;

export type Pickup = { notice: Notice; flat: string };

function codeAction(here: Here, { notice, flat }: Pickup): KioskAction {
  const { chance } = here;
  if (chance.of(0.3)) return { do: 'scan', text: notice.qr };
  return chance.of(0.06) ? { do: 'flat-and-pin', flat, pin: notice.pin } : { do: 'pin', pin: notice.pin };
}

/** Shows the code until the screen says something; answers the screen. */
function* enter(here: Here, pickup: Pickup): Generator<number, KioskView | null, void> {
  const { chance } = here;
  const view = press(here, codeAction(here, pickup));
  yield thinks(chance);
  if (view?.message !== 'flat-needed') return view;
  const again = press(here, { do: 'flat-and-pin', flat: pickup.flat, pin: pickup.notice.pin });
  yield thinks(chance);
  return again;
}

export function* residentVisit(here: Here, pickup: Pickup): Life {
  const { bank, chance, census } = here;
  const way = chance.weigh(RESIDENT_WAYS);
  census.count('person', `resident ${way}`);
  if (way === 'mistypes first') {
    press(here, { do: 'pin', pin: String(chance.between(100_000_000, 999_999_999)) });
    yield thinks(chance);
  }
  if (way === 'asks twice at once') {
    press(here, { do: 'pin', pin: pickup.notice.pin });
    press(here, { do: 'scan', text: pickup.notice.qr });
  }
  yield* enter(here, pickup);
  const show = screenOf(bank.view());
  if (show?.screen !== 'pick-up') return;
  yield* atDoor(here, pickup, { way, n: show.door.compartment });
}

function* atDoor(here: Here, pickup: Pickup, at: { way: Way; n: number }): Life {
  const { bank, chance } = here;
  const { metal } = bank;
  const { way, n } = at;
  yield chance.between(1_200, 4_000);
  for (let tries = 0; tries < 3 && !metal.isOpen(n); tries++) {
    press(here, { do: 'again' });
    // Whoever is in a hurry taps twice, before the board can have answered.
    if (way === 'asks twice at once') press(here, { do: 'again' });
    yield chance.between(1_500, 5_000);
  }
  if (!metal.isOpen(n)) {
    press(here, chance.of(0.4) ? { do: 'report', what: 'door-did-not-open' } : { do: 'cancel' });
    return;
  }
  switch (way) {
    case 'plain':
    case 'mistypes first':
    case 'asks twice at once':
      return yield* takes(here, n, 'collected');
    case 'walks away from the open door':
      if (chance.of(0.7)) metal.take(n);
      yield chance.between(100_000, 400_000);
      return metal.shut(n);
    case 'leaves without a word':
      metal.take(n);
      return metal.shut(n);
    case 'takes nothing':
      metal.shut(n);
      return;
    case 'pushes it shut':
      metal.shut(n);
      return yield* opensAgain(here, pickup, { n, times: 1 });
    case 'opens it again and again':
      metal.shut(n);
      return yield* opensAgain(here, pickup, { n, times: 4 });
    case 'cancels':
      metal.shut(n);
      yield thinks(chance);
      press(here, { do: 'cancel' });
      return;
    case 'reports':
      if (chance.of(0.3)) metal.take(n);
      metal.shut(n);
      yield thinks(chance);
      press(here, { do: 'report', what: chance.pick(['not-received', 'not-my-parcel']) });
      return;
    case 'says it and leaves it in':
      return yield* takes(here, n, 'nothing');
    case 'comes back later':
      metal.shut(n);
      press(here, { do: 'cancel' });
      yield chance.between(90_000, 500_000);
      return yield* opensAgain(here, pickup, { n, times: 1 });
  }
}

function* takes(here: Here, n: number, what: 'collected' | 'nothing'): Life {
  const { bank, chance } = here;
  if (what === 'collected') bank.metal.take(n);
  yield thinks(chance);
  // Some say it with the door still open, and are asked to shut it.
  if (chance.of(0.2)) press(here, { do: 'collected' });
  yield thinks(chance);
  bank.metal.shut(n);
  yield thinks(chance);
  if (screenOf(bank.view())?.screen === 'pick-up') press(here, { do: 'collected' });
  yield thinks(chance);
  if (screenOf(bank.view())?.screen === 'pick-up') press(here, { do: 'collected' });
}

/** Shut by mistake: the code is asked for again, as long as pulses are left. */
function* opensAgain(here: Here, pickup: Pickup, of: { n: number; times: number }): Life {
  const { bank, chance } = here;
  for (let time = 0; time < of.times; time++) {
    press(here, { do: 'again' });
    yield thinks(chance);
    if (screenOf(bank.view())?.screen === 'home') yield* enter(here, pickup);
    yield chance.between(1_500, 4_000);
    if (bank.metal.isOpen(of.n) && time < of.times - 1) bank.metal.shut(of.n);
    yield thinks(chance);
  }
  if (bank.metal.isOpen(of.n)) yield* takes(here, of.n, 'collected');
  else press(here, { do: 'cancel' });
}

/** Somebody who tries codes until the budget is gone, for the kiosk and for one flat, and pulls the plug. */
export function* guesserVisit(here: Here, of: { guesses: number; flat: string; plug: boolean }): Life {
  const { bank, chance } = here;
  const pin = () => String(chance.between(100_000_000, 999_999_999));
  for (let guess = 0; guess < of.guesses; guess++) {
    const view = press(here, { do: 'pin', pin: pin() });
    if (of.plug && chance.of(0.15)) {
      bank.cut('idle', chance.between(10_000, 40_000));
      yield 45_000;
    }
    yield thinks(chance);
    if (view?.message !== 'flat-needed') continue;
    for (let more = 0; more < 7; more++) {
      press(here, { do: 'flat-and-pin', flat: of.flat, pin: pin() });
      yield thinks(chance);
    }
    return;
  }
}

/** Types while somebody else has the screen. */
export function* interloper(here: Here, pickup: Pickup | undefined): Life {
  const { chance } = here;
  press(here, { do: 'pin', pin: pickup?.notice.pin ?? '123456789' });
  yield chance.between(200, 2_000);
  press(
    here,
    chance.pick([{ do: 'again' }, { do: 'here' }, { do: 'size', size: 'M' }, { do: 'next-parcel' }]),
  );
}

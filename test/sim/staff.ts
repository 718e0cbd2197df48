/** Staff who carry out orders at the cabinet, rightly and otherwise, and people with orders that are none. */
import type { KioskView } from '../../src/contract/kiosk.ts';
import type { OrderAct } from '../../src/domain/order.ts';
import {
  drawClaim,
  type Office,
  type Paper,
  SOON_OVER_MS,
  setClock,
  staffRelease,
  WRONGS,
} from './orders.ts';
import { atScreen, type Here, type Life, press, screenOf, thinks } from './person.ts';

const MINUTE_MS = 60_000;

export type StaffHere = Here & { office: Office };

export const STAFF_WAYS = {
  'does as ordered': 30,
  'says it with the door open': 6,
  'walks away': 5,
  'comes back': 5,
  'says what is not so': 6,
  'pulls the plug': 6,
  'goes without a word': 6,
  'shows the claim once more': 6,
} as const;
type Way = keyof typeof STAFF_WAYS;

export const PAPER_WAYS = [
  ...WRONGS,
  'a claim without an order',
  'an order that nobody claims',
  'the same twice',
  'a restore for nothing',
] as const;

type Found = 'removed' | 'left' | 'empty';

const roadOf = ({ chance }: Here) => (chance.of(0.6) ? 'hand' : 'cloud');

/** Which door the office wants looked at: what its records say is held or out of service before all others. */
function doorToLookAt({ bank, chance, office }: StaffHere): number {
  const { uses, withdrawn } = office.knows(bank);
  const all = [...bank.metal.spaces.keys()];
  const lists = {
    held: all.filter((n) => uses.get(n) === 'held'),
    withdrawn: all.filter((n) => withdrawn.has(n)),
    occupied: all.filter((n) => uses.get(n) === 'occupied'),
    any: all,
  };
  const kind = chance.weigh({ held: 5, withdrawn: 6, occupied: 3, any: 2 });
  return chance.pick(lists[kind].length > 0 ? lists[kind] : all);
}

/** One errand of one order; most end at a door. */
export function* staffErrand(here: StaffHere): Life {
  const { bank, chance, census, office } = here;
  const n = doorToLookAt(here);
  if (office.knows(bank).withdrawn.has(n) && chance.of(0.5)) {
    census.count('person', 'staff restores from afar');
    sendOrder(here, { do: 'restore', compartment: n }, '');
    return;
  }
  const claim = drawClaim(chance);
  const paper = office.sign(bank, chance, { act: staffRelease(n, claim, chance.of(0.6)), claim });
  if (!paper) return;
  office.send(bank, paper, roadOf(here));
  yield chance.between(1, 12) * MINUTE_MS;
  yield* atScreen(here, () => staffVisit(here, paper), 'staff');
}

/** More doors within the hour than one signer may have opened; a second signature makes them possible. */
export function* staffSweep(here: StaffHere): Life {
  const { bank, chance, office } = here;
  const doors = Array.from({ length: 5 }, () => doorToLookAt(here));
  for (const n of new Set(doors)) {
    const claim = drawClaim(chance);
    const paper = office.sign(bank, chance, { act: staffRelease(n, claim, true), claim });
    if (!paper || office.closed) continue;
    office.send(bank, paper, 'hand');
    yield chance.between(5_000, 40_000);
    yield* atScreen(here, () => staffVisit(here, paper), 'staff');
  }
}

/** Suspensions are ended by order, whoever asked for them. */
export function* staffLifts(here: StaffHere): Life {
  const { bank, chance, office } = here;
  // It also ends the cloud's power until the next roster, so that most banks are to know none.
  if (!chance.of(0.4)) return;
  // Until there is one to lift, for half a day at most; whoever waits longer sends it all the same.
  for (let looks = 0; !office.closed && looks < 40 && office.knows(bank).suspended === 0; looks++)
    yield 10 * MINUTE_MS;
  sendOrder(here, { do: 'lift' }, '');
}

function sendOrder(here: StaffHere, act: OrderAct, claim: string): Paper | null {
  const { bank, chance, office } = here;
  const paper = office.closed ? null : office.sign(bank, chance, { act, claim });
  if (paper) office.send(bank, paper, roadOf(here));
  return paper;
}

/** Somebody with a watch: they put the machine right first, or say that the bank's own time is the right one. */
export function* clockErrand(here: StaffHere): Life {
  const { bank, chance, census, office } = here;
  for (let looks = 0; !office.closed && looks < 40 && !office.knows(bank).frozen; looks++)
    yield 10 * MINUTE_MS;
  const claim = drawClaim(chance);
  if (!sendOrder(here, setClock(claim), claim)) return;
  if (chance.of(0.7)) bank.clock.offMs = 0;
  yield chance.between(1, 8) * MINUTE_MS;
  yield* atScreen(here, () => atClock(), 'staff');
  function* atClock(): Life {
    const show = screenOf(press(here, { do: 'scan', text: claim }));
    yield thinks(chance);
    if (show?.screen !== 'clock') return;
    census.count('person', 'staff sets the clock');
    const offBy = (atMs: number) => Math.abs(atMs - office.nowMs);
    press(here, { do: 'clock', use: offBy(show.machineMs) <= offBy(show.bankMs) ? 'machine' : 'bank' });
    yield thinks(chance);
    press(here, { do: 'leave' });
  }
}

/** Shows the claim until it opens something, or it is clear that it does not. */
function* showClaim(here: StaffHere, paper: Paper): Generator<number, KioskView | null, void> {
  const { bank, chance, office } = here;
  let view: KioskView | null = null;
  for (let tries = 0; tries < 3; tries++) {
    view = press(here, { do: 'scan', text: paper.claim });
    if (screenOf(view)?.screen === 'staff') return view;
    if (view?.message === 'order-second-signature-needed')
      office.send(bank, office.signBoth(paper), roadOf(here));
    else if (view?.message !== 'order-unknown') return view;
    // By way of the cloud it may come a little later than its bearer.
    yield chance.between(10_000, 60_000);
  }
  return view;
}

function* staffVisit(here: StaffHere, paper: Paper): Life {
  const { bank, chance, census } = here;
  const show = screenOf(yield* showClaim(here, paper));
  if (show?.screen !== 'staff') return;
  const way = chance.weigh(STAFF_WAYS);
  census.count('person', `staff ${way}`);
  yield* atDoor(here, { paper, way, n: show.door.compartment });
  yield thinks(chance);
  if (screenOf(bank.view())?.screen === 'staff-done') press(here, { do: 'leave' });
}

type At = { paper: Paper; way: Way; n: number };

function* opens(here: StaffHere, n: number): Generator<number, boolean, void> {
  const { bank, chance } = here;
  yield chance.between(1_200, 4_000);
  for (let tries = 0; tries < 3 && !bank.metal.isOpen(n); tries++) {
    press(here, { do: 'again' });
    yield chance.between(1_500, 5_000);
  }
  return bank.metal.isOpen(n);
}

function* atDoor(here: StaffHere, { paper, way, n }: At): Life {
  const { bank, chance, office } = here;
  const { metal } = bank;
  if (!(yield* opens(here, n))) {
    press(here, { do: 'cancel' });
    return;
  }
  switch (way) {
    case 'does as ordered':
      return yield* looks(here, n);
    case 'says it with the door open':
      press(here, { do: 'found', what: handles(here, n) });
      yield thinks(chance);
      return metal.shut(n);
    case 'walks away':
      if (chance.of(0.5)) metal.take(n);
      yield chance.between(1_000, 200_000);
      return metal.shut(n);
    case 'comes back':
      metal.shut(n);
      yield chance.between(70_000, 200_000);
      return yield* resumes(here, paper, n);
    case 'says what is not so':
      metal.shut(n);
      yield thinks(chance);
      return yield* says(here, metal.space(n).parcel === null ? 'left' : chance.pick(['removed', 'empty']));
    case 'pulls the plug':
      if (chance.of(0.3)) metal.shut(n);
      bank.cut('idle', chance.between(15_000, 40_000));
      yield 45_000;
      return yield* resumes(here, paper, n);
    case 'goes without a word':
      metal.shut(n);
      yield thinks(chance) + 3_000;
      press(here, { do: 'leave' });
      if (chance.of(0.5)) return;
      return yield* says(here, metal.space(n).parcel === null ? 'empty' : 'left');
    case 'shows the claim once more':
      yield* looks(here, n);
      press(here, { do: 'leave' });
      yield thinks(chance);
      press(here, { do: 'scan', text: paper.claim });
      return office.send(bank, paper, 'hand');
  }
}

/** What they do with what lies there, and what it is called afterwards. */
function handles({ bank, chance }: Here, n: number): Found {
  if (bank.metal.space(n).parcel === null) return 'empty';
  if (chance.of(0.25)) return 'left';
  bank.metal.take(n);
  return 'removed';
}

function* looks(here: StaffHere, n: number): Life {
  const { bank, chance } = here;
  const found = handles(here, n);
  yield thinks(chance);
  bank.metal.shut(n);
  yield thinks(chance) + 3_000;
  yield* says(here, found);
}

/** Asked again, because a sensor says otherwise, they stay with it. */
function* says(here: StaffHere, found: Found): Life {
  for (let times = 0; times < 3 && screenOf(here.bank.view())?.screen === 'staff'; times++) {
    press(here, { do: 'found', what: found });
    yield thinks(here.chance);
  }
}

function* resumes(here: StaffHere, paper: Paper, n: number): Life {
  const view = yield* showClaim(here, paper);
  if (screenOf(view)?.screen !== 'staff') return here.bank.metal.shut(n);
  if (yield* opens(here, n)) yield* looks(here, n);
  else press(here, { do: 'cancel' });
}

/** Orders that are worth nothing, and claims that belong to none. */
export function* paperErrand(here: StaffHere): Life {
  const { bank, chance, census, office } = here;
  const way = chance.pick(PAPER_WAYS);
  census.count('person', `paper: ${way}`);
  const n = doorToLookAt(here);
  const claim = drawClaim(chance);
  const shows = function* (): Life {
    press(here, { do: 'scan', text: claim });
    yield thinks(chance);
    if (screenOf(bank.view())?.screen === 'clock') press(here, { do: 'cancel' });
  };
  const send = (wish: Parameters<Office['sign']>[2], times = 1) => {
    const paper = office.sign(bank, chance, wish);
    for (let time = 0; paper && time < times; time++) office.send(bank, paper, roadOf(here));
  };
  switch (way) {
    case 'a claim without an order':
      break;
    case 'an order that nobody claims':
      return send({ act: staffRelease(n, claim, false), claim, lastsMs: SOON_OVER_MS });
    case 'the same twice':
      send({ act: setClock(claim), claim, lastsMs: SOON_OVER_MS }, 2);
      break;
    case 'a restore for nothing':
      return send({ act: { do: 'restore', compartment: chance.between(1, 24) }, claim: '' });
    default:
      send({ act: staffRelease(n, claim, true), claim, wrong: way });
  }
  yield chance.between(1, 3) * MINUTE_MS;
  yield* atScreen(here, shows, 'paper');
}

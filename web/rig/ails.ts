/** Everything that can go wrong at the rig, as switches: what turns each on, what turns it off, whether it is on. */
import type { DoorFault, RigDoor, RigState } from '../../src/contract/rig.ts';

type Ask = { path: string; body: unknown };

export type DoorAil = Exclude<DoorFault, 'none'>;
export type SiteAil = 'noise' | 'split' | 'mute' | 'power' | 'network' | 'mail' | 'sms';
export type Ail = DoorAil | SiteAil;

/** A list would forget a fault without a word; these do not compile until each stands in one. */
const DOOR_AILS: Record<DoorAil, 'latch' | 'answer'> = {
  jammed: 'latch',
  'wrong-latch': 'latch',
  silent: 'answer',
  'acts-then-silent': 'answer',
  'acts-then-fails': 'answer',
  late: 'answer',
  twice: 'answer',
  corrupted: 'answer',
  'wrong-door': 'answer',
};
const SITE_AILS: Record<SiteAil, 'line' | 'supply' | 'carriers'> = {
  noise: 'line',
  split: 'line',
  mute: 'line',
  power: 'supply',
  network: 'supply',
  mail: 'carriers',
  sms: 'carriers',
};

export type Group = (typeof DOOR_AILS)[DoorAil] | (typeof SITE_AILS)[SiteAil];
export const GROUPS: readonly Group[] = ['latch', 'answer', 'line', 'supply', 'carriers'];

const isOfDoor = (ail: Ail): ail is DoorAil => ail in DOOR_AILS;

export function ailsOf(group: Group): Ail[] {
  const all = Object.entries({ ...DOOR_AILS, ...SITE_AILS }) as [Ail, Group][];
  return all.filter(([, its]) => its === group).map(([ail]) => ail);
}

/** The doors that a door's fault is meant for: one, or null for every door. */
const meant = (doors: readonly RigDoor[], n: number | null) =>
  doors.filter((door) => n === null || door.n === n);

export function isOn(ail: Ail, state: RigState, n: number | null): boolean {
  if (isOfDoor(ail)) return meant(state.doors, n).every(({ fault }) => fault === ail);
  switch (ail) {
    case 'noise':
    case 'split':
    case 'mute':
      return state.line[ail];
    case 'power':
    case 'network':
      return !state[ail];
    case 'mail':
    case 'sms':
      return state.carriers[ail] === 'down';
  }
}

/** What has to be asked of the rig to switch one on or off. */
export function asksFor(ail: Ail, on: boolean, { state, n }: { state: RigState; n: number | null }): Ask[] {
  if (isOfDoor(ail)) {
    const fault: DoorFault = on ? ail : 'none';
    return meant(state.doors, n).map((door) => ({ path: `/doors/${door.n}/fault`, body: { fault } }));
  }
  switch (ail) {
    case 'noise':
    case 'split':
    case 'mute':
      return [{ path: '/line', body: { [ail]: on } }];
    case 'power':
      return [{ path: '/power', body: { on: !on } }];
    case 'network':
      return [{ path: '/network', body: { up: !on } }];
    case 'mail':
    case 'sms':
      return [{ path: '/carriers', body: { [ail]: on ? 'down' : 'up' } }];
  }
}

/** Everything that is wrong now, put right. A door that stands open is left to a hand. */
export function asksForWell(state: RigState): Ask[] {
  const ofDoors = state.doors
    .filter(({ fault }) => fault !== 'none')
    .map(({ n }): Ask => ({ path: `/doors/${n}/fault`, body: { fault: 'none' } }));
  const ofSite = (Object.keys(SITE_AILS) as SiteAil[])
    .filter((ail) => isOn(ail, state, null))
    .flatMap((ail) => asksFor(ail, false, { state, n: null }));
  return [...ofDoors, ...ofSite];
}

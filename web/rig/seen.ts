/**
 * What somebody sees who stands beside the cabinet, told from two sights of it: what the kiosk turned to, what was
 * asked of a latch, what a door did. Each is a fact of its own; why a door opened is read from the ones before it.
 */
import type { RigDoor, RigKiosk, RigState } from '../../src/contract/rig.ts';

type Screen = RigKiosk['screen'];
export type Sight =
  | { says: `seen.kiosk.${Screen | 'lit' | 'dark'}`; n: number | null; odd: boolean }
  | { says: `seen.door.${DoorSight}`; n: number; odd: boolean }
  | { says: `seen.${'power' | 'network'}.${'on' | 'off'}`; n: null; odd: boolean };

type DoorSight = 'sprang' | 'stayed' | 'unasked' | 'pulled' | 'pried' | 'shut' | 'put-in' | 'taken-out';

/** What asks for a second look: a latch or a door that did not do what it was told, or did what it was not. */
const ODD: ReadonlySet<DoorSight> = new Set(['stayed', 'unasked', 'pried']);

const KEPT = 24;

/** Newest first. */
export function seenAfter(seen: readonly Sight[], before: RigState | null, now: RigState): readonly Sight[] {
  if (before === null) return seen;
  const fresh = [...ofSupply(before, now), ...ofKiosk(before.kiosk, now.kiosk), ...ofDoors(before, now)];
  return fresh.length === 0 ? seen : [...fresh.reverse(), ...seen].slice(0, KEPT);
}

function ofSupply(before: RigState, now: RigState): Sight[] {
  return (['power', 'network'] as const)
    .filter((what) => before[what] !== now[what])
    .map((what): Sight => ({ says: `seen.${what}.${now[what] ? 'on' : 'off'}`, n: null, odd: !now[what] }));
}

function ofKiosk(before: RigKiosk | null, now: RigKiosk | null): Sight[] {
  if (now === null) return before === null ? [] : [{ says: 'seen.kiosk.dark', n: null, odd: false }];
  if (before === null) return [{ says: 'seen.kiosk.lit', n: null, odd: false }];
  if (before.screen === now.screen && before.compartment === now.compartment) return [];
  return [{ says: `seen.kiosk.${now.screen}`, n: now.compartment, odd: now.screen === 'closed' }];
}

function ofDoors(before: RigState, now: RigState): Sight[] {
  return now.doors.flatMap((door) => {
    const was = before.doors.find(({ n }) => n === door.n);
    return (was ? ofDoor(was, door) : []).map(
      (did): Sight => ({ says: `seen.door.${did}`, n: door.n, odd: ODD.has(did) }),
    );
  });
}

function ofDoor(was: RigDoor, door: RigDoor): DoorSight[] {
  const did: DoorSight[] = [];
  const isAsked = door.pulses > was.pulses;
  if (was.door === 'closed' && door.door === 'open') did.push(isAsked ? 'sprang' : openedUnasked(was, door));
  else if (isAsked && door.door === 'closed') did.push('stayed');
  if (door.parcels.length > was.parcels.length) did.push('put-in');
  if (door.parcels.length < was.parcels.length) did.push('taken-out');
  if (was.door === 'open' && door.door === 'closed') did.push('shut');
  return did;
}

/** A crowbar leaves the latch as it was; current in the wrong coil does not. */
function openedUnasked(was: RigDoor, door: RigDoor): DoorSight {
  if (was.latch === 'free') return 'pulled';
  return door.latch === 'free' ? 'unasked' : 'pried';
}

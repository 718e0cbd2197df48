/**
 * The steel of the virtual cabinet: what latches, doors and things do, and nothing of who may do it.
 * Every function is pure and takes the cabinet to the next one.
 *
 * The doors are sprung, as a parcel cabinet's are: a latch that lets go lets the door pop ajar, and a
 * door pushed shut falls into its latch. So a shut door whose latch is free exists only while that
 * latch is jammed.
 */
import type { DoorFault } from '../src/contract/rig.ts';
import type { BankLayout } from '../src/domain/bank.ts';

export type Compartment = {
  readonly n: number;
  readonly latch: 'holding' | 'free';
  readonly door: 'open' | 'closed';
  readonly fault: DoorFault;
  /** Labels of the things inside, oldest first. */
  readonly parcels: readonly string[];
  /** Unlock frames that reached this lock, whatever came of them. */
  readonly pulses: number;
};

export type Metal = readonly Compartment[];

export type HandAct =
  | { do: 'open' | 'close' | 'jam' | 'unjam' | 'pry' }
  | { do: 'put-in' | 'take-out'; label?: string | undefined }
  | { do: 'fault'; fault: DoorFault };

export type Moved = { moved: true; compartment: Compartment } | { moved: false; why: string };

/** More than this does not fit behind the largest door. */
export const PARCELS_MAX = 20;

export function newMetal(layout: BankLayout): Metal {
  return layout.compartments.map(({ n }) => ({
    n,
    latch: 'holding',
    door: 'closed',
    fault: 'none',
    parcels: [],
    pulses: 0,
  }));
}

/** What one unlock frame does to the lock it addresses. */
export function pulsed(compartment: Compartment): Compartment {
  const counted = { ...compartment, pulses: compartment.pulses + 1 };
  switch (compartment.fault) {
    case 'none':
    case 'acts-then-silent':
    case 'late':
    case 'twice':
    case 'corrupted':
    case 'wrong-door':
    case 'acts-then-fails':
      return letGo(counted);
    case 'jammed':
    case 'silent':
    case 'wrong-latch':
      return counted;
  }
}

/** What current in its coil does to a latch, whichever lock the frame had named. */
export function letGo(compartment: Compartment): Compartment {
  if (compartment.fault === 'jammed') return compartment;
  return { ...compartment, latch: 'free', door: 'open' };
}

/** The hook's switch is made by a door that is shut in its latch, not by either alone. */
export function hooked(compartment: Compartment): boolean {
  return compartment.door === 'closed' && compartment.latch === 'holding';
}

export function occupied(compartment: Compartment): boolean {
  return compartment.parcels.length > 0;
}

/** What a hand does at a door, or why it cannot. */
export function byHand(compartment: Compartment, act: HandAct): Moved {
  switch (act.do) {
    case 'open':
      return openedByHand(compartment);
    case 'close':
      return moved(pushedShut(compartment));
    case 'pry':
      // A crowbar needs no latch to let go, and leaves it as it was.
      return moved({ ...compartment, door: 'open' });
    case 'jam':
      return moved({ ...compartment, fault: 'jammed' });
    case 'unjam':
      return compartment.fault === 'jammed' ? moved(withFault(compartment, 'none')) : moved(compartment);
    case 'fault':
      return moved(withFault(compartment, act.fault));
    case 'put-in':
      return putIn(compartment, act.label ?? 'Parcel');
    case 'take-out':
      return takenOut(compartment, act.label);
  }
}

function openedByHand(compartment: Compartment): Moved {
  if (compartment.door === 'closed' && compartment.latch === 'holding') {
    return stuck(
      `Door ${compartment.n} is shut and its latch is holding. Release the latch first, or pry it.`,
    );
  }
  return moved({ ...compartment, door: 'open' });
}

function pushedShut(compartment: Compartment): Compartment {
  // A jammed latch does not fall in: the door stands shut and anyone can pull it open.
  const latch = compartment.fault === 'jammed' ? compartment.latch : 'holding';
  return { ...compartment, door: 'closed', latch };
}

function withFault(compartment: Compartment, fault: DoorFault): Compartment {
  const repaired = { ...compartment, fault };
  // A latch that can move again falls in at once where its door is shut.
  return repaired.door === 'closed' ? pushedShut(repaired) : repaired;
}

function putIn(compartment: Compartment, label: string): Moved {
  if (compartment.door === 'closed')
    return stuck(`Door ${compartment.n} is shut; nothing goes in through it.`);
  if (compartment.parcels.length >= PARCELS_MAX) return stuck(`Compartment ${compartment.n} is full.`);
  return moved({ ...compartment, parcels: [...compartment.parcels, label] });
}

function takenOut(compartment: Compartment, label: string | undefined): Moved {
  if (compartment.door === 'closed')
    return stuck(`Door ${compartment.n} is shut; nothing comes out through it.`);
  const at = label === undefined ? 0 : compartment.parcels.indexOf(label);
  if (compartment.parcels[at] === undefined) {
    const thing = label === undefined ? 'nothing' : 'no such thing';
    return stuck(`There is ${thing} in compartment ${compartment.n} to take out.`);
  }
  return moved({ ...compartment, parcels: compartment.parcels.toSpliced(at, 1) });
}

function moved(compartment: Compartment): Moved {
  return { moved: true, compartment };
}

function stuck(why: string): Moved {
  return { moved: false, why };
}

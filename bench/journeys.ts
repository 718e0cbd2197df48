/**
 * The fixed journeys that the benches of the cloud write: drop-offs, pick-ups, parcels that staff take out and
 * drop-offs that were broken off, drawn from a seed, so that every run and every machine has the same. What is
 * fixed is the plain text; ids, salts, hashes and signatures are those of the bank of the run.
 */
import type { RecordDraft } from '../src/ledger/record.ts';

export type Person = 'courier' | 'resident';
/** Parcels, residents and couriers go by number. */
export type Step = {
  draft: RecordDraft;
  parcel: number;
  person: Person;
  resident: number;
  courier: number;
};

export const RESIDENTS = 60;
export const COURIERS = 4;
/** 2039: a parcel of these journeys always waits. */
const UNTIL_MS = 2 ** 41;
const DOORS = 24;

type Of = Omit<Step, 'draft' | 'person'> & { compartment: number };

/** A door opens and shuts again; every record of it tells of the parcel behind. */
function opening(work: 'drop-off' | 'pick-up' | 'staff-release', occupied: 'yes' | 'no'): RecordDraft[] {
  return [
    {
      kind: 'release.decided',
      facts: { work, pulse: 1 },
      decision: { allow: true, right: work },
      fields: { session: 'session' },
    },
    { kind: 'release.answered', facts: { afterMs: 4, by: 'board' }, outcome: 'released' },
    { kind: 'door.opened', facts: { expected: true } },
    { kind: 'door.closed', facts: { openMs: 4000, occupied } },
  ];
}

const accepted: RecordDraft = {
  kind: 'parcel.accepted',
  facts: { size: 'M', offline: false },
  fields: { tracking: '', carrier: '', person: '', counterpart: '', session: '', parcel: '' },
};

function dropOff(): RecordDraft[] {
  return [
    accepted,
    ...opening('drop-off', 'yes'),
    {
      kind: 'parcel.deposited',
      facts: { size: 'M', basis: 'person', occupied: 'yes', untilMs: UNTIL_MS },
      fields: { ...accepted.fields, grant: '' },
    },
    {
      kind: 'grant.issued',
      facts: { issue: 1, fromMs: 0, untilMs: UNTIL_MS, digits: 9 },
      fields: { grant: '', parcel: '', counterpart: '' },
    },
  ];
}

function brokenOff(): RecordDraft[] {
  return [
    accepted,
    ...opening('drop-off', 'no'),
    { kind: 'parcel.not-deposited', facts: { why: 'cancelled' }, fields: { parcel: '', session: '' } },
  ];
}

function pickUp(): RecordDraft[] {
  return [
    {
      kind: 'session.opened',
      facts: { work: 'pick-up', untilMs: UNTIL_MS },
      fields: { person: '', grant: '', parcel: '', session: '' },
    },
    ...opening('pick-up', 'no'),
    {
      kind: 'grant.spent',
      facts: {},
      fields: { grant: '', parcel: '' },
    },
    {
      kind: 'parcel.collected',
      facts: { basis: 'person', occupied: 'no' },
      fields: { ...accepted.fields, grant: '' },
    },
  ];
}

function takenOut(): RecordDraft[] {
  return [
    { kind: 'parcel.held', facts: { why: 'revoked' }, fields: { parcel: '', grant: '', counterpart: '' } },
    ...opening('staff-release', 'no'),
    {
      kind: 'parcel.removed',
      facts: { basis: 'staff', work: 'staff-release', occupied: 'no' },
      fields: { parcel: '', tracking: '', carrier: '', counterpart: '' },
    },
  ];
}

/** Small, and the same everywhere (mulberry32). Answers a number below `below`. */
function drawing(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** The journeys of one bank, without end: each begins where the ones before have left its doors. */
export function* journeys(seed: number): Generator<{ isPickUp: boolean; steps: Step[] }> {
  const draw = drawing(seed);
  const behind = new Map<number, Of>();
  for (let parcel = 1; ; parcel++) {
    const compartment = 1 + draw(DOORS);
    const of = behind.get(compartment) ?? {
      parcel,
      resident: draw(RESIDENTS),
      courier: draw(COURIERS),
      compartment,
    };
    const isIn = behind.has(compartment);
    const isRare = draw(20) === 0;
    const isPickUp = isIn && !isRare;
    if (isIn) behind.delete(compartment);
    else if (!isRare) behind.set(compartment, of);
    const drafts = isIn ? (isRare ? takenOut() : pickUp()) : isRare ? brokenOff() : dropOff();
    yield { isPickUp, steps: drafts.map((draft) => stepOf(draft, of, isPickUp)) };
  }
}

function stepOf(draft: RecordDraft, { compartment, ...of }: Of, isPickUp: boolean): Step {
  return { ...of, draft: { ...draft, compartment }, person: isPickUp ? 'resident' : 'courier' };
}

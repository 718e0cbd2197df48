/**
 * Who answers for a parcel: a pure fold over the records of its bank. Custody changes by a recorded
 * transfer and by nothing else, and a parcel has one holder at every moment. A record that does not fit
 * what went before is a complaint: it stands, because a signed record is a fact, and staff are told.
 */
import type { Size } from '../../domain/bank.ts';
import type { RecordKind } from '../../domain/kinds.ts';
import type { LedgerRecord } from '../../ledger/record.ts';

export type ParcelState = 'accepted' | 'waiting' | 'collected' | 'removed' | 'held' | 'not-deposited';
export type Custody = 'courier' | 'bank' | 'recipient' | 'staff';

export type Standing = {
  state: ParcelState;
  custody: Custody;
  compartment: number;
  size: Size;
  acceptedAtMs: number;
  depositedAtMs: number | null;
  untilMs: number | null;
  endedAtMs: number | null;
};

type Move = { from: readonly ParcelState[]; to: ParcelState; custody: Custody };

const MOVES: Readonly<Partial<Record<RecordKind, Move>>> = {
  'parcel.deposited': { from: ['accepted'], to: 'waiting', custody: 'bank' },
  'parcel.not-deposited': { from: ['accepted'], to: 'not-deposited', custody: 'courier' },
  'parcel.held': { from: ['accepted', 'waiting'], to: 'held', custody: 'bank' },
  'parcel.collected': { from: ['waiting'], to: 'collected', custody: 'recipient' },
  'parcel.removed': { from: ['waiting', 'held'], to: 'removed', custody: 'staff' },
  'compartment.freed': { from: ['held'], to: 'removed', custody: 'staff' },
};

const ENDED: ReadonlySet<ParcelState> = new Set(['collected', 'removed', 'not-deposited']);

export type Folded = { standing: Standing | undefined; complaint?: string };

/** What a record makes of a parcel's standing. */
export function foldParcel(was: Standing | undefined, record: LedgerRecord): Folded {
  if (record.kind === 'parcel.accepted') return accept(was, record);
  const move = MOVES[record.kind];
  if (!move) return { standing: was };
  if (!was) return { standing: undefined, complaint: `${record.kind} of a parcel that was never accepted` };
  if (!move.from.includes(was.state))
    return { standing: was, complaint: `${record.kind} of a parcel that is ${was.state}` };
  if (record.compartment !== was.compartment)
    return {
      standing: was,
      complaint: `${record.kind} at door ${record.compartment ?? 'none'} of a parcel behind door ${was.compartment}`,
    };
  const untilMs = record.facts.untilMs;
  return {
    standing: {
      ...was,
      state: move.to,
      custody: move.custody,
      depositedAtMs: move.to === 'waiting' ? record.time.atMs : was.depositedAtMs,
      untilMs: typeof untilMs === 'number' ? untilMs : was.untilMs,
      endedAtMs: ENDED.has(move.to) ? record.time.atMs : null,
    },
  };
}

function accept(was: Standing | undefined, record: LedgerRecord): Folded {
  if (was) return { standing: was, complaint: 'parcel.accepted of a parcel that was accepted before' };
  if (record.compartment === undefined)
    return { standing: undefined, complaint: 'parcel.accepted without a door' };
  const standing: Standing = {
    state: 'accepted',
    custody: 'courier',
    compartment: record.compartment,
    size: record.facts.size as Size,
    acceptedAtMs: record.time.atMs,
    depositedAtMs: null,
    untilMs: null,
    endedAtMs: null,
  };
  return { standing };
}

/** True while the parcel takes up its compartment. */
export function isInside(standing: Standing): boolean {
  return !ENDED.has(standing.state);
}

/** Whether it lay in its bank at some time: the courier began to leave it, and did not take it along again. */
export function wasLeft(state: ParcelState): boolean {
  switch (state) {
    case 'waiting':
    case 'held':
    case 'collected':
    case 'removed':
      return true;
    case 'accepted':
    case 'not-deposited':
      return false;
  }
}

/** Who answers for the parcel after a record of this kind; null when it changes nothing. */
export function custodyAfter(kind: RecordKind): Custody | null {
  return kind === 'parcel.accepted' ? 'courier' : (MOVES[kind]?.custody ?? null);
}

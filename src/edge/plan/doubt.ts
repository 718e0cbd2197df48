/**
 * Where a sensor contradicts a person's word. The word counts, for a sensor can be dirty or blind; it is alarmed as well,
 * for a word can be false. The alarm ends with the doubt: the recipient has it, staff or the sensor have seen it.
 */
import type { Draft } from './draft.ts';
import { compartmentOf, type Door, type Occupied, type Parcel } from './state.ts';

/** A sensor that is late or dirty sees it behind the shut door after all: word and sensor agree from then on. */
export function seenAfterAll(
  draft: Draft,
  { compartment: n, door, occupied }: { compartment: number; door: Door; occupied: Occupied },
): void {
  const { parcel: id, session } = compartmentOf(draft.state, n);
  const parcel = id === null ? undefined : draft.state.parcel[id];
  if (!parcel?.doubted || session !== null || door !== 'closed' || occupied !== 'yes') return;
  endDoubt(draft, parcel);
}

/** What is there does not fit what was said: staff hear of it at once. */
export function alarmDiscrepancy(draft: Draft, compartment: number, cause: number): void {
  draft.record({ kind: 'alarm.raised', cause, compartment, facts: { condition: 'discrepancy' } });
}

/** Nobody doubts any more that it was put in. */
export function endDoubt(draft: Draft, { doubted: _, ...parcel }: Parcel, cause?: number): void {
  draft.record({
    kind: 'alarm.ended',
    ...(cause === undefined ? {} : { cause }),
    compartment: parcel.compartment,
    facts: { condition: 'discrepancy' },
  });
  draft.put('parcel', parcel.id, parcel);
}

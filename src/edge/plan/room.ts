/**
 * The journal's room. A bank that cannot write takes on nothing new: no code, no badge, no parcel. Sessions
 * under way go on as far as their records still find room, doors are still recorded, and nothing old is ever
 * dropped. Being full is said once, and once again when it is over, over restarts too.
 */
import type { Draft } from './draft.ts';
import { mintWaiting } from './minting.ts';
import { type BankState, ONLY } from './state.ts';

export type Room = { freeKiB: number; full: boolean };

/** The rim has looked at the disk. */
export function roomSeen(draft: Draft, room: Room): void {
  const before = draft.state.volatile;
  if (before.full !== room.full) {
    // What was said to the person about it goes with it.
    const message = before.message === 'journal-full' ? null : before.message;
    draft.volatile({ full: room.full, message, turn: before.turn + 1 });
  }
  const told = draft.state.full[ONLY];
  // A bank that had not even the room to say so says it afterwards: that it refused people stays no secret.
  if (!told && (room.full || before.full)) {
    const cause = draft.record({ kind: 'journal.full', facts: { freeKiB: room.freeKiB } });
    draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'journal' } });
    draft.put('full', ONLY, { sinceMs: draft.nowMs });
  }
  if (!room.full && draft.state.full[ONLY]) {
    draft.record({ kind: 'alarm.ended', facts: { condition: 'journal' } });
    draft.drop('full', ONLY);
  }
  if (!before.full || room.full) return;
  // A code that was drawn and could not be kept was never sent: another is drawn. What the cloud said
  // meanwhile may not have been kept either; it says it again when it hears what this bank holds.
  mintWaiting(draft);
  draft.effect({ do: 'hello' });
}

/** The state of a bank whose last plan found no room: what is on the disk, and the refusal of new work. */
export function withoutRoom(state: BankState): BankState {
  return { ...state, volatile: { ...state.volatile, full: true } };
}

/** The same, once it is sure that what a person did came to nothing: they are told, and wait for no answer. */
export function cameToNothing(state: BankState, what: 'action' | 'comparison'): BankState {
  const { volatile } = state;
  const comparing = what === 'comparison' ? null : volatile.comparing;
  return {
    ...state,
    volatile: { ...volatile, comparing, message: 'journal-full', turn: volatile.turn + 1 },
  };
}

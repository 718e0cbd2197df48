/** Sessions that brought nothing, and what an order at their door makes of them. */
import type { Draft } from './draft.ts';
import { endSession, mayStillOpen } from './opening.ts';
import { compartmentOf, type Session } from './state.ts';

/**
 * A code that was shown, and a door that never opened for it: nobody has been at the parcel, and the session
 * would wait for its code as long as the grant lives. Staff who come to see why the door stays shut end it.
 */
export function isFruitless(draft: Draft, session: Session): boolean {
  return (
    session.work === 'pick-up' &&
    session.state === 'paused' &&
    !session.doorSensedOpen &&
    !mayStillOpen(draft, session) &&
    compartmentOf(draft.state, session.compartment).door === 'closed'
  );
}

export function endByOrder(draft: Draft, session: Session): void {
  endSession(draft, session, 'order');
  if (session.grant !== null) draft.patch('grant', session.grant, { session: null });
}

/**
 * An order puts the door back into service: its lock was looked at. A code whose pulses were spent before has a session
 * of its own again, and what a latch did before is not held against it anew.
 */
export function restoredAt(draft: Draft, n: number): void {
  const { session: id } = compartmentOf(draft.state, n);
  const session = id === null ? undefined : draft.state.session[id];
  if (!session?.release) return;
  if (isFruitless(draft, session)) return endByOrder(draft, session);
  draft.patch('session', session.id, { judged: session.release.seq });
}

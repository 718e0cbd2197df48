/** How long a screen stays that nobody touches, and what becomes of what was begun there. */
import { signOut } from './courier.ts';
import type { Draft } from './draft.ts';
import { pause } from './opening.ts';
import { type BankState, policyOf, type Screen } from './state.ts';

/** How long a finished screen stays before the kiosk goes home. */
const DONE_SECONDS = 12;

export function isFinished(screen: Screen): boolean {
  return screen.at === 'pick-up-done' || screen.at === 'reported' || screen.at === 'staff-done';
}

/** How long the present screen stays when nobody touches it. */
export function idleLimitMs(state: BankState): number {
  return (isFinished(state.volatile.screen) ? DONE_SECONDS : policyOf(state).kioskIdleSeconds) * 1000;
}

/** Nobody touched the screen for a while: it goes home, and what was begun waits or is given up. */
export function idle(draft: Draft): void {
  const { screen, activeMs, message } = draft.state.volatile;
  const quietMs = draft.moment.monotonicMs - activeMs;
  const finished = isFinished(screen);
  if (screen.at === 'home') {
    if (message !== null && quietMs > DONE_SECONDS * 1000) draft.show({ at: 'home' });
    return;
  }
  if (quietMs < idleLimitMs(draft.state)) return;
  if (finished || screen.at === 'courier-code' || screen.at === 'clock') return draft.show({ at: 'home' });
  if (screen.at === 'session') {
    // While its door stands open nobody else is served; once it is ajar, the alarm has taken over.
    if (stillAtDoor(draft.state, screen.session)) return;
    pause(draft, screen.session);
    if (screen.courier === null) return draft.show({ at: 'home' });
    return signOut(draft, screen.courier, 'idle');
  }
  if ('courier' in screen) signOut(draft, screen.courier, 'idle');
}

function stillAtDoor(state: BankState, session: string): boolean {
  const compartment = state.compartment[state.session[session]?.compartment ?? 0];
  return compartment?.door === 'open' && !compartment.ajar;
}

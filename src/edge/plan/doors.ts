/**
 * What the sensors say of doors: opened by a release, forced, shut, left open. What became of it goes on to the
 * session at that door, if there is one.
 */
import { seenAfterAll } from './doubt.ts';
import type { Draft } from './draft.ts';
import { sessionOf } from './opening.ts';
import { compartmentOf, type Door, type Occupied, policyOf, type Session } from './state.ts';

const MINUTE_MS = 60_000;

export type Sensed = { compartment: number; door: Door; occupied: Occupied };

/** What became of a sensed change; the journeys go on from `opened` and `closed`. */
export type DoorEvent = { what: 'opened' | 'closed' | 'forced' | 'none'; session: Session | undefined };

export function doorSensed(draft: Draft, sensed: Sensed): DoorEvent {
  const { looked } = draft.state.volatile;
  if (looked[sensed.compartment] === undefined)
    draft.volatile({ looked: { ...looked, [sensed.compartment]: true } });
  const before = compartmentOf(draft.state, sensed.compartment);
  if (before.occupied !== sensed.occupied)
    draft.patch('compartment', sensed.compartment, { occupied: sensed.occupied });
  seenAfterAll(draft, sensed);
  if (before.door === sensed.door || sensed.door === 'unknown') return { what: 'none', session: undefined };
  draft.patch('compartment', sensed.compartment, { door: sensed.door, doorSinceMs: draft.nowMs });
  if (sensed.door === 'open') return doorOpened(draft, sensed.compartment);
  return doorClosed(draft, sensed, before.door === 'open' ? openForMs(draft, before) : null);
}

/** A clock that was set back meanwhile makes no negative time. */
function openForMs(draft: Draft, { doorSinceMs }: { doorSinceMs: number }): number {
  return Math.max(0, Math.round(draft.nowMs - doorSinceMs));
}

function doorOpened(draft: Draft, n: number): DoorEvent {
  const compartment = compartmentOf(draft.state, n);
  const { expecting } = compartment;
  const session = compartment.session === null ? undefined : draft.state.session[compartment.session];
  if (expecting === null || !session) {
    if (session) forcedUnder(draft, session);
    forced(draft, n);
    return { what: 'forced', session };
  }
  const { release } = session;
  if (release && release.outcome !== 'released') {
    // The sensor settles what the board left open, and corrects it where it acted and then reported failure.
    draft.record({
      kind: 'release.answered',
      cause: release.seq,
      compartment: n,
      outcome: 'released',
      facts: { afterMs: Math.max(0, draft.nowMs - release.atMs), by: 'door' },
    });
  }
  draft.record({ kind: 'door.opened', cause: expecting, compartment: n, facts: { expected: true } });
  draft.patch('compartment', n, { expecting: null });
  draft.patch('session', session.id, {
    doorSensedOpen: true,
    release: release ? { ...release, outcome: 'released' } : null,
    untilMs: draft.nowMs + policyOf(draft.state).graceMinutes * MINUTE_MS,
  });
  return { what: 'opened', session: draft.state.session[session.id] };
}

/** A door open without a release. The compartment goes out of use, at once or as soon as it holds nobody's parcel. */
function forced(draft: Draft, n: number): void {
  const compartment = compartmentOf(draft.state, n);
  const cause = draft.record({
    kind: 'door.forced',
    compartment: n,
    facts: { occupied: compartment.occupied },
  });
  draft.record({ kind: 'alarm.raised', cause, compartment: n, facts: { condition: 'forced' } });
  draft.patch('compartment', n, { forced: true });
  withdrawForced(draft, n);
}

/** A lock that was forced is tried before it guards the next parcel; the one that waits in there stays its recipient's. */
function withdrawForced(draft: Draft, n: number): void {
  const { use, withdrawn, forced } = compartmentOf(draft.state, n);
  if (!forced || use !== 'empty' || withdrawn !== null) return;
  draft.record({ kind: 'compartment.withdrawn', compartment: n, facts: { why: 'forced' } });
  draft.patch('compartment', n, { withdrawn: 'forced' });
}

/** Nothing of anybody's lies there any more. The one way for a compartment to become empty. */
export function emptied(draft: Draft, n: number): void {
  draft.patch('compartment', n, { use: 'empty', parcel: null });
  withdrawForced(draft, n);
}

/** What goes missing through a door that no release opened is no collection by the sensor's word alone. */
function forcedUnder(draft: Draft, session: Session): void {
  if (session.work === 'pick-up' && session.seenInside) {
    const { seenInside: _, ...unseen } = session;
    draft.put('session', session.id, unseen);
  }
  if (isAnsweredFor(session)) stoodOpen(draft, session.id);
}

/** Its person is at the screen, or is of the staff: whatever opened the door, they can say what they did there. */
function isAnsweredFor({ work, state }: Session): boolean {
  return work === 'staff-release' || state === 'open';
}

/**
 * The door of a session was open, by whatever hand or key. A latch that did not catch, a door pried or opened with
 * the mechanical key is what staff come for: who stands there is asked, and nobody is told that it never opened.
 */
function stoodOpen(draft: Draft, id: string): void {
  if (sessionOf(draft.state, id).doorSensedOpen) return;
  const untilMs = draft.nowMs + policyOf(draft.state).graceMinutes * MINUTE_MS;
  draft.patch('session', id, { doorSensedOpen: true, untilMs });
}

/** A session begins or goes on: its door may stand open already. */
export function noteOpen(draft: Draft, id: string): void {
  const { compartment } = sessionOf(draft.state, id);
  if (compartmentOf(draft.state, compartment).door === 'open') stoodOpen(draft, id);
}

function doorClosed(draft: Draft, sensed: Sensed, openMs: number | null): DoorEvent {
  const compartment = compartmentOf(draft.state, sensed.compartment);
  const session = compartment.session === null ? undefined : draft.state.session[compartment.session];
  // The first look at a new bank finds doors shut: nothing happened, nothing is recorded.
  if (openMs === null) return { what: 'none', session };
  if (session && isAnsweredFor(session)) stoodOpen(draft, session.id);
  const cause = session?.release?.seq;
  draft.record({
    kind: 'door.closed',
    ...(cause === undefined ? {} : { cause }),
    compartment: sensed.compartment,
    facts: { openMs: Math.round(openMs), occupied: sensed.occupied },
  });
  if (compartment.ajar) {
    draft.record({ kind: 'alarm.ended', compartment: sensed.compartment, facts: { condition: 'ajar' } });
    draft.patch('compartment', sensed.compartment, { ajar: false });
  }
  return { what: 'closed', session };
}

/** Doors left open become ajar, once. */
export function watchDoors(draft: Draft): void {
  const limitMs = policyOf(draft.state).ajarSeconds * 1000;
  for (const compartment of Object.values(draft.state.compartment)) {
    if (compartment.door !== 'open' || compartment.ajar || draft.nowMs - compartment.doorSinceMs < limitMs)
      continue;
    const cause = draft.record({
      kind: 'door.ajar',
      compartment: compartment.n,
      facts: { openMs: Math.round(draft.nowMs - compartment.doorSinceMs) },
    });
    draft.record({ kind: 'alarm.raised', cause, compartment: compartment.n, facts: { condition: 'ajar' } });
    draft.patch('compartment', compartment.n, { ajar: true });
  }
}

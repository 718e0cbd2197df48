/**
 * Opening a door: decision → one pulse → the board's answer; what its sensor says then is in `doors.ts`. The latch is commanded, the door is sensed; neither stands for the other. An acknowledged pulse
 * is not an open door, and a door sensed open never stops a pulse.
 */
import type { PersonId } from '../../domain/ids.ts';
import type { Denial, Outcome } from '../../domain/outcome.ts';
import { dayOf } from './clock.ts';
import type { Draft } from './draft.ts';
import type { DropOffSession, Session } from './state.ts';
import { type BankState, compartmentOf, courierOf, isAttended, policyOf } from './state.ts';

const MINUTE_MS = 60_000;

/** Why a pulse may not be sent to `compartment` now, whoever asks; undefined when it may. */
export function pulseDenial(
  state: BankState,
  n: number,
  { work, monotonicMs }: { work: Session['work']; monotonicMs: number },
): Denial | undefined {
  const compartment = compartmentOf(state, n);
  if (suspensionOf(state, 'bank', null, null)) return 'lockdown';
  if (suspensionOf(state, 'compartment', null, n)) return 'compartment-out-of-service';
  // A withdrawn compartment is shut to everybody but staff, who come by order to see what is wrong with it.
  if (compartment.withdrawn !== null && work !== 'staff-release') return 'compartment-out-of-service';
  if (state.volatile.boards[compartment.board] === false) return 'board-absent';
  const recent = state.volatile.pulsesMs.filter((atMs) => monotonicMs - atMs < MINUTE_MS);
  return recent.length >= policyOf(state).pulsesPerMinute ? 'pulse-rate' : undefined;
}

/** The suspension in force over a courier, a compartment or the whole bank. */
export function suspensionOf(
  state: BankState,
  scope: 'courier' | 'compartment' | 'bank',
  subject: string | null,
  n: number | null,
) {
  return Object.values(state.suspension).find(
    (suspension) =>
      suspension.scope === scope &&
      (scope !== 'courier' || suspension.subject === subject) &&
      (scope !== 'compartment' || suspension.compartment === n),
  );
}

/**
 * Decides one pulse within `session` and, when it may be, plans it. Every pulse is a decision of its own in
 * the journal before the frame is written; nothing sends a second one by itself.
 */
export function decidePulse(draft: Draft, sessionId: string, cause: number): boolean {
  const session = sessionOf(draft.state, sessionId);
  // A finger that taps twice would spend two pulses, and take the first one's answer away from the journal.
  if (isAtWork(draft.state, session, draft.nowMs)) {
    draft.say('wait');
    return false;
  }
  const { compartment: n, work } = session;
  const reason =
    session.pulses >= policyOf(draft.state).pulsesPerSession
      ? 'session-pulses-spent'
      : pulseDenial(draft.state, n, { work, monotonicMs: draft.moment.monotonicMs });
  const pulse = session.pulses + 1;
  const base = {
    kind: 'release.decided',
    cause,
    compartment: n,
    facts: { work, pulse },
    fields: { session: session.id },
  } as const;
  if (reason !== undefined) {
    draft.record({ ...base, decision: { allow: false, reason } });
    draft.deny(reason);
    return false;
  }
  const seq = draft.record({ ...base, decision: { allow: true, right: work } });
  draft.patch('session', session.id, {
    pulses: pulse,
    release: { seq, pulse, atMs: draft.nowMs, outcome: null },
  });
  draft.patch('compartment', n, { expecting: seq, session: session.id });
  const { pulsesMs } = draft.state.volatile;
  const { monotonicMs } = draft.moment;
  draft.volatile({ pulsesMs: [...pulsesMs.filter((atMs) => monotonicMs - atMs < MINUTE_MS), monotonicMs] });
  const { board, lock } = compartmentOf(draft.state, n);
  draft.effect({ do: 'pulse', compartment: n, board, lock, seq });
  draft.say(null);
  return true;
}

export type BoardAnswer = {
  compartment: number;
  seq: number;
  outcome: Outcome;
  afterMs: number;
  by: 'board' | 'time';
};

/** The board answered a pulse, or its time to answer ran out (`unknown`). */
export function boardAnswered(draft: Draft, answer: BoardAnswer): void {
  const session = Object.values(draft.state.session).find(
    (candidate) => candidate.release?.seq === answer.seq,
  );
  const release = session?.release;
  // An answer to a release that is settled or gone says nothing new; the journal has its outcome.
  if (!session || !release || release.outcome !== null) return;
  draft.record({
    kind: 'release.answered',
    cause: answer.seq,
    compartment: answer.compartment,
    outcome: answer.outcome,
    facts: { afterMs: Math.round(answer.afterMs), by: answer.by },
  });
  draft.patch('session', session.id, { release: { ...release, outcome: answer.outcome } });
  // `expecting` stays for who stands at the door, because a board may act and then report failure.
  if (session.state === 'paused' && answer.outcome !== 'released' && answer.outcome !== 'unknown')
    draft.patch('compartment', session.compartment, { expecting: null });
  if (isAttended(draft.state, session))
    draft.say(answer.outcome === 'released' ? null : `release-${answer.outcome}`);
}

/** A pulse is on its way: until it is answered the session cannot end, or its door would open unexplained. */
export function isUnanswered(session: Session): boolean {
  return session.release !== null && session.release.outcome === null;
}

/** Boards that are gone show nothing: then the person's word is all there is. */
function isUnseen(state: BankState, n: number): boolean {
  const { looked, boards } = state.volatile;
  return looked[n] === undefined && boards[compartmentOf(state, n).board] !== false;
}

/** A latch that was let go shows as an open door within this time, or not at all. */
const OPENING_MS = 3000;

/**
 * The latch was let go just now, and the door may open yet; or this bank has started and not looked at the door
 * since, which may stand open. A person's word that it is shut comes too early.
 */
export function mayStillOpen(draft: Draft, session: Session): boolean {
  if (isUnanswered(session) || isUnseen(draft.state, session.compartment)) return true;
  return isLettingGo(draft.state, session, draft.nowMs);
}

function isLettingGo(state: BankState, session: Session, nowMs: number): boolean {
  const { expecting } = compartmentOf(state, session.compartment);
  const sinceMs = nowMs - (session.release?.atMs ?? 0);
  // A clock that was set back meanwhile must not keep a person at the screen until it catches up.
  return expecting !== null && sinceMs >= 0 && sinceMs < OPENING_MS;
}

/**
 * The last pulse has not shown yet what it does: nobody answered it, or the latch let go just now. Another one
 * waits for it. After one that the board refused, or reported a fault of, there is nothing to wait for.
 */
export function isAtWork(state: BankState, session: Session, nowMs: number): boolean {
  if (isUnanswered(session)) return true;
  return mayHaveLetGo(session) && isLettingGo(state, session, nowMs);
}

/** Its door was open in this session and has shut: who wants it open again shows anew that it is theirs. */
export function wantsProof({ state, nowMs }: Draft, session: Session): boolean {
  const isShut = compartmentOf(state, session.compartment).door !== 'open';
  return session.doorSensedOpen && isShut && !isAtWork(state, session, nowMs);
}

/**
 * After a restart: a release whose answer nobody heard is `unknown`. It is never guessed and never repeated. The
 * grace time begins anew, because no clock here is sure how long the power was gone: a machine that woke up a
 * day ahead would have ended each session at once.
 */
export function settleAfterRestart(draft: Draft): number {
  let unanswered = 0;
  const untilMs = draft.nowMs + policyOf(draft.state).graceMinutes * MINUTE_MS;
  for (const session of Object.values(draft.state.session)) {
    const { release } = session;
    draft.patch('session', session.id, { untilMs });
    if (release && release.outcome === null) {
      unanswered++;
      draft.record({
        kind: 'release.answered',
        cause: release.seq,
        compartment: session.compartment,
        outcome: 'unknown',
        facts: { afterMs: Math.max(0, draft.nowMs - release.atMs), by: 'restart' },
      });
      draft.patch('session', session.id, { release: { ...release, outcome: 'unknown' } });
    }
    if (session.state === 'open') pause(draft, session.id);
  }
  return unanswered;
}

/**
 * The person is not at the screen any more. What a board denied to have done is expected no longer: a door
 * that opens after this, with nobody attended there, was opened by something else.
 */
export function pause(draft: Draft, id: string): void {
  const session = sessionOf(draft.state, id);
  draft.patch('session', session.id, { state: 'paused' });
  const outcome = session.release?.outcome;
  if (outcome === 'refused' || outcome === 'failed')
    draft.patch('compartment', session.compartment, { expecting: null });
}

/** A released latch should have let the door go by then. */
const STUCK_MS = 15_000;

/**
 * A release whose person has left explains an opening for a short while, and then no more: a door that is
 * pried open days later is no pick-up of whoever had typed a code there. After a start the doors are looked
 * at first, for the power may have gone with a latch on its way.
 */
export function watchLeft(draft: Draft): void {
  if (draft.moment.monotonicMs - draft.state.volatile.startedMs < STUCK_MS) return;
  for (const session of Object.values(draft.state.session)) {
    if (session.state !== 'paused' || isUnanswered(session)) continue;
    const { n, expecting, door } = compartmentOf(draft.state, session.compartment);
    const sinceMs = Math.abs(draft.nowMs - (session.release?.atMs ?? 0));
    if (expecting !== null && door === 'closed' && sinceMs >= STUCK_MS)
      draft.patch('compartment', n, { expecting: null });
  }
}

/** Sessions whose pulses are spent at a door that never opened: the latch is jammed, and staff are told. */
export function watchLatches(draft: Draft): void {
  for (const session of Object.values(draft.state.session)) {
    const { release, pulses, doorSensedOpen } = session;
    if (doorSensedOpen || !release || release.outcome === null || session.judged === release.seq) continue;
    if (pulses < policyOf(draft.state).pulsesPerSession || draft.nowMs - release.atMs < STUCK_MS) continue;
    const isNew = latchJammed(draft, session, release.seq);
    if (isNew && isAttended(draft.state, session)) draft.say('latch-jammed');
  }
}

/**
 * Pulses were sent and the door was never sensed open. The compartment is withdrawn, since its latch may
 * stick, or may have let go behind a door that only looks shut. False when it was withdrawn before.
 */
export function latchJammed(draft: Draft, session: Session, cause: number): boolean {
  const { compartment: n, pulses } = session;
  if (compartmentOf(draft.state, n).withdrawn !== null) return false;
  const seq = draft.record({ kind: 'latch.jammed', cause, compartment: n, facts: { pulses } });
  draft.record({ kind: 'alarm.raised', cause: seq, compartment: n, facts: { condition: 'jammed' } });
  draft.record({ kind: 'compartment.withdrawn', compartment: n, facts: { why: 'jammed' } });
  draft.patch('compartment', n, { withdrawn: 'jammed' });
  if (session.work === 'drop-off') countStuck(draft, session.person);
  return true;
}

/** Doors of one day that may fail to open for one courier; whoever holds doors shut shuts no whole bank. */
const STUCK_DOORS_PER_DAY = 3;

/**
 * A drop-off is given up whose latch was let go and whose door was never seen open. Held shut, it may spring
 * open as soon as nobody answers for it, and then it is forced and withdrawn: it counts like a jammed one.
 */
export function noteStuck(draft: Draft, session: DropOffSession): void {
  const isCounted = compartmentOf(draft.state, session.compartment).withdrawn !== null;
  if (mayHaveLetGo(session) && !session.doorSensedOpen && !isCounted) countStuck(draft, session.person);
}

export function mayHaveLetGo({ release }: Session): boolean {
  return release?.outcome === 'released' || release?.outcome === 'unknown';
}

function countStuck(draft: Draft, person: PersonId): void {
  const courier = courierOf(draft.state, person);
  const count = stuckDoors(draft.state, person, draft.nowMs) + 1;
  draft.put('courier', person, { ...courier, stuck: { day: dayOf(draft.nowMs), count } });
}

function stuckDoors(state: BankState, person: PersonId, nowMs: number): number {
  const stuck = state.courier[person]?.stuck;
  return stuck?.day === dayOf(nowMs) ? stuck.count : 0;
}

/** How many doors this courier may still find stuck today. */
export function stuckLeft(state: BankState, person: PersonId, nowMs: number): number {
  return STUCK_DOORS_PER_DAY - stuckDoors(state, person, nowMs);
}

export type SessionEnd =
  | 'confirmed'
  | 'cancelled'
  | 'timeout'
  | 'occupancy'
  | 'not-received'
  | 'pulses-spent'
  | 'order'
  | 'fault';

/** Ends a session: its door takes no further pulse, and an opening after this is forced. */
export function endSession(draft: Draft, session: Session, end: SessionEnd, cause?: number): void {
  const now = sessionOf(draft.state, session.id);
  draft.record({
    kind: 'session.ended',
    cause: cause ?? now.openedSeq,
    compartment: now.compartment,
    facts: { work: now.work, end, pulses: now.pulses, doorSensedOpen: now.doorSensedOpen },
    fields: { session: now.id, ...(now.parcel === null ? {} : { parcel: now.parcel }) },
  });
  draft.patch('compartment', now.compartment, { session: null, expecting: null });
  draft.drop('session', now.id);
}

export function sessionOf(state: BankState, id: string): Session {
  const session = state.session[id];
  if (!session) throw new Error('the session is gone');
  return session;
}

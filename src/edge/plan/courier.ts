/**
 * A courier at the kiosk: the badge's secret is looked up in the roster, then the personal code is
 * compared, unless the site's policy says that a badge alone is enough. The code is set at its first use at
 * this bank and never leaves it.
 */
import type { PersonId } from '../../domain/ids.ts';
import type { Denial } from '../../domain/outcome.ts';
import type { RosterCourier } from '../../domain/roster.ts';
import { badgeHash } from '../../ledger/roster.ts';
import { dayOf, expiryMs } from './clock.ts';
import { noteOpen } from './doors.ts';
import type { Draft } from './draft.ts';
import { stuckLeft, suspensionOf } from './opening.ts';
import { type BankState, courierOf, type DropOffSession, ONLY, policyOf, rosterOf } from './state.ts';

const HOUR_MS = 3_600_000;
export const COURIER_CODE_DIGITS_MIN = 6;

export function presentBadge(draft: Draft, secret: string): void {
  if (draft.state.volatile.comparing !== null) return draft.say('wait');
  const hash = badgeHash(secret);
  const courier = rosterOf(draft.state)?.couriers.find((candidate) => candidate.badgeHash === hash);
  const reason = courier ? courierDenial(draft.state, courier, draft.nowMs) : 'badge-unknown';
  if (!courier || reason !== undefined) {
    draft.record({
      kind: 'attempt.decided',
      facts: { method: 'badge', work: 'drop-off' },
      decision: { allow: false, reason: reason ?? 'badge-unknown' },
      ...(courier ? { fields: { person: courier.person } } : {}),
    });
    draft.show({ at: 'home' });
    return draft.deny(reason ?? 'badge-unknown');
  }
  // The site wrote into its signed roster that a badge is enough: whoever holds it is its courier.
  if (policyOf(draft.state).badgeAlone) {
    const cause = draft.record({
      kind: 'attempt.decided',
      facts: { method: 'badge', work: 'drop-off' },
      decision: { allow: true, right: 'drop-off' },
      fields: { person: courier.person },
    });
    return signIn(draft, courier, cause);
  }
  draft.show({ at: 'courier-code', courier: courier.person });
}

/** Why this courier may not work here now; undefined when they may. */
export function courierDenial(state: BankState, courier: RosterCourier, nowMs: number): Denial | undefined {
  if (courier.untilMs !== null && courier.untilMs <= expiryMs(state, nowMs)) return 'badge-expired';
  if (suspensionOf(state, 'courier', courier.person, null)) return 'courier-suspended';
  const kept = state.courier[courier.person];
  if (kept && kept.guessDay === dayOf(nowMs) && kept.guesses >= policyOf(state).courierGuessesPerDay)
    return 'courier-locked-out';
  if (stuckLeft(state, courier.person, nowMs) <= 0) return 'courier-may-not';
  const heardMs = state.heard[ONLY]?.atMs ?? 0;
  return nowMs - heardMs > policyOf(state).offlineDropOffHours * HOUR_MS ? 'offline-too-long' : undefined;
}

/** The same for somebody who was let in: the roster, a suspension and the time may have turned since. */
export function standingDenial(draft: Draft, person: PersonId): Denial | undefined {
  const entry = rosterOf(draft.state)?.couriers.find((candidate) => candidate.person === person);
  return entry ? courierDenial(draft.state, entry, draft.nowMs) : 'badge-unknown';
}

/** Who may not work here any more is signed out and told why: no flat is looked up for them. */
export function mayGoOn(draft: Draft, person: PersonId): boolean {
  const reason = standingDenial(draft, person);
  if (reason === undefined) return true;
  signOut(draft, person, reason === 'courier-suspended' ? 'suspended' : 'roster', reason);
  return false;
}

/** Counts the guess durably, then has the code compared. */
export function presentCourierCode(draft: Draft, person: PersonId, code: string): void {
  if (draft.state.volatile.comparing !== null) return draft.say('wait');
  const courier = courierOf(draft.state, person);
  if (courier.verifier === null) return draft.deny('step-out-of-turn');
  const today = dayOf(draft.nowMs);
  const guesses = courier.guessDay === today ? courier.guesses + 1 : 1;
  draft.put('courier', person, { ...courier, guessDay: today, guesses });
  const seq = draft.record({
    kind: 'attempt.counted',
    facts: { method: 'courier-code', kioskDay: today, guess: guesses },
    fields: { person },
  });
  draft.volatile({ comparing: { seq, flat: null } });
  draft.effect({ do: 'compare-courier', seq, courier: person, code, verifier: courier.verifier });
}

export function courierCompared(
  draft: Draft,
  answer: { seq: number; courier: PersonId; matches: boolean },
): void {
  if (draft.state.volatile.comparing?.seq !== answer.seq) return;
  draft.volatile({ comparing: null });
  const entry = rosterOf(draft.state)?.couriers.find((candidate) => candidate.person === answer.courier);
  const courier = courierOf(draft.state, answer.courier);
  const base = {
    kind: 'attempt.decided',
    cause: answer.seq,
    facts: { method: 'courier-code', work: 'drop-off' },
    fields: { person: answer.courier },
  } as const;
  const { screen } = draft.state.volatile;
  if (screen.at !== 'courier-code' || screen.courier !== answer.courier) {
    // They have left the screen meanwhile; whoever stands there now is not them.
    draft.record({ ...base, decision: { allow: false, reason: 'step-out-of-turn' } });
    return;
  }
  if (!answer.matches || !entry) {
    draft.record({
      ...base,
      decision: { allow: false, reason: entry ? 'courier-code-wrong' : 'badge-unknown' },
    });
    if (courier.guesses >= policyOf(draft.state).courierGuessesPerDay) {
      const untilMs = (dayOf(draft.nowMs) + 1) * 24 * HOUR_MS;
      draft.record({
        kind: 'lockout.began',
        facts: { scope: 'courier', untilMs },
        fields: { person: answer.courier },
      });
      draft.record({ kind: 'alarm.raised', cause: answer.seq, facts: { condition: 'guessing' } });
      draft.show({ at: 'home' });
      return draft.deny('courier-locked-out');
    }
    return draft.deny('courier-code-wrong');
  }
  const cause = draft.record({ ...base, decision: { allow: true, right: 'drop-off' } });
  draft.put('courier', answer.courier, { ...courier, guesses: 0 });
  signIn(draft, entry, cause);
}

export function chooseCourierCode(
  draft: Draft,
  person: PersonId,
  chosen: { code: string; again: string },
): void {
  if (courierOf(draft.state, person).verifier !== null) return draft.deny('step-out-of-turn');
  if (chosen.code !== chosen.again) return draft.say('codes-differ');
  if (isWeak(chosen.code)) return draft.deny('courier-code-weak');
  draft.effect({ do: 'make-courier-code', courier: person, code: chosen.code });
}

export function courierCodeMade(draft: Draft, made: { courier: PersonId; verifier: string }): void {
  const { screen } = draft.state.volatile;
  const entry = rosterOf(draft.state)?.couriers.find((candidate) => candidate.person === made.courier);
  if (screen.at !== 'courier-code' || screen.courier !== made.courier || !entry) return;
  const courier = courierOf(draft.state, made.courier);
  if (courier.verifier !== null) return;
  draft.put('courier', made.courier, { ...courier, verifier: made.verifier });
  const cause = draft.record({
    kind: 'courier.code-set',
    facts: { change: false },
    fields: { person: made.courier },
  });
  signIn(draft, entry, cause);
}

function signIn(draft: Draft, entry: RosterCourier, cause: number): void {
  draft.record({
    kind: 'courier.signed-in',
    cause,
    facts: { offline: draft.state.volatile.heardMs === null },
    fields: { person: entry.person, carrier: entry.carrier },
  });
  const left = unfinishedOf(draft.state, entry.person);
  if (left) {
    draft.record({
      kind: 'session.resumed',
      cause,
      compartment: left.compartment,
      facts: { work: left.work, pulses: left.pulses },
      fields: { parcel: left.parcel, session: left.id },
    });
    draft.patch('session', left.id, { state: 'open', said: null, insisted: false });
    noteOpen(draft, left.id);
    return draft.show({ at: 'session', session: left.id, courier: entry.person });
  }
  draft.show({ at: 'tracking', courier: entry.person });
}

/** A drop-off of this courier that a power cut or a walk to the van interrupted. */
function unfinishedOf(state: BankState, person: PersonId): DropOffSession | undefined {
  return Object.values(state.session).find(
    (session): session is DropOffSession => session.work === 'drop-off' && session.person === person,
  );
}

export function signOut(
  draft: Draft,
  person: PersonId,
  why: 'done' | 'idle' | 'suspended' | 'roster',
  message: string | null = null,
): void {
  draft.record({ kind: 'courier.signed-out', facts: { why }, fields: { person } });
  draft.show({ at: 'home' }, message);
}

/** Too short, one digit all along, or a straight run up or down. */
export function isWeak(code: string): boolean {
  if (code.length < COURIER_CODE_DIGITS_MIN) return true;
  const steps = new Set<number>();
  for (let at = 1; at < code.length; at++) steps.add(Number(code[at]) - Number(code[at - 1]));
  const [only] = steps;
  return steps.size === 1 && only !== undefined && Math.abs(only) <= 1;
}

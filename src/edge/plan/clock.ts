/**
 * The bank's time. It starts from the machine's wall clock and the journal's last time, then runs on the
 * monotonic clock. A wall clock that jumps more than five minutes against it is an unexplained step:
 * expiry freezes (nothing newly expires, nothing revives) until the clock is set. Small drift follows the
 * cloud's authenticated time.
 */
import type { RecordTime } from '../../ledger/record.ts';
import type { Draft, Moment } from './draft.ts';
import type { BankState, ClockState } from './state.ts';

export const STEP_MS_MAX = 5 * 60_000;
const DAY_MS = 86_400_000;
/** A quartz clock drifts about 50 ppm; what is added to the uncertainty for each day since it was set. */
const DRIFT_MS_PER_DAY = 4_320;
const MACHINE_UNCERTAINTY_MS = 2_000;

/** The clock at start. `lastMs` is the time of the journal's last record, 0 for a new journal. */
export function startClock(moment: Moment, lastMs: number): ClockState {
  const back = moment.wallMs < lastMs - STEP_MS_MAX;
  const baseMs = Math.max(moment.wallMs, lastMs);
  return {
    baseMs,
    monotonicMs: moment.monotonicMs,
    source: back ? 'frozen' : 'clock',
    uncertaintyMs: MACHINE_UNCERTAINTY_MS,
    frozenSinceMs: back ? baseMs : null,
    wallOffsetMs: moment.wallMs - baseMs,
    followed: { day: dayOf(baseMs), ms: 0 },
  };
}

export function timeAt(clock: ClockState, moment: Moment): RecordTime {
  const ranMs = Math.max(0, moment.monotonicMs - clock.monotonicMs);
  return {
    atMs: Math.round(clock.baseMs + ranMs),
    source: clock.source,
    uncertaintyMs: Math.round(clock.uncertaintyMs + (ranMs * DRIFT_MS_PER_DAY) / DAY_MS),
  };
}

/** Looks for a step of the wall clock; to be called first on every event. */
export function watchClock(draft: Draft): void {
  const { clock } = draft.state.volatile;
  const offsetMs = draft.moment.wallMs - draft.nowMs;
  const stepMs = Math.round(offsetMs - clock.wallOffsetMs);
  if (Math.abs(stepMs) <= STEP_MS_MAX) {
    // Slow drift of the wall clock against the monotonic one is followed, so that it never adds up to a step.
    if (stepMs !== 0) draft.volatile({ clock: { ...clock, wallOffsetMs: offsetMs } });
    return;
  }
  draft.volatile({
    clock: {
      ...clock,
      wallOffsetMs: offsetMs,
      frozenSinceMs: clock.frozenSinceMs ?? draft.nowMs,
      source: 'frozen',
    },
  });
  const cause = draft.record({ kind: 'clock.frozen', facts: { stepMs } });
  draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'clock' } });
}

/**
 * The cloud's time, measured over one question and answer. A time that agrees with the bank's own within
 * five minutes corrects it, and ends a freeze, since it shows that the monotonic run was right. One that
 * disagrees more is an unexplained step itself.
 */
export function hearTime(draft: Draft, heard: { atMs: number; uncertaintyMs: number }): void {
  const { clock } = draft.state.volatile;
  const offMs = heard.atMs - draft.nowMs;
  if (Math.abs(offMs) > STEP_MS_MAX) {
    if (clock.frozenSinceMs !== null) return;
    draft.volatile({ clock: { ...clock, frozenSinceMs: draft.nowMs, source: 'frozen' } });
    const cause = draft.record({ kind: 'clock.frozen', facts: { stepMs: Math.round(offMs) } });
    draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'clock' } });
    return;
  }
  const day = dayOf(draft.nowMs);
  // Time never runs backwards in the journal, so a correction back is not made; it only shows as uncertainty.
  const baseMs = Math.max(heard.atMs, draft.nowMs);
  const followedMs = (clock.followed.day === day ? clock.followed.ms : 0) + (baseMs - draft.nowMs);
  // A cloud that pushes the clock a little with every message gets no further than one step a day.
  if (followedMs > STEP_MS_MAX) return;
  draft.volatile({
    clock: {
      baseMs,
      monotonicMs: draft.moment.monotonicMs,
      source: 'cloud',
      uncertaintyMs: Math.round(heard.uncertaintyMs + Math.abs(baseMs - heard.atMs)),
      frozenSinceMs: null,
      wallOffsetMs: draft.moment.wallMs - baseMs,
      followed: { day, ms: followedMs },
    },
  });
  if (clock.frozenSinceMs !== null)
    draft.record({ kind: 'clock.set', facts: { stepMs: Math.round(offMs), by: 'cloud' } });
}

/**
 * The time that expiry is judged by. While the clock is frozen it stands at the freeze: nothing newly
 * expires, and what had expired before does not revive.
 */
export function expiryMs(state: BankState, nowMs: number): number {
  return state.volatile.clock.frozenSinceMs ?? nowMs;
}

/** Days of the bank's time, for budgets that renew daily. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / DAY_MS);
}

/**
 * The bank's time. It starts from the machine's wall clock and the journal's last time, then runs on the
 * monotonic clock. A wall clock that jumps more than five minutes against it is an unexplained step:
 * expiry freezes (nothing newly expires, nothing revives) until the clock is set. Small drift follows the
 * cloud's authenticated time.
 */
import type { RecordTime } from '../../ledger/record.ts';
import type { Draft, Moment } from './draft.ts';
import { type BankState, type ClockState, type KeptClock, ONLY } from './state.ts';

export const STEP_MS_MAX = 5 * 60_000;
const DAY_MS = 86_400_000;
/** A quartz clock drifts about 50 ppm; what is added to the uncertainty for each day since it was set. */
const DRIFT_MS_PER_DAY = 4_320;
const MACHINE_UNCERTAINTY_MS = 2_000;
/** A person compares a screen with a watch. */
const PERSON_UNCERTAINTY_MS = 60_000;
const FOLLOWED_KEPT_MS = 1_000;

/**
 * The clock at start. `lastMs` is the time of the journal's last record, 0 for a new journal; `kept` is what
 * the run before left: a freeze outlives the power, and so does what was followed of the cloud's time, or
 * each restart would thaw the one and allow five minutes more of the other.
 */
export function startClock(moment: Moment, lastMs: number, kept: KeptClock | undefined): ClockState {
  const floorMs = floorOf(lastMs, kept);
  const back = moment.wallMs < floorMs - STEP_MS_MAX;
  const baseMs = Math.max(moment.wallMs, floorMs);
  const frozenSinceMs = kept?.frozenSinceMs ?? (back ? baseMs : null);
  return {
    baseMs,
    monotonicMs: moment.monotonicMs,
    source: frozenSinceMs === null ? 'clock' : 'frozen',
    uncertaintyMs: MACHINE_UNCERTAINTY_MS,
    frozenSinceMs,
    wallOffsetMs: moment.wallMs - baseMs,
    followed: kept?.followed ?? { day: dayOf(baseMs), ms: 0 },
  };
}

/**
 * What the bank's time cannot be before. The journal's times never run backwards, so one that was set back
 * stands in no record before it has caught up; until then what it was set to is all that is known, or the
 * next restart would undo the order.
 */
function floorOf(lastMs: number, kept: KeptClock | undefined): number {
  return kept?.setBack && lastMs <= kept.setBack.fromMs ? kept.setBack.toMs : lastMs;
}

/** Writes down of the clock what the next start must know. Small steps of following are kept by the second. */
function keepClock(draft: Draft): void {
  const { frozenSinceMs, followed } = draft.state.volatile.clock;
  const kept = draft.state.clock[ONLY];
  const sameDay = kept?.followed.day === followed.day;
  const movedMs = Math.abs(followed.ms - (sameDay ? kept.followed.ms : 0));
  if (kept?.frozenSinceMs === frozenSinceMs && movedMs < FOLLOWED_KEPT_MS) return;
  if (!kept && frozenSinceMs === null && movedMs < FOLLOWED_KEPT_MS) return;
  draft.put('clock', ONLY, { ...kept, frozenSinceMs, followed });
}

/**
 * To be called last on every event. While the journal's times still stand ahead of a clock that was set back,
 * no record tells how far this clock has come: it is kept beside them, or each restart would go back to the
 * moment of the setting, and what runs (a grace time, a door's hour) would begin anew with every power cut.
 */
export function keepProgress(draft: Draft): void {
  const kept = draft.state.clock[ONLY];
  if (draft.records.length === 0 || !kept?.setBack) return;
  const { toMs, fromMs } = kept.setBack;
  const { atMs } = timeAt(draft.state.volatile.clock, draft.moment);
  if (atMs <= toMs || atMs > fromMs) return;
  draft.put('clock', ONLY, { ...kept, setBack: { toMs: atMs, fromMs } });
}

/** At start: a wall clock that stands before the journal's last record is a step, too; a freeze goes on. */
export function frozenAtStart(draft: Draft): void {
  const { frozenSinceMs } = draft.state.volatile.clock;
  const stepMs = Math.round(draft.moment.wallMs - draft.nowMs);
  if (frozenSinceMs !== null && draft.state.clock[ONLY]?.frozenSinceMs !== frozenSinceMs)
    freeze(draft, stepMs);
}

function freeze(draft: Draft, stepMs: number): void {
  keepClock(draft);
  const cause = draft.record({ kind: 'clock.frozen', facts: { stepMs } });
  draft.record({ kind: 'alarm.raised', cause, facts: { condition: 'clock' } });
}

/**
 * What runs now was timed by the clock that moves: it keeps what is left of its time. Else a session would
 * hold its door, and an open door raise no alarm, for as long as the clock went back; or a grace time end
 * minutes early because the cloud's time was heard.
 */
function moveRunning(draft: Draft, stepMs: number): void {
  if (stepMs === 0) return;
  for (const { id, untilMs, release } of Object.values(draft.state.session))
    draft.patch('session', id, {
      untilMs: untilMs + stepMs,
      release: release && { ...release, atMs: release.atMs + stepMs },
    });
  for (const { n, door, doorSinceMs } of Object.values(draft.state.compartment))
    if (door === 'open') draft.patch('compartment', n, { doorSinceMs: doorSinceMs + stepMs });
}

/**
 * A suspension lasts as long as it would have: the cloud's power over a door is no longer, and no shorter,
 * for somebody's watch.
 */
function moveSuspensions(draft: Draft, stepMs: number): void {
  for (const { id, untilMs } of Object.values(draft.state.suspension))
    draft.patch('suspension', id, { untilMs: untilMs + stepMs });
  for (const [subject, { sinceMs }] of Object.entries(draft.state.window))
    draft.patch('window', subject, { sinceMs: sinceMs + stepMs });
}

/** What waits for its claim waits as long as its signer meant, and never beyond the end that they named. */
function moveOrders(draft: Draft, stepMs: number): void {
  for (const { order, untilMs } of Object.values(draft.state.order)) {
    const movedMs = untilMs + stepMs;
    const endsMs = order.act.do === 'set-clock' ? movedMs : Math.min(order.untilMs, movedMs);
    draft.patch('order', order.order, { untilMs: endsMs });
  }
}

/**
 * What a signer has had opened counts for its hour and its day by either clock. Else a clock that is set back would
 * lock them out until it caught up, and one that is set ahead would forget the limit.
 */
function moveReleases(draft: Draft, stepMs: number): void {
  const book = draft.state.orderBook[ONLY];
  const releases = book?.releases.map((release) => ({ ...release, atMs: release.atMs + stepMs }));
  if (releases) draft.patch('orderBook', ONLY, { releases });
}

/** Somebody at the kiosk, by order, said what time it is: expiry runs again, in either direction. */
export function thawClock(draft: Draft, set: { atMs: number; order: string }): void {
  const { clock } = draft.state.volatile;
  const stepMs = Math.round(set.atMs - draft.nowMs);
  moveRunning(draft, stepMs);
  moveSuspensions(draft, stepMs);
  moveOrders(draft, stepMs);
  moveReleases(draft, stepMs);
  draft.volatile({
    clock: {
      ...clock,
      baseMs: set.atMs,
      monotonicMs: draft.moment.monotonicMs,
      source: 'set',
      uncertaintyMs: PERSON_UNCERTAINTY_MS,
      frozenSinceMs: null,
      wallOffsetMs: draft.moment.wallMs - set.atMs,
    },
  });
  const fromMs = Math.max(draft.nowMs, draft.state.clock[ONLY]?.setBack?.fromMs ?? 0);
  const setBack = set.atMs < fromMs ? { setBack: { toMs: set.atMs, fromMs } } : {};
  draft.put('clock', ONLY, { frozenSinceMs: null, followed: clock.followed, ...setBack });
  const cause = draft.record({
    kind: 'clock.set',
    facts: { stepMs, by: 'order' },
    fields: { order: set.order },
  });
  if (clock.frozenSinceMs !== null)
    draft.record({ kind: 'alarm.ended', cause, facts: { condition: 'clock' } });
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
  // What happened before this clock was set, and is written down only now, tells nothing of a step since.
  if (draft.moment.monotonicMs < clock.monotonicMs) return;
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
  // One alarm for one freeze, however often the clock steps meanwhile; each step is its own record.
  if (clock.frozenSinceMs === null) return freeze(draft, stepMs);
  draft.record({ kind: 'clock.frozen', facts: { stepMs } });
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
    return freeze(draft, Math.round(offMs));
  }
  const day = dayOf(draft.nowMs);
  // Time never runs backwards in the journal, so a correction back is not made; it only shows as uncertainty.
  const baseMs = Math.max(heard.atMs, draft.nowMs);
  const followedMs = (clock.followed.day === day ? clock.followed.ms : 0) + (baseMs - draft.nowMs);
  // A cloud that pushes the clock a little with every message gets no further than one step a day.
  if (followedMs > STEP_MS_MAX) return;
  moveRunning(draft, Math.round(baseMs - draft.nowMs));
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
  keepClock(draft);
  if (clock.frozenSinceMs === null) return;
  const cause = draft.record({ kind: 'clock.set', facts: { stepMs: Math.round(offMs), by: 'cloud' } });
  draft.record({ kind: 'alarm.ended', cause, facts: { condition: 'clock' } });
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

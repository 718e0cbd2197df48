/**
 * What holds for every plan of every bank, whatever the event: checked after each step of every planner
 * test. Nothing but tests imports it.
 */
import { kioskView } from '../../contract/kiosk.ts';
import { NO_HASH, type RecordDraft, writeRecord } from '../../ledger/record.ts';
import type { Moment, Planned } from './draft.ts';
import type { Event } from './plan.ts';
import type { BankState, Compartment } from './state.ts';
import { view } from './view.ts';

export const PULSES_MAX = 3;

type Pulses = { session: string; count: number; release: number | null };

/** What the rules remember from plan to plan: the chain, custody, and the pulses of each session. */
export type RuleLedger = {
  prev: string;
  use: Map<number, string>;
  pulses: Map<number, Pulses>;
  answered: Set<number>;
  /** Releases whose outcome is on record, by whomever it was told. */
  settled: Set<number>;
  /** Doors that were forced, and that no order has put back into service since. */
  forced: Set<number>;
  /** Doors behind which a sensor has seen something since they were last empty. */
  saw: Set<number>;
  /** Doors with an order to open them that nobody has used yet. */
  ordered: number[];
  secrets: Set<string>;
};

export function newLedger(): RuleLedger {
  return {
    prev: NO_HASH,
    use: new Map(),
    pulses: new Map(),
    answered: new Set(),
    settled: new Set(),
    forced: new Set(),
    saw: new Set(),
    ordered: [],
    secrets: new Set(),
  };
}

export type Checked = {
  before: BankState;
  event: Event;
  planned: Planned;
  moment: Moment;
  ledger: RuleLedger;
};

export function checkPlan(checked: Checked): void {
  noteSight(checked);
  checkRecords(checked);
  checkEffects(checked);
  checkSessions(checked.planned.state);
  checkUse(checked);
  checkScreen(checked);
}

function noteSight({ event, planned, ledger }: Checked): void {
  if (event.type !== 'sensed') return;
  const { compartment, door, occupied } = event.sensed;
  if (door === 'closed' && occupied === 'yes' && planned.state.compartment[compartment]?.parcel)
    ledger.saw.add(compartment);
}

function must(holds: boolean, law: string, event: Event): asserts holds {
  if (!holds) throw new Error(`${law}; after ${JSON.stringify(event)}`);
}

/** Every record fits the table of kinds, the numbers have no gap, and pulses are decided before they are sent. */
function checkRecords({ before, event, planned, ledger }: Checked): void {
  must(
    planned.state.lastSeq === before.lastSeq + planned.records.length,
    'the state counts its records',
    event,
  );
  planned.records.forEach((draft, index) => {
    const seq = before.lastSeq + index + 1;
    const written = writeRecord({
      draft,
      source: before.standing.bank,
      seq,
      prev: ledger.prev,
      time: planned.time,
      drawSalt: () => new Uint8Array(16),
    });
    ledger.prev = written.hash;
    noteOrder(draft, ledger);
    noteSession(draft, { event, ledger, seq });
    noteCustody(draft, event, ledger);
    if (draft.kind === 'release.answered') noteAnswer(draft, event, ledger);
    for (const name of ['tracking', 'flat'] as const)
      if (draft.fields?.[name] !== undefined) ledger.secrets.add(draft.fields[name]);
  });
}

function noteSession(
  draft: RecordDraft,
  { event, ledger, seq }: { event: Event; ledger: RuleLedger; seq: number },
): void {
  const n = draft.compartment ?? 0;
  const open = ledger.pulses.get(n);
  if (draft.kind === 'session.opened') {
    must(open === undefined, `door ${n} has one session at a time`, event);
    if (draft.facts?.work === 'staff-release')
      must(spend(ledger.ordered, n), `staff open door ${n} by an order that was accepted, once`, event);
    ledger.pulses.set(n, { session: draft.fields?.session ?? '', count: 0, release: null });
  }
  if (draft.kind === 'session.ended')
    must(ledger.pulses.delete(n), `only an open session of door ${n} ends`, event);
  if (draft.kind !== 'release.decided' || draft.decision?.allow !== true) return;
  must(
    open !== undefined && open.session === draft.fields?.session,
    'a pulse stands in its own session',
    event,
  );
  open.count++;
  must(
    open.count <= PULSES_MAX && draft.facts?.pulse === open.count,
    `at most ${PULSES_MAX} pulses a session, counted`,
    event,
  );
  must(
    open.release === null || ledger.settled.has(open.release),
    `release ${open.release} has its outcome before the next one of its session`,
    event,
  );
  open.release = seq;
}

function noteOrder(draft: RecordDraft, ledger: RuleLedger): void {
  if (draft.kind === 'order.accepted' && draft.facts?.act === 'staff-release')
    ledger.ordered.push(draft.compartment ?? 0);
}

function spend(orders: number[], n: number): boolean {
  const at = orders.indexOf(n);
  if (at >= 0) orders.splice(at, 1);
  return at >= 0;
}

function noteAnswer(draft: RecordDraft, event: Event, ledger: RuleLedger): void {
  const cause = draft.cause ?? 0;
  ledger.settled.add(cause);
  // The door may settle what nobody answered; a board's answer never comes twice.
  if (draft.facts?.by === 'door') return;
  must(!ledger.answered.has(cause), `release ${cause} is answered once`, event);
  ledger.answered.add(cause);
}

const MOVES: Partial<Record<RecordDraft['kind'], { from: readonly string[]; to: string }>> = {
  'parcel.accepted': { from: ['empty'], to: 'reserved' },
  'parcel.not-deposited': { from: ['reserved'], to: 'empty' },
  'parcel.deposited': { from: ['reserved'], to: 'occupied' },
  'parcel.collected': { from: ['occupied'], to: 'empty' },
  'parcel.held': { from: ['occupied', 'reserved'], to: 'held' },
  'parcel.removed': { from: ['occupied', 'held'], to: 'empty' },
  'compartment.freed': { from: ['held'], to: 'empty' },
};

function noteCustody(draft: RecordDraft, event: Event, ledger: RuleLedger): void {
  const n = draft.compartment ?? 0;
  if (draft.kind === 'door.forced') ledger.forced.add(n);
  if (draft.kind === 'compartment.restored') ledger.forced.delete(n);
  if (draft.kind === 'parcel.accepted')
    must(!ledger.forced.has(n), `door ${n} was forced and takes no parcel before an order says so`, event);
  const move = MOVES[draft.kind];
  if (!move) return;
  const was = ledger.use.get(n) ?? 'empty';
  must(move.from.includes(was), `${draft.kind} at door ${n} while it is ${was}`, event);
  ledger.use.set(n, move.to);
}

/** Commit, then act: what an effect does was recorded in the very plan that asks for it. */
function checkEffects({ before, event, planned }: Checked): void {
  const recordAt = (seq: number) => planned.records[seq - before.lastSeq - 1];
  for (const effect of planned.effects) {
    if (effect.do === 'pulse') {
      const decided = recordAt(effect.seq);
      must(
        decided?.kind === 'release.decided' && decided.decision?.allow === true,
        'a pulse follows its own decision',
        event,
      );
      must(decided.compartment === effect.compartment, 'a pulse moves the latch that was decided', event);
    }
    if (effect.do === 'compare' || effect.do === 'compare-courier') {
      must(
        recordAt(effect.seq)?.kind === 'attempt.counted',
        'an attempt is counted before it is compared',
        event,
      );
    }
    if (effect.do === 'compare' && effect.method !== 'qr') {
      const spent = Object.entries(planned.state.guesses).some(
        ([key, guesses]) =>
          guesses.count > (before.guesses[key]?.count ?? 0) || guesses.day !== before.guesses[key]?.day,
      );
      must(spent, 'a guess is taken from its budget before it is compared', event);
    }
  }
  const pulses = planned.effects.filter((effect) => effect.do === 'pulse').length;
  must(pulses <= 1, 'one event sends one pulse at most', event);
}

function checkSessions(state: BankState): void {
  const taken = new Set<string>();
  for (const session of Object.values(state.session)) {
    for (const key of [session.grant, `door ${session.compartment}`]) {
      if (key === null) continue;
      if (taken.has(key)) throw new Error(`two sessions hold ${key}`);
      taken.add(key);
    }
    if (session.pulses > PULSES_MAX) throw new Error('a session has more than three pulses');
    const { screen } = state.volatile;
    const onScreen = screen.at === 'session' && screen.session === session.id;
    if (session.state === 'open' && !onScreen) throw new Error('a session is open and nobody attends it');
  }
  for (const grant of Object.values(state.grant)) {
    const session = grant.session === null ? undefined : state.session[grant.session];
    if (grant.session !== null && session?.grant !== grant.id)
      throw new Error('a grant names a session that is not its own');
  }
}

/** Custody in the state is what the records say, and nothing but a word or a sensor's sight ends it. */
function checkUse({ before, event, planned, ledger }: Checked): void {
  for (const compartment of Object.values(planned.state.compartment)) {
    must(
      compartment.use === (ledger.use.get(compartment.n) ?? 'empty'),
      `door ${compartment.n} is what its records say`,
      event,
    );
    const was = before.compartment[compartment.n];
    if ((was?.use === 'occupied' || was?.use === 'held') && compartment.use === 'empty')
      checkFreed(was, { before, event, planned, ledger });
    if (compartment.use === 'empty') ledger.saw.delete(compartment.n);
  }
}

function checkFreed(
  was: Compartment,
  { before, event, planned, ledger }: Pick<Checked, 'before' | 'event' | 'planned' | 'ledger'>,
): void {
  const session = was.session === null ? undefined : before.session[was.session];
  const byStaff = session?.work === 'staff-release';
  const took = byStaff ? ['parcel.removed', 'compartment.freed'] : ['parcel.collected'];
  const freed = planned.records.find(({ kind, compartment }) => took.includes(kind) && compartment === was.n);
  must(freed !== undefined, `door ${was.n} is freed by a collection, or by staff with an order`, event);
  must(session?.doorSensedOpen === true, 'nothing is taken through a door that was never open', event);
  const words = byStaff ? ['removed', 'empty'] : ['collected'];
  if (event.type === 'sensed')
    must(words.includes(session.said ?? ''), 'a closing door alone frees nothing', event);
  if (event.type === 'tick')
    must(freed.facts?.basis === 'occupancy' && was.occupied === 'no', 'time alone frees nothing', event);
  if (event.type === 'tick')
    must(ledger.saw.has(was.n), 'a sensor that never saw a parcel does not miss it', event);
}

/** The view is one that the contract knows, and at home it holds nothing of anybody. */
function checkScreen({ planned, moment, event, ledger }: Checked): void {
  const shown = view(planned.state, moment);
  kioskView.parse(shown);
  if (shown.show.screen !== 'home' && shown.show.screen !== 'closed') return;
  const text = JSON.stringify(shown);
  const labels = Object.values(planned.state.directory).flatMap(({ entries }) =>
    entries.map((entry) => entry.label),
  );
  for (const own of [...ledger.secrets, ...labels])
    must(!text.includes(own), `the home screen shows ${own}`, event);
}

/** Freezes a value and everything in it, so that a plan which edits what it was given throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || value instanceof Uint8Array)
    return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}

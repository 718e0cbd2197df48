/**
 * What the durable records of one bank say, folded by the observer for itself: sessions, custody, doors,
 * budgets, suspensions, grants. It knows the record format and the design, and nothing of the planner.
 */
import { foldParcel, type Standing } from '../../src/cloud/parcels/custody.ts';
import type { Policy } from '../../src/domain/roster.ts';
import type { LedgerRecord, WrittenRecord } from '../../src/ledger/record.ts';
import type { Law } from './laws.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

export type FoldedSession = {
  id: string;
  work: string;
  grant: string | null;
  openedMs: number;
  pulses: number;
  /** The last allowed release, and whether its outcome is on record. */
  release: { seq: number; settled: boolean } | null;
  doorOpenedMs: number | null;
  /** True time at which the process was shown its door open, though the journal may have had no room for it. */
  shownOpenMs: number | null;
  /** Its door was open at some time, by whatever hand or key; `doorOpenedMs` is by a release alone. */
  stoodOpen: boolean;
  /** A sensor had seen something behind this door as the session began, since it was last empty. */
  sawInside: boolean;
  /** What the person at the screen said since the session began, and when its door had been open. */
  words: Set<string>;
};

type Counted = { method: string; key: string | null; commit: number };
type Held = { scope: string; subject: string | null; compartment: number | null };
type Use = 'empty' | 'reserved' | 'occupied' | 'held';

/** What each kind makes of a compartment. What is not listed leaves it as it is. */
const MOVES: Readonly<Record<string, { from: readonly Use[]; to: Use }>> = {
  'parcel.accepted': { from: ['empty'], to: 'reserved' },
  'parcel.not-deposited': { from: ['reserved'], to: 'empty' },
  'parcel.deposited': { from: ['reserved'], to: 'occupied' },
  'parcel.collected': { from: ['occupied'], to: 'empty' },
  'parcel.held': { from: ['occupied', 'reserved'], to: 'held' },
  'parcel.removed': { from: ['occupied', 'held'], to: 'empty' },
  'compartment.freed': { from: ['held'], to: 'empty' },
};

export type FoldDeps = {
  policy: Policy;
  breach(law: Law, detail: string): void;
  /** The last look at a compartment that the process was given. */
  lookedAt(n: number): { door: string; occupied: string } | undefined;
  /** The flat that was last typed here, as it is compared. */
  flatTyped(): string;
  /** True time, whatever the bank takes it to be. */
  nowMs(): number;
  /** Is the journal known to be without room? */
  isFull(): boolean;
};

export class BankFold {
  readonly sessions = new Map<number, FoldedSession>();
  readonly doors = new Map<number, 'open' | 'closed'>();
  /** Allowed releases whose frame was not seen yet, by door. */
  readonly decisions = new Map<number, { seq: number; session: string }>();
  readonly grants = new Map<string, { untilMs: number; sessions: number; issue: number }>();
  readonly parcels = new Map<string, Standing>();
  commits = 0;
  /** Expiry stands still, by record. */
  frozen = false;
  /** Clocks that staff have set: days, and with them budgets, begin anew. */
  #clocksSet = 0;
  readonly uses = new Map<number, Use>();
  readonly withdrawn = new Set<number>();
  /** Doors that were forced, and that no order has put back into service since. */
  readonly #forced = new Set<number>();
  /** The transaction in which a courier last changed from one door to another. */
  #changedDoors = 0;
  readonly #counted = new Map<number, Counted>();
  readonly #spent = new Map<string, number>();
  /** Doors behind which something was seen since they were last empty. */
  readonly #saw = new Set<number>();
  readonly held: Held[] = [];
  readonly #deps: FoldDeps;

  constructor(deps: FoldDeps) {
    this.#deps = deps;
  }

  /** The process was shown that something lies at a door. */
  shownInside(n: number): void {
    this.#saw.add(n);
  }

  /** The process was shown an open door. */
  shownOpen(n: number): void {
    const session = this.sessions.get(n);
    if (session) session.shownOpenMs ??= this.#deps.nowMs();
  }

  /** What was decided and not yet done when the process ended must never be done; what it was shown is lost. */
  crashed(): void {
    this.decisions.clear();
    for (const session of this.sessions.values())
      if (session.doorOpenedMs === null && !session.stoodOpen) session.shownOpenMs = null;
  }

  take(written: WrittenRecord): void {
    const { record } = written;
    const of = (field: keyof WrittenRecord['openings']) => written.openings[field]?.value ?? null;
    switch (record.kind) {
      case 'session.opened':
        return this.#sessionOpened(record, {
          session: of('session'),
          grant: of('grant'),
          person: of('person'),
        });
      case 'session.ended':
        return this.#sessionEnded(record);
      case 'release.decided':
        return this.#decided(record, of('session') ?? '');
      case 'release.answered':
        return this.#answered(record);
      case 'attempt.counted':
        return this.#attemptCounted(record, of('person'));
      case 'attempt.decided':
        return this.#attemptDecided(record);
      case 'door.opened':
      case 'door.forced':
        return this.#doorOpened(record);
      case 'door.closed':
        return void this.doors.set(record.compartment ?? 0, 'closed');
      case 'grant.issued':
        return this.#granted(record, of('grant') ?? '');
      case 'suspension.applied':
        return void this.held.push(heldOf(record, of('subject')));
      case 'compartment.withdrawn':
        return void this.withdrawn.add(record.compartment ?? 0);
      case 'compartment.restored':
        this.#forced.delete(record.compartment ?? 0);
        return void this.withdrawn.delete(record.compartment ?? 0);
      case 'clock.frozen':
        this.frozen = true;
        return;
      case 'clock.set':
        this.frozen = false;
        if (record.facts.by === 'order') this.#clocksSet++;
        return;
      case 'suspension.ended':
        return this.#suspensionEnded(heldOf(record, of('subject')));
      default:
        if (MOVES[record.kind]) this.#moved(record, of('parcel') ?? '', of('grant'));
    }
  }

  #sessionOpened(
    record: LedgerRecord,
    who: { session: string | null; grant: string | null; person: string | null },
  ): void {
    const { breach } = this.#deps;
    const n = record.compartment ?? 0;
    if (this.sessions.has(n)) breach('at most one session a door', `door ${n} at record ${record.seq}`);
    const work = String(record.facts.work);
    const grant = who.grant === null ? undefined : this.grants.get(who.grant);
    if (grant) {
      grant.sessions++;
      if (grant.sessions > 1) breach('at most one session a code', `a second one at record ${record.seq}`);
      const { atMs, uncertaintyMs, source } = record.time;
      if (grant.untilMs <= atMs - uncertaintyMs && source !== 'frozen')
        breach('rights end with their time', `a grant was over at record ${record.seq}`);
    }
    this.#newWork(record, work);
    const isSuspended = (scope: string, is: (held: Held) => boolean) =>
      this.held.some((held) => held.scope === scope && is(held));
    if (work === 'drop-off' && isSuspended('courier', (held) => held.subject === who.person))
      breach('a suspension is obeyed', `a suspended courier began at record ${record.seq}`);
    this.sessions.set(n, {
      id: who.session ?? '',
      work,
      grant: who.grant,
      openedMs: record.time.atMs,
      pulses: 0,
      release: null,
      doorOpenedMs: null,
      shownOpenMs: this.doors.get(n) === 'open' ? this.#deps.nowMs() : null,
      stoodOpen: this.doors.get(n) === 'open',
      sawInside: this.#saw.has(n),
      words: new Set(),
    });
  }

  /** A journal without room takes on nothing; who stands at one door with a parcel may still change to another. */
  #newWork(record: LedgerRecord, what: string): void {
    if (!this.#deps.isFull() || what === 'pick-up') return;
    if (what === 'drop-off' && this.#changedDoors === this.commits) return;
    this.#deps.breach('without room nothing new begins', `${what} began at record ${record.seq}`);
  }

  #sessionEnded(record: LedgerRecord): void {
    const n = record.compartment ?? 0;
    // Staff with a claim end a session whose door never opened; then the code has bought nothing yet.
    const given = this.sessions.get(n)?.grant ?? null;
    const grant = given === null ? undefined : this.grants.get(given);
    if (grant && record.facts.end === 'order' && record.facts.doorSensedOpen === false) grant.sessions--;
    this.decisions.delete(n);
    if (!this.sessions.delete(n))
      this.#deps.breach('at most one session a door', `none to end at record ${record.seq}`);
  }

  #decided(record: LedgerRecord, id: string): void {
    if (record.decision?.allow !== true) return;
    const { breach, policy } = this.#deps;
    const n = record.compartment ?? 0;
    const session = this.sessions.get(n);
    if (session?.id !== id)
      return breach(
        'no pulse outside a session, and no more than its limit',
        `door ${n}, record ${record.seq}`,
      );
    session.pulses++;
    if (session.release?.settled === false)
      breach(
        'a release has its outcome before the next one of its session',
        `${session.release.seq} at door ${n} has none, record ${record.seq}`,
      );
    session.release = { seq: record.seq, settled: false };
    if (session.pulses > policy.pulsesPerSession)
      breach('no pulse outside a session, and no more than its limit', `${session.pulses} at door ${n}`);
    if (this.withdrawn.has(n) && session.work !== 'staff-release')
      breach('what is out of service serves staff alone', `door ${n} was decided at record ${record.seq}`);
    if (
      this.held.some(
        ({ scope, compartment }) => scope === 'bank' || (scope === 'compartment' && compartment === n),
      )
    )
      breach('a suspension is obeyed', `door ${n} was decided at record ${record.seq}`);
    this.decisions.set(n, { seq: record.seq, session: id });
  }

  #answered(record: LedgerRecord): void {
    const release = this.sessions.get(record.compartment ?? 0)?.release;
    if (release && release.seq === record.cause) release.settled = true;
  }

  /** A guess is spent when it is counted, and given back only when it was right. */
  #attemptCounted(record: LedgerRecord, person: string | null): void {
    const { policy, breach } = this.#deps;
    const method = String(record.facts.method);
    // A clock that was set back is in no time of a record before it has caught up; the bank's own day is, and
    // it is one of those that the record's uncertainty allows.
    const { atMs, uncertaintyMs } = record.time;
    const own = Number(record.facts.kioskDay);
    if (own < Math.floor((atMs - uncertaintyMs) / DAY_MS) || own > Math.floor(atMs / DAY_MS))
      breach('guesses stay within their budgets', `day ${own} is not the bank's, record ${record.seq}`);
    const day = `${own}/${this.#clocksSet}`;
    this.#newWork(record, method);
    const budgets: Record<string, { key: string; most: number }> = {
      pin: { key: `kiosk ${day}`, most: policy.kioskGuessesPerDay },
      'flat-and-pin': { key: `flat ${this.#deps.flatTyped()} ${day}`, most: policy.guessesPerGrantDay },
      'courier-code': { key: `courier ${person} ${day}`, most: policy.courierGuessesPerDay },
    };
    const budget = budgets[method];
    this.#counted.set(record.seq, { method, key: budget?.key ?? null, commit: this.commits });
    if (!budget) return;
    const spent = (this.#spent.get(budget.key) ?? 0) + 1;
    this.#spent.set(budget.key, spent);
    if (spent > budget.most)
      breach(
        'guesses stay within their budgets',
        `${spent} of ${budget.most} for ${method}, record ${record.seq}`,
      );
  }

  #attemptDecided(record: LedgerRecord): void {
    const { breach } = this.#deps;
    const method = String(record.facts.method);
    const counted = this.#counted.get(record.cause ?? 0);
    const allowed = record.decision?.allow === true;
    if (record.cause === undefined) {
      // A claim has 128 bits and spends no budget; that it belongs to an order is a law of its own.
      if (allowed && method !== 'order')
        breach('an attempt is counted before it is compared', `record ${record.seq} has no count`);
      return;
    }
    if (counted?.method !== method || counted.commit >= this.commits)
      return breach('an attempt is counted before it is compared', `record ${record.seq}`);
    this.#counted.delete(record.cause);
    if (!allowed || counted.key === null) return;
    const spent = this.#spent.get(counted.key) ?? 0;
    this.#spent.set(counted.key, method === 'courier-code' ? 0 : spent - 1);
  }

  #doorOpened(record: LedgerRecord): void {
    const n = record.compartment ?? 0;
    this.doors.set(n, 'open');
    const session = this.sessions.get(n);
    if (session) session.stoodOpen = true;
    if (record.kind === 'door.forced') this.#forced.add(n);
    if (record.kind !== 'door.opened' || !session) return;
    session.doorOpenedMs = record.time.atMs;
    session.shownOpenMs ??= this.#deps.nowMs();
  }

  #granted(record: LedgerRecord, grant: string): void {
    const untilMs = Number(record.facts.untilMs);
    const known = this.grants.get(grant);
    this.grants.set(grant, { untilMs, sessions: known?.sessions ?? 0, issue: Number(record.facts.issue) });
  }

  #suspensionEnded(ended: Held): void {
    const at = this.held.findIndex(
      (held) =>
        held.scope === ended.scope &&
        held.subject === ended.subject &&
        held.compartment === ended.compartment,
    );
    if (at < 0) this.#deps.breach('a suspension is obeyed', `${ended.scope} ended that never began`);
    else this.held.splice(at, 1);
  }

  #moved(record: LedgerRecord, parcel: string, grant: string | null): void {
    const { breach } = this.#deps;
    const n = record.compartment ?? 0;
    const was = this.uses.get(n) ?? 'empty';
    const move = MOVES[record.kind];
    if (!move?.from.includes(was))
      return breach('custody has one holder', `${record.kind} at door ${n}, which is ${was}`);
    if (record.kind === 'parcel.accepted' && (this.withdrawn.has(n) || this.#forced.has(n)))
      breach('what is out of service serves staff alone', `a parcel for door ${n}, record ${record.seq}`);
    this.uses.set(n, move.to);
    const folded = foldParcel(this.parcels.get(parcel), record);
    if (folded.complaint !== undefined || !folded.standing)
      return breach('custody has one holder', `${folded.complaint ?? 'no holder'}, record ${record.seq}`);
    this.parcels.set(parcel, folded.standing);
    if (record.kind === 'parcel.deposited' && grant !== null)
      this.grants.set(grant, { untilMs: Number(record.facts.untilMs), sessions: 0, issue: 0 });
    if (move.to !== 'empty') return;
    this.#freed(record, n);
    this.#saw.delete(n);
  }

  /** A compartment is freed for a reason that somebody said or a sensor saw, never by a door or by time. */
  #freed(record: LedgerRecord, n: number): void {
    const session = this.sessions.get(n);
    const reason = this.#reasonToFree(record, n, session);
    if (reason !== undefined)
      this.#deps.breach(
        'only a word or a sight frees a compartment',
        `${reason}: door ${n}, record ${record.seq}`,
      );
  }

  #reasonToFree(record: LedgerRecord, n: number, session: FoldedSession | undefined): string | undefined {
    const look = this.#deps.lookedAt(n);
    if (record.kind === 'parcel.collected') {
      if (!session?.stoodOpen) return 'collected through a door that was never open';
      if (look?.occupied === 'yes') return 'collected against the sensor';
      if (record.facts.basis === 'person')
        return session.words.has('collected') ? undefined : 'nobody said so';
      if (session.doorOpenedMs === null) return 'by sight through a door that no release opened';
      // By the bank's time, or by the true one where the bank's was set back meanwhile.
      const waitedMs = Math.max(
        record.time.atMs - session.doorOpenedMs,
        this.#deps.nowMs() - (session.shownOpenMs ?? Number.POSITIVE_INFINITY),
      );
      if (look?.occupied !== 'no') return 'nothing saw it empty';
      if (!session.sawInside) return 'nothing had seen it inside';
      return waitedMs < this.#deps.policy.graceMinutes * MINUTE_MS ? 'within the grace time' : undefined;
    }
    if (record.kind === 'parcel.not-deposited') {
      const { why } = record.facts;
      if (why === 'larger' || why === 'door-did-not-open') this.#changedDoors = this.commits;
      if (why === 'door-did-not-open') {
        if (session?.doorOpenedMs !== null) return 'its door was open';
        // Whatever its sensor says: nobody gets this door before staff have looked.
        if (!this.withdrawn.has(n)) return 'a latch that nobody knows stays in service';
        return session?.words.has('other-door') ? undefined : 'nobody said so';
      }
      if (look?.occupied === 'yes') return 'given up against the sensor';
      if (why === 'cancelled')
        return session?.words.has('cancel') || session?.words.has('leave') ? undefined : 'nobody said so';
      if (why === 'larger') return session?.words.has('larger') ? undefined : 'nobody said so';
      const seen = look?.occupied === 'no' || session?.doorOpenedMs === null;
      return seen ? undefined : 'nothing saw it empty';
    }
    if (record.facts.basis !== 'order') return `freed by ${record.facts.basis}`;
    if (session?.work !== 'staff-release' || !session.stoodOpen)
      return 'by staff through a door that was never open';
    return session.words.has('found') ? undefined : 'nobody said so';
  }
}

function heldOf(record: LedgerRecord, subject: string | null): Held {
  return { scope: String(record.facts.scope), subject, compartment: record.compartment ?? null };
}

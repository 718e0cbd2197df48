/**
 * Holds a simulation to the laws. It sees what the outside sees (records once they are durable, frames on
 * the wire, doors of steel, what people press, what the model cloud commits) and never asks the planner.
 */
import { createHmac } from 'node:crypto';
import type { JudgedBatch } from '../../src/cloud/intake/judge.ts';
import type { KioskAction } from '../../src/contract/kiosk.ts';
import { utf8 } from '../../src/crypto/bytes.ts';
import { normalFlat } from '../../src/domain/scan.ts';
import type { Grant, OrderBook } from '../../src/edge/plan/state.ts';
import { NO_HASH, type WrittenRecord } from '../../src/ledger/record.ts';
import type { Agenda } from './agenda.ts';
import type { Census } from './census.ts';
import type { Write } from './disk.ts';
import { BankFold } from './fold.ts';
import type { Breach, Law } from './laws.ts';
import type { Look } from './metal.ts';
import { OrderFold, Papers } from './order-fold.ts';
import type { Paper } from './orders.ts';
import type { Site, SiteBank } from './site.ts';

export type Notice = { grant: string; recipient: string; reference: string; pin: string; qr: string };

/** So long a door may stand open, seen by a running bank, before its record must be durable. */
const SEEN_MS_MAX = 5_000;

/** What the observer may see of a bank's outside. */
export type Outside = {
  isRunning: boolean;
  metal: {
    look(n: number): Look;
    space(n: number): { board: number };
    present: ReadonlyMap<number, boolean>;
  };
};

type Watched = {
  bank: SiteBank;
  fold: BankFold;
  records: WrittenRecord[];
  acknowledged: number;
  committed: number;
  looks: Map<number, Look>;
  stamps: Map<number, number>;
  verifiers: Map<string, { issue: number; pin: string; qr: string | null }>;
  codes: Map<string, string>;
  references: Set<string>;
  wishes: Set<string>;
  typed: string;
  flat: string;
  orders: OrderFold;
  scanned: string;
  claimed: string;
  room: RoomWatched;
};

/** Since when the bank has known that its journal has no room, and what its sensors have told it since. */
type RoomWatched = {
  full: boolean;
  since: number;
  doors: Map<number, string>;
  opened: number;
};

export class Observer {
  breach: Breach | null = null;
  readonly #agenda: Agenda;
  readonly #census: Census;
  readonly #papers = new Papers();
  readonly #banks: Map<string, Watched>;
  #outside: (bank: string) => Outside | undefined = () => undefined;

  constructor(deps: { agenda: Agenda; census: Census; site: Site }) {
    this.#agenda = deps.agenda;
    this.#census = deps.census;
    this.#banks = new Map(deps.site.banks.map((bank) => [bank.id, this.#watch(bank, deps.site.policy)]));
  }

  /** Where the steel is to be looked at; set once the banks stand. */
  standBefore(outside: (bank: string) => Outside | undefined): void {
    this.#outside = outside;
  }

  #watch(bank: SiteBank, policy: Site['policy']): Watched {
    const watched: Watched = {
      bank,
      fold: new BankFold({
        policy,
        breach: (law, detail) => this.#broken(bank.id, law, detail),
        lookedAt: (n) => watched.looks.get(n),
        flatTyped: () => watched.flat,
        nowMs: () => this.#agenda.nowMs,
        isFull: () => watched.room.full,
      }),
      records: [],
      acknowledged: 0,
      committed: 0,
      looks: new Map(),
      stamps: new Map(),
      verifiers: new Map(),
      codes: new Map(),
      references: new Set(),
      wishes: new Set(),
      typed: '',
      flat: '',
      orders: new OrderFold({
        bank: bank.id,
        papers: this.#papers,
        breach: (law, detail) => this.#broken(bank.id, law, detail),
        scanned: () => watched.scanned,
        claimed: () => watched.claimed,
      }),
      scanned: '',
      claimed: '',
      room: { full: false, since: 0, doors: new Map(), opened: 0 },
    };
    return watched;
  }

  #of(bank: string): Watched {
    const watched = this.#banks.get(bank);
    if (!watched) throw new Error('a bank that nobody watches');
    return watched;
  }

  #broken(bank: string, law: Law, detail: string): void {
    this.breach ??= { law, bank, detail };
  }

  threw(bank: string, error: Error): void {
    this.#broken(bank, 'nothing throws', error.stack ?? error.message);
  }

  /** One transaction has become durable. */
  durable(bank: string, writes: readonly Write[]): void {
    const watched = this.#of(bank);
    watched.fold.commits++;
    for (const write of writes) {
      if (write.on === 'record') this.#record(watched, write.written);
      if (write.on === 'wish') watched.wishes.add(write.wish.reference);
      if (write.on === 'entity' && write.change.collection === 'grant')
        this.#grantKept(watched, write.change.entity as Grant | undefined);
      if (write.on === 'entity' && write.change.collection === 'orderBook')
        watched.orders.nonce = (write.change.entity as OrderBook).nonce;
      if (write.on === 'head')
        this.#census.event(bank, `head ${write.head.first}-${write.head.last} ${write.head.hash}`);
      if (write.on === 'acknowledged') this.#acknowledged(watched, write.seq);
    }
  }

  #record(watched: Watched, written: WrittenRecord): void {
    const { record, hash } = written;
    const last = watched.records.at(-1);
    const isNext = record.seq === watched.records.length + 1 && record.prev === (last?.hash ?? NO_HASH);
    if (!isNext || record.time.atMs < (last?.record.time.atMs ?? 0))
      this.#broken(watched.bank.id, 'what is durable stays, in one chain', `record ${record.seq}`);
    watched.records.push(written);
    this.#census.event(watched.bank.id, `record ${record.seq} ${record.kind} ${hash}`);
    this.#census.count('record', record.kind);
    if (record.decision) {
      this.#census.count('decision', `${record.kind} ${record.decision.allow ? 'allow' : 'deny'}`);
      if (!record.decision.allow) this.#census.count('denial', record.decision.reason);
    } else if (typeof record.facts.reason === 'string') this.#census.count('denial', record.facts.reason);
    if (record.kind === 'session.opened' && record.facts.work === 'pick-up') this.#ownDoor(watched, written);
    const { order, session } = written.openings;
    watched.orders.take(record, { order: order?.value ?? '', session: session?.value ?? '' });
    watched.fold.take(written);
  }

  /** An order was signed, rightly or not. */
  signed(paper: Paper): void {
    this.#papers.add(paper);
  }

  /** What an office learns from the records of a bank. */
  told(bank: string) {
    const { uses, withdrawn, held, frozen } = this.#of(bank).fold;
    return { uses, withdrawn, suspended: held.length, frozen };
  }

  /** The bank has found that there is no room, or was told that there is some again. */
  room(bank: string, hasRoom: boolean): void {
    const watched = this.#of(bank);
    const { room, fold, records } = watched;
    if (room.full !== hasRoom) return;
    this.#census.event(bank, hasRoom ? 'has room again' : 'has no room');
    room.full = !hasRoom;
    for (const n of watched.bank.standing.layout.compartments) this.blinked(bank, n.n);
    if (!hasRoom) {
      watched.room = { full: true, since: records.length, doors: new Map(fold.doors), opened: 0 };
      return;
    }
    const seen = watched.room;
    this.#agenda.after(SEEN_MS_MAX, () => {
      if (watched.room === seen && !seen.full) this.#checkTold(watched);
    });
  }

  /** Each opening that the bank was told of while it could not write is a record by now. */
  #checkTold({ bank, records, room: { since, opened } }: Watched): void {
    const told = records
      .slice(since)
      .filter(({ record: { kind } }) => kind === 'door.opened' || kind === 'door.forced');
    if (told.length < opened)
      this.#broken(
        bank.id,
        'what happened without room is told afterwards',
        `${told.length} of ${opened} openings`,
      );
  }

  /** The code that was typed is the one that was told for the grant whose door opens. */
  #ownDoor(watched: Watched, { record, openings }: WrittenRecord): void {
    const grant = openings.grant?.value ?? '';
    const owner = watched.codes.get(watched.typed);
    if (owner !== undefined && owner !== grant)
      this.#broken(watched.bank.id, 'a code opens its own door', `record ${record.seq}`);
  }

  #grantKept(watched: Watched, grant: Grant | undefined): void {
    if (!grant || grant.pinVerifier === null) return;
    watched.verifiers.set(grant.id, { issue: grant.issue, pin: grant.pinVerifier, qr: grant.qrVerifier });
  }

  #acknowledged(watched: Watched, seq: number): void {
    watched.acknowledged = seq;
    if (seq > watched.committed)
      this.#broken(watched.bank.id, 'an acknowledgement means committed', `${seq} of ${watched.committed}`);
  }

  /** A frame leaves for a lock: there is a durable decision for it, of this life, and nobody used it yet. */
  frame(bank: string, target: { board: number; lock: number }): void {
    const watched = this.#of(bank);
    const place = watched.bank.standing.layout.compartments.find(
      ({ board, lock }) => board === target.board && lock === target.lock,
    );
    const n = place?.n ?? 0;
    this.#census.event(bank, `frame ${n}`);
    this.#census.count('pulse', watched.fold.sessions.get(n)?.work ?? 'none');
    const decision = watched.fold.decisions.get(n);
    if (!decision)
      return this.#broken(bank, 'a pulse follows a durable decision of its own', `a frame to door ${n}`);
    watched.fold.decisions.delete(n);
    if (watched.fold.sessions.get(n)?.id !== decision.session)
      this.#broken(bank, 'no pulse outside a session, and no more than its limit', `a frame to door ${n}`);
  }

  crashed(bank: string): void {
    const watched = this.#of(bank);
    watched.fold.crashed();
    // What only the memory of that process held is lost with it; the next one looks at every door.
    watched.room = { full: false, since: 0, doors: new Map(), opened: 0 };
    for (const { n } of watched.bank.standing.layout.compartments) this.blinked(bank, n);
  }

  booted(bank: string): void {
    this.#census.event(bank, 'boot');
    for (const { n } of this.#of(bank).bank.standing.layout.compartments) this.blinked(bank, n);
  }

  did(bank: string, action: KioskAction): void {
    const watched = this.#of(bank);
    this.#census.event(bank, `does ${action.do}`);
    if (action.do === 'pin' || action.do === 'flat-and-pin') watched.typed = action.pin;
    if (action.do === 'scan') {
      watched.typed = action.text;
      watched.scanned = action.text;
      if (action.text.startsWith('HFO1')) watched.claimed = action.text;
    }
    if (action.do === 'flat-and-pin') watched.flat = normalFlat(action.flat);
    // The screen knows whose session it shows; from outside, a word may be about any that is open.
    for (const session of watched.fold.sessions.values())
      if ((action.do !== 'collected' && action.do !== 'found') || session.shownOpenMs !== null)
        session.words.add(action.do);
  }

  /** The process was given a look at a compartment. */
  looked(bank: string, n: number, look: Look): void {
    const { looks, room, fold } = this.#of(bank);
    looks.set(n, look);
    if (look.door === 'open') fold.shownOpen(n);
    if (look.occupied === 'yes') fold.shownInside(n);
    if (!room.full) return;
    if (look.door === 'open' && room.doors.get(n) !== 'open') room.opened++;
    room.doors.set(n, look.door);
  }

  /** Something about a door or its sensor changed; if it then rests, the records must come to say the same. */
  blinked(bank: string, n: number): void {
    const watched = this.#of(bank);
    const stamp = (watched.stamps.get(n) ?? 0) + 1;
    watched.stamps.set(n, stamp);
    this.#agenda.after(SEEN_MS_MAX, () => {
      if (watched.stamps.get(n) === stamp) this.#checkDoor(watched, n);
    });
  }

  #checkDoor(watched: Watched, n: number): void {
    const { id } = watched.bank;
    const outside = this.#outside(id);
    // Without room it is kept in mind, and told when there is some: then all doors are looked at again.
    if (watched.room.full) return;
    if (!outside?.isRunning || outside.metal.present.get(outside.metal.space(n).board) !== true) return;
    const seen = outside.metal.look(n).door;
    const told = watched.fold.doors.get(n) ?? 'closed';
    if (seen !== told)
      this.#broken(id, 'an open door is on record', `door ${n} is ${seen}, its records say ${told}`);
  }

  cloudCommitted(bank: string, batch: JudgedBatch): void {
    const watched = this.#of(bank);
    const { first, last } = batch.judged.head;
    this.#census.event(bank, `committed ${first}-${last} ${batch.judged.next.lastHead}`);
    const same = batch.records.every((bytes, index) => {
      const own = watched.records[first + index - 1];
      return own !== undefined && Buffer.compare(own.bytes, bytes) === 0;
    });
    if (first !== watched.committed + 1 || last !== first + batch.records.length - 1 || !same)
      this.#broken(
        bank,
        'each record reaches the cloud once, in order',
        `${first}-${last} after ${watched.committed}`,
      );
    watched.committed = last;
    const issued = batch.judged.records.filter(({ kind }) => kind === 'grant.issued').length;
    if (issued !== batch.wishes.length)
      this.#broken(
        bank,
        'a code is bound to its grant and told once',
        `${issued} grants, ${batch.wishes.length} notices`,
      );
  }

  acknowledging(bank: string, seq: number): void {
    const { committed } = this.#of(bank);
    if (seq > committed) this.#broken(bank, 'an acknowledgement means committed', `${seq} of ${committed}`);
  }

  batchRefused(bank: string, reason: string): void {
    this.#broken(bank, 'an honest batch is taken', reason);
  }

  unreadableNotice(bank: string): void {
    this.#broken(bank, 'a code is bound to its grant and told once', 'a notice could not be opened');
  }

  /** The notifier has a code: it must fit the verifier that the bank keeps, by the formula of the design. */
  noticed(bank: string, notice: Notice): void {
    const watched = this.#of(bank);
    if (watched.references.has(notice.reference))
      this.#broken(bank, 'a code is bound to its grant and told once', 'the same notice twice');
    watched.references.add(notice.reference);
    watched.codes.set(notice.pin, notice.grant);
    watched.codes.set(notice.qr, notice.grant);
    const kept = watched.verifiers.get(notice.grant);
    if (!kept)
      return this.#broken(bank, 'a code is bound to its grant and told once', 'a code without a grant');
    const made = (label: string, code: string) =>
      createHmac('sha256', watched.bank.keys.codes)
        .update(utf8([label, bank, notice.grant, String(kept.issue), code].join('\0')))
        .digest('base64url');
    if (kept.pin !== made('pin/v1', notice.pin) || kept.qr !== made('qr/v1', notice.qr))
      this.#broken(bank, 'a code is bound to its grant and told once', 'a verifier of another grant');
  }

  /** After everything was mended and time enough has passed. */
  /** Some bank has written what the cloud has not, or what it does not know that the cloud has. */
  get isUnderWay(): boolean {
    return [...this.#banks.values()].some(
      ({ records, committed, acknowledged }) =>
        committed !== records.length || acknowledged !== records.length,
    );
  }

  drained(): void {
    for (const watched of this.#banks.values()) {
      const { id } = watched.bank;
      const last = watched.records.length;
      const { committed, acknowledged } = watched;
      if (committed !== last || acknowledged !== last)
        this.#broken(
          id,
          'after the faults everything is drained',
          `${last} written, ${committed} committed, ${acknowledged} acknowledged`,
        );
      if (watched.references.size !== watched.wishes.size)
        this.#broken(id, 'after the faults everything is drained', 'a notice is missing');
      for (const [n, session] of watched.fold.sessions) {
        const isOver = session.doorOpenedMs !== null || session.work !== 'pick-up';
        if (isOver)
          this.#broken(id, 'after the faults everything is drained', `the session at door ${n} never ended`);
      }
      for (const [n, door] of watched.fold.doors)
        if (door === 'open')
          this.#broken(id, 'after the faults everything is drained', `door ${n} is open on record`);
    }
  }
}
